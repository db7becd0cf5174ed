import type {
  PreflightSource,
  PreflightTier,
  UnplayableReason,
} from '../../preflight/preflight-verdict';

/** What the media are. Times are milliseconds since the start was asked for; null: not seen. */
export class PreflightMediaDto {
  answered_ms!: number | null;
  first_byte_ms!: number | null;
  first_pat_ms!: number | null;
  first_keyframe_ms!: number | null;
  /** Seconds of media that were looked at, by the stream's own clock. */
  duration_s!: number | null;
  size_bytes!: number;
  bitrate_bps!: number | null;
  /** Null for radio. */
  video_codec!: string | null;
  audio_codecs!: string[];
  /** Random access points. */
  keyframes!: number;
  continuity_errors!: number;
  /** Encrypted: most players show nothing. */
  is_scrambled!: boolean;
}

/** Whether a content plays. */
export class PreflightDto {
  /** The only thing to look at when one has no time. After a light check: nothing speaks against it. */
  playable!: boolean;
  /** Why not; null when playable. */
  reason!: UnplayableReason | null;
  /** The same in words. */
  detail!: string | null;
  /** What was done. Less than asked for when more would have disturbed a stream in use. */
  tier!: PreflightTier;
  /** Whether an engine was asked, the running stream knew, or it failed a moment ago. */
  source!: PreflightSource;
  /** Seconds until a remembered failure is forgotten. */
  retry_after!: number | null;
  infohash!: string | null;
  name!: string | null;
  /** False: recorded. Null when the engine does not say. */
  is_live!: boolean | null;
  engine_id!: string | null;
  /** Only when media were looked at. */
  media!: PreflightMediaDto | null;
  /** ISO 8601, UTC. */
  checked_at!: string;
  /** How long the check took. */
  elapsed_ms!: number;
}
