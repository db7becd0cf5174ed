import { ApiProperty } from '@nestjs/swagger';

/** Fields of a channel that follow its imports until an administrator changes them. */
export const EDITABLE_FIELDS = ['name', 'group', 'logo', 'tvg_id', 'sources'] as const;

/** A source and its recent results, as far as they are remembered. */
export class ChannelSourceDto {
  id!: string;
  kind!: 'content_id' | 'infohash';
  label!: string | null;
  /** Position in the order in which sources are tried now; 1 is first. */
  rank!: number;
  /** Time of the last successful start. ISO 8601, UTC. */
  started_at!: string | null;
  /** Duration of the last successful start. */
  start_ms!: number | null;
  /** Time of the last failure. */
  failed_at!: string | null;
  /** Reason of the last failure. */
  failure!: string | null;
  /** Time at which media last stopped while the stream had viewers. */
  stalled_at!: string | null;
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
