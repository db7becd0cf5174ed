import { ApiProperty } from '@nestjs/swagger';
import {
  CHECK_OUTCOMES,
  RANK_REASONS,
  type CheckOutcome,
  type RankReason,
} from '../source-ranking';

/** The last check of a source. */
export class SourceCheckDto {
  /** ISO 8601, UTC. */
  at!: string;
  /** `working`, or the error code with which the content did not play. */
  @ApiProperty({ enum: CHECK_OUTCOMES })
  outcome!: CheckOutcome;
  detail!: string | null;
}

/** The media of a source, as the last successful check found them; `null` means unknown. */
export class SourceMediaDto {
  video_codec!: string | null;
  audio_codecs!: string[];
  width!: number | null;
  height!: number | null;
  /** Bit rate by media time. */
  bitrate_bps!: number | null;
  /** Peers and download speed, as the engine reported them. */
  peers!: number | null;
  speed_down_kbps!: number | null;
}

/** Fields of a channel that follow its imports until an administrator changes them. */
export const EDITABLE_FIELDS = ['name', 'group', 'logo', 'tvg_id', 'sources'] as const;

/** A source and its recent results, as far as they are remembered. */
export class ChannelSourceDto {
  id!: string;
  kind!: 'content_id' | 'infohash';
  label!: string | null;
  /** Position in the order in which sources are tried now; 1 is first. */
  rank!: number;
  /** Why it has this position. */
  @ApiProperty({ enum: RANK_REASONS })
  rank_reason!: RankReason;
  /** Time of the last successful start, of a stream or of a check. ISO 8601, UTC. */
  started_at!: string | null;
  /** Duration of the last successful start. */
  start_ms!: number | null;
  /** Time of the last failure. */
  failed_at!: string | null;
  /** Reason of the last failure. */
  failure!: string | null;
  /** Time at which media last stopped while the stream had viewers. */
  stalled_at!: string | null;
  /** `false`: the content failed when it was last started or checked, and has not played since. */
  is_alive!: boolean;
  /** Share of successes among the last starts and checks, 0 to 1; `null` without any. */
  success_share!: number | null;
  /** How many starts and checks `success_share` covers, at most 20. */
  @ApiProperty({ type: 'integer' })
  results!: number;
  last_check!: SourceCheckDto | null;
  media!: SourceMediaDto | null;
}

/** A channel: `/ace/getstream?channel={id}`. */
export class ChannelDto {
  id!: string;
  name!: string;
  /** Number by which players list and select the channel. */
  @ApiProperty({ type: 'integer' })
  number!: number;
  /** Heading under which players list the channel. */
  group!: string | null;
  /** Address of a picture. */
  logo!: string | null;
  /** Id of the channel in a programme guide (XMLTV). */
  tvg_id!: string | null;
  /** `true`: playlists and line-ups leave the channel out. */
  is_hidden!: boolean;
  /** `file`: from CHANNELS_FILE, and read-only in the API; `import`: from an imported list. */
  origin!: 'file' | 'api' | 'import';
  /** Ids of the imports that list the channel, or have listed it. */
  imports!: string[];
  /** Fields that an administrator has changed, so that imports do not. */
  @ApiProperty({ enum: EDITABLE_FIELDS, isArray: true })
  edited!: (typeof EDITABLE_FIELDS)[number][];
  /** `true`: no imported list has the channel any longer. */
  is_missing!: boolean;
  /** Since when no imported list has had the channel. ISO 8601, UTC. */
  missing_since!: string | null;
  sources!: ChannelSourceDto[];
}

export class ChannelListDto {
  channels!: ChannelDto[];
}

export class ChannelRemovedDto {
  id!: string;
  message!: string;
}
