import type { Generated } from 'kysely';

/** The tables, for typed queries. `migrations.ts` creates them. */
export interface Schema {
  channels: ChannelRow;
  channel_imports: ChannelImportRow;
  channel_listings: ChannelListingRow;
  channel_numbers: ChannelNumberRow;
  channel_sources: ChannelSourceRow;
  list_entries: ListEntryRow;
  open_sessions: OpenSessionRow;
  profiles: ProfileRow;
  small_values: SmallValueRow;
}

interface ChannelRow {
  readonly id: string;
  readonly name: string;
  readonly group_name: string | null;
  readonly logo: string | null;
  readonly tvg_id: string | null;
  /** 0 or 1, because libsql cannot bind booleans. */
  readonly is_hidden: Generated<number>;
  /** JSON: the names of the fields that no longer follow the channel's imports. */
  readonly edited: Generated<string>;
}

interface ChannelImportRow {
  readonly id: string;
  readonly name: string;
  /** Null: the list was not fetched but sent. */
  readonly url: string | null;
  readonly refresh_interval_ms: number;
  readonly is_enabled: number;
  /** Milliseconds since 1970, as all times. */
  readonly created_at: number;
  readonly tried_at: number | null;
  readonly refreshed_at: number | null;
  /** JSON. */
  readonly error: string | null;
}

/** What the list of an import says about a channel. */
interface ChannelListingRow {
  /** Of two imports, the one that listed the channel first has the lower one. */
  readonly sequence: Generated<number>;
  readonly channel_id: string;
  readonly import_id: string;
  readonly name: string;
  readonly group_name: string | null;
  readonly logo: string | null;
  readonly tvg_id: string | null;
  /** JSON. */
  readonly sources: string;
  readonly missing_since: number | null;
}

/** Also of channels of the operator's file, and of removed channels. */
interface ChannelNumberRow {
  readonly channel_id: string;
  readonly number: number;
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

interface ProfileRow {
  readonly name: string;
  /** JSON. */
  readonly rule: string;
  readonly device_id: string;
}

interface SmallValueRow {
  readonly name: string;
  readonly value: string;
}
