import type { Generated } from 'kysely';

/** The tables, for typed queries. `migrations.ts` creates them. */
export interface Schema {
  channels: ChannelRow;
  channel_numbers: ChannelNumberRow;
  channel_sources: ChannelSourceRow;
  list_entries: ListEntryRow;
  open_sessions: OpenSessionRow;
  small_values: SmallValueRow;
  stream_users: StreamUserRow;
}

interface ChannelRow {
  readonly id: string;
  readonly name: string;
  readonly group_name: string | null;
  readonly logo: string | null;
  readonly tvg_id: string | null;
  /** 0 or 1, because libsql cannot bind booleans. */
  readonly is_hidden: Generated<number>;
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

interface SmallValueRow {
  readonly name: string;
  readonly value: string;
}

interface StreamUserRow {
  readonly id: string;
  readonly name: string;
  /** SHA-256, base64url. */
  readonly secret_hash: string;
  /** Encrypted. */
  readonly sealed_secret: string;
  /** 0 or 1, because libsql cannot bind booleans. */
  readonly is_enabled: number;
  readonly expires_at_ms: number | null;
  readonly max_streams: number | null;
  /** JSON array. */
  readonly cidrs: string;
  readonly profile: string | null;
  readonly created_at_ms: number;
  readonly last_seen_at_ms: number | null;
}
