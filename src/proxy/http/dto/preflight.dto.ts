import type { PreflightSource, PreflightTier, UnplayableReason } from '../../preflight';

/** The media that were read. Times are milliseconds since the start was requested; null: not reached. */
export class PreflightMediaDto {
  answered_ms!: number | null;
  first_byte_ms!: number | null;
  first_pat_ms!: number | null;
  first_keyframe_ms!: number | null;
  /** Duration of the media that were read, in seconds of media time. */
  duration_s!: number | null;
  size_bytes!: number;
  bitrate_bps!: number | null;
  /** Null for radio. */
  video_codec!: string | null;
  audio_codecs!: string[];
  /** Random access points. */
  keyframes!: number;
  continuity_errors!: number;
  /** True if the media are encrypted, so that most players show no picture. */
  is_scrambled!: boolean;
}

/** Whether a content plays. */
export class PreflightDto {
  /** The overall result. After a light check, true means that no problem was found. */
  playable!: boolean;
  /** Why the content is not playable; null if it is. */
  reason!: UnplayableReason | null;
  /** The reason in plain English. */
  detail!: string | null;
  /**
   * The check that was made. It is `light` instead of `deep` for recorded content, and when a deep check would have
   * disturbed a running stream.
   */
  tier!: PreflightTier;
  /** Where the result comes from: an engine, the running stream, or a remembered failure. */
  source!: PreflightSource;
  /** Seconds until a remembered failure is forgotten. */
  retry_after!: number | null;
  infohash!: string | null;
  name!: string | null;
  /** False for recorded content. Null when the engine does not report it. */
  is_live!: boolean | null;
  engine_id!: string | null;
  /** Null when no media were read. */
  media!: PreflightMediaDto | null;
  /** ISO 8601, UTC. */
  checked_at!: string;
  /** How long the check took. */
  elapsed_ms!: number;
}
