/** The tables, for typed queries. `migrations.ts` creates them. */
export interface Schema {
  channels: ChannelRow;
  channel_sources: ChannelSourceRow;
  list_entries: ListEntryRow;
  open_sessions: OpenSessionRow;
}

interface ChannelRow {
  readonly id: string;
  readonly name: string;
}

interface ChannelSourceRow {
  readonly channel_id: string;
  /** From 0, in the operator's order. */
  readonly position: number;
  readonly kind: 'content_id' | 'infohash';
  /** 40 hex digits in lower case. */
  readonly content: string;
  readonly label: string | null;
}

interface ListEntryRow {
  readonly list: string;
  readonly position: number;
  /** JSON. */
  readonly entry: string;
}

interface OpenSessionRow {
  readonly host: string;
  readonly port: number;
  readonly command_path: string;
}
