import type { CheckResult } from '../channels';
import { AppError } from '../kernel/errors';
import type { PreflightVerdict } from '../proxy';

/**
 * How a check ended. `skipped`: it says nothing about the source, for example because engines are at fault.
 * `postponed`: no slot was free for it.
 */
export type CheckEnd =
  | { readonly kind: 'result'; readonly result: CheckResult }
  | { readonly kind: 'skipped'; readonly code: string }
  | { readonly kind: 'postponed' };

/** The code of a check that was skipped because viewers use the content, or may soon need it. */
export const IN_USE = 'in_use';

/** @param isAnyConnected false if every engine has lost its network, so that no content plays */
export function endOfVerdict(verdict: PreflightVerdict, isAnyConnected: boolean): CheckEnd {
  const { playable, reason, detail, sample, source } = verdict;
  if (playable) {
    const media = sample === null ? null : mediaOf(sample);
    // The times of a running stream are those of its channel, which may have tried other sources before.
    const startMs =
      source === 'engine' ? (sample?.firstKeyframeMs ?? sample?.firstByteMs ?? null) : null;
    return { kind: 'result', result: { outcome: 'working', detail: null, startMs, media } };
  }
  if (source === 'running_session') return { kind: 'skipped', code: IN_USE };
  if (!isAnyConnected) return { kind: 'skipped', code: 'no_engine' };
  const outcome = reason ?? 'stalled';
  return { kind: 'result', result: { outcome, detail, startMs: null, media: null } };
}

export function endOfError(error: unknown): CheckEnd {
  if (!(error instanceof AppError)) return { kind: 'skipped', code: 'internal_error' };
  return error.code === 'no_capacity'
    ? { kind: 'postponed' }
    : { kind: 'skipped', code: error.code };
}

function mediaOf(sample: NonNullable<PreflightVerdict['sample']>): CheckResult['media'] {
  return {
    videoCodec: sample.videoCodec,
    audioCodecs: sample.audioCodecs,
    width: sample.width,
    height: sample.height,
    bitrateBps: sample.bitrateBps,
    peers: sample.peers,
    speedDownKBps: sample.speedDownKBps,
  };
}
