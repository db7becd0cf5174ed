import type { ContentResolution } from '../../ace';
import type { AppError } from '../../kernel/errors';
import type { MediaSample } from './media-sample';

/** How deep a check goes: resolve only, or start, look at media and stop. */
export type PreflightTier = 'light' | 'deep';

/** Where an answer comes from: asked now, the session that plays the content, or what failed a moment ago. */
export type PreflightSource = 'engine' | 'running_session' | 'memory';

/** Why a content does not play. The first three are codes that a viewer would get. */
export type UnplayableReason =
  | 'content_not_found'
  | 'unsupported_content'
  | 'start_timeout'
  /** Media came and stopped. */
  | 'stalled';

/** What a check found out. `null` everywhere means: not known. */
export interface PreflightVerdict {
  /** What was done, which is less than what was asked for when more would have disturbed a stream. */
  readonly tier: PreflightTier;
  readonly source: PreflightSource;
  readonly playable: boolean;
  readonly reason: UnplayableReason | null;
  readonly detail: string | null;
  /** Seconds after which the answer may be another; only from memory. */
  readonly retryAfterS: number | null;
  readonly infohash: string | null;
  readonly name: string | null;
  readonly isLive: boolean | null;
  readonly engineId: string | null;
  readonly sample: MediaSample | null;
}

const OF_CONTENT = ['content_not_found', 'unsupported_content', 'start_timeout'] as const;

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

/**
 * The verdict behind an error that is the content's own; null when it says nothing about the content but
 * only about us and the engines.
 */
export function verdictOfError(
  error: AppError,
  tier: PreflightTier,
  source: PreflightSource,
): PreflightVerdict | null {
  const reason = OF_CONTENT.find((code) => code === error.code);
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

/** What a resolution alone tells. A content that resolves may still have nobody who broadcasts it. */
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

/** Of content that is known to be a file. A start to look at it would take an engine's session of it from its reader. */
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
