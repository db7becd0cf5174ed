/** A source, and its recent results as far as this process remembers them. */
export class ChannelSourceDto {
  id!: string;
  kind!: 'content_id' | 'infohash';
  label!: string | null;
  /** Position in the current order of attempts; 1 is first. */
  rank!: number;
  /** Time of the last successful start. ISO 8601, UTC. */
  started_at!: string | null;
  /** Duration of the last successful start. */
  start_ms!: number | null;
  /** Time of the last failure. */
  failed_at!: string | null;
  /** Reason of the last failure. */
  failure!: string | null;
  /** Last time media stopped while the stream had viewers. */
  stalled_at!: string | null;
}

/** A channel: `/ace/getstream?channel={id}`. */
export class ChannelDto {
  id!: string;
  name!: string;
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
