/** A source, and what it did lately as far as this process remembers. */
export class ChannelSourceDto {
  id!: string;
  kind!: 'content_id' | 'infohash';
  label!: string | null;
  /** Place in the order in which sources are tried now; 1 is first. */
  rank!: number;
  /** ISO 8601, UTC; the last start that brought media. */
  started_at!: string | null;
  /** How long that start took. */
  start_ms!: number | null;
  /** When it failed last. */
  failed_at!: string | null;
  /** Why it failed. */
  failure!: string | null;
  /** When media stopped last while somebody watched. */
  stalled_at!: string | null;
}

/** A channel: `/ace/getstream?channel={id}`. */
export class ChannelDto {
  id!: string;
  name!: string;
  /** `file`: out of CHANNELS_FILE, and read only here. */
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
