import { ApiProperty } from '@nestjs/swagger';

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
  /** `file`: from CHANNELS_FILE, and read-only in the API. */
  origin!: 'file' | 'api';
  sources!: ChannelSourceDto[];
}

export class ChannelListDto {
  channels!: ChannelDto[];
}

export class ChannelRemovedDto {
  id!: string;
  message!: string;
}
