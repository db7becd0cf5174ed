import type { ContentResolution } from '../../ace';
import type { AppError } from '../../kernel/errors';
import type { MediaSample } from './media-sample';

/** `light`: resolve the content only. `deep`: start it and receive media for a while. */
export type PreflightTier = 'light' | 'deep';

/** Where the answer comes from: an engine that was asked, a running stream of the content, or the negative cache. */
export type PreflightSource = 'engine' | 'running_session' | 'memory';

/** Why a content does not play. The first three are error codes that viewers would get too. */
export type UnplayableReason =
  | 'content_not_found'
  | 'unsupported_content'
  | 'start_timeout'
  /** Media arrived and then stopped. */
  | 'stalled';

/** The result of a check. `null` means unknown in every field. */
export interface PreflightVerdict {
  /** The check that was made: `light` also for a deep check that would have disturbed a stream. */
  readonly tier: PreflightTier;
  readonly source: PreflightSource;
  readonly playable: boolean;
  readonly reason: UnplayableReason | null;
  readonly detail: string | null;
  /** Seconds after which a new check may have another result; set only for results from the negative cache. */
  readonly retryAfterS: number | null;
  readonly infohash: string | null;
  readonly name: string | null;
  readonly isLive: boolean | null;
  readonly engineId: string | null;
  readonly sample: MediaSample | null;
}

const CONTENT_FAULTS = ['content_not_found', 'unsupported_content', 'start_timeout'] as const;

export const NOTHING_KNOWN = {
  reason: null,
  detail: null,
  retryAfterS: null,
  infohash: null,
  name: null,
  isLive: null,
  engineId: null,
  sample: null,
} as const;

/** The verdict for an error that is the content's fault; null for errors of engines or of acefleet. */
export function verdictOfError(
  error: AppError,
  tier: PreflightTier,
  source: PreflightSource,
): PreflightVerdict | null {
  const reason = CONTENT_FAULTS.find((code) => code === error.code);
  if (reason === undefined) return null;
  return {
    ...NOTHING_KNOWN,
    tier,
    source,
    playable: false,
    reason,
    detail: error.detail,
    retryAfterS: source === 'memory' ? (error.retryAfterS ?? null) : null,
  };
}

/** The verdict for a content that an engine could resolve. It may still have no peers. */
export function verdictOfResolution(
  { infohash, name, isLive }: ContentResolution,
  engineId: string,
): PreflightVerdict {
  return {
    ...NOTHING_KNOWN,
    tier: 'light',
    source: 'engine',
    playable: true,
    infohash,
    name,
    isLive: isLive === -1 ? null : isLive === 1,
    engineId,
  };
}

/** The verdict for a file. A check never starts a file, because that would end the engine session of its viewer. */
export function verdictOfRecording(
  { infohash, isLive }: { readonly infohash: string | null; readonly isLive: 1 | 0 | -1 },
  engineId: string | null,
): PreflightVerdict {
  return {
    ...NOTHING_KNOWN,
    tier: 'light',
    source: engineId === null ? 'memory' : 'running_session',
    playable: true,
    infohash,
    isLive: isLive === -1 ? null : isLive === 1,
    engineId,
  };
}
