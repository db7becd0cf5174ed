import { wallClockIso } from '../../kernel/clock';
import type { MediaSample, PreflightVerdict } from '../preflight';
import type { PreflightDto, PreflightMediaDto } from './dto/preflight.dto';

/** The response for a verdict of a check. */
export function toPreflightDto(verdict: PreflightVerdict, elapsedMs: number): PreflightDto {
  const { retryAfterS, sample } = verdict;
  return {
    playable: verdict.playable,
    reason: verdict.reason,
    detail: verdict.detail,
    tier: verdict.tier,
    source: verdict.source,
    retry_after: retryAfterS === null ? null : Math.ceil(retryAfterS),
    infohash: verdict.infohash,
    name: verdict.name,
    is_live: verdict.isLive,
    engine_id: verdict.engineId,
    media: sample === null ? null : toMediaDto(sample),
    checked_at: wallClockIso(),
    elapsed_ms: Math.round(elapsedMs),
  };
}

function toMediaDto(sample: MediaSample): PreflightMediaDto {
  return {
    answered_ms: sample.answeredMs,
    first_byte_ms: sample.firstByteMs,
    first_pat_ms: sample.firstPatMs,
    first_keyframe_ms: sample.firstKeyframeMs,
    duration_s: sample.mediaMs === null ? null : Math.round(sample.mediaMs / 100) / 10,
    size_bytes: sample.bytes,
    bitrate_bps: sample.bitrateBps,
    video_codec: sample.videoCodec,
    audio_codecs: [...sample.audioCodecs],
    keyframes: sample.keyframes,
    continuity_errors: sample.continuityErrors,
    is_scrambled: sample.isScrambled,
  };
}
