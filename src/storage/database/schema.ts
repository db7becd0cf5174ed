import type { Generated } from 'kysely';

/** The tables, for typed queries. `migrations.ts` creates them. */
export interface Schema {
  api_keys: ApiKeyRow;
  browser_sessions: BrowserSessionRow;
  channels: ChannelRow;
  channel_imports: ChannelImportRow;
  channel_listings: ChannelListingRow;
  channel_numbers: ChannelNumberRow;
  channel_sources: ChannelSourceRow;
  events: EventRow;
  external_engines: ExternalEngineRow;
  guide_sources: GuideSourceRow;
  history_series: HistorySeriesRow;
  history_streams: HistoryStreamRow;
  list_entries: ListEntryRow;
  open_sessions: OpenSessionRow;
  settings: SettingRow;
  profiles: ProfileRow;
  small_values: SmallValueRow;
  source_records: SourceRecordRow;
  stream_users: StreamUserRow;
  webhooks: WebhookRow;
  webhook_deliveries: WebhookDeliveryRow;
  webhook_incidents: WebhookIncidentRow;
}

interface ApiKeyRow {
  readonly id: string;
  readonly name: string;
  readonly scope: 'read' | 'operate' | 'admin';
  /** SHA-256 of the secret, in hex. */
  readonly digest: string;
  readonly created_at_ms: number;
  readonly expires_at_ms: number | null;
  readonly last_used_at_ms: number | null;
}

interface BrowserSessionRow {
  readonly id: string;
  /** HMAC-SHA256 of the secret in the cookie, in hex. */
  readonly digest: string;
  readonly origin: 'key' | 'link';
  /** Null: the main key, or a link. */
  readonly key_id: string | null;
  readonly created_at_ms: number;
  readonly last_seen_at_ms: number;
  readonly address: string;
  readonly user_agent: string;
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

interface EventRow {
  readonly id: number;
  readonly time_ms: number;
  readonly type: string;
  readonly level: string;
  readonly category: string;
  readonly message: string;
  readonly stream_id: string | null;
  readonly engine_id: string | null;
  readonly from_engine_id: string | null;
  readonly channel: string | null;
  /** JSON. */
  readonly payload: string;
}

interface ExternalEngineRow {
  readonly id: string;
  readonly host: string;
  readonly port: number;
  readonly api_port: number | null;
  /** JSON. */
  readonly labels: string;
  readonly max_streams: number | null;
}

interface GuideSourceRow {
  /** In the order of creation. */
  readonly position: Generated<number>;
  readonly id: string;
  readonly name: string;
  readonly url: string;
  readonly refresh_interval_s: number;
  /** 0 or 1, because libsql cannot bind booleans. */
  readonly is_enabled: number;
  /** JSON. */
  readonly state: string | null;
}

/** What is known about one metric in one step of the time line. */
interface HistorySeriesRow {
  /** Length of the step in seconds. */
  readonly step_s: number;
  /** Start of the step, in seconds since 1970. */
  readonly at_s: number;
  readonly metric: number;
  readonly samples: number;
  readonly min: number;
  readonly mean: number;
  readonly max: number;
}

interface HistoryStreamRow {
  readonly started_at_ms: number;
  readonly id: string;
  /** When the row was last written; the end of a stream that is over. */
  readonly seen_at_ms: number;
  readonly stream_id: string;
  readonly kind: string;
  readonly infohash: string | null;
  readonly channel_id: string | null;
  readonly channel_name: string | null;
  readonly outcome: string;
  readonly reason: string | null;
  readonly viewers: number;
  readonly peak_viewers: number;
  readonly viewer_ms: number;
  readonly bytes_in: number;
  readonly bytes_out: number;
  readonly first_byte_ms: number | null;
  readonly start_ms: number | null;
  readonly failovers: number;
  readonly moves: number;
  readonly stall_ms: number;
  /** JSON array. */
  readonly engines: string;
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

interface SourceRecordRow {
  /** `kind:id`. */
  readonly source: string;
  /** JSON. */
  readonly record: string;
}

interface SettingRow {
  /** The variable. */
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

export interface WebhookRow {
  readonly id: string;
  readonly name: string;
  /** 0 or 1, because libsql cannot bind booleans. */
  readonly is_enabled: number;
  readonly disabled_reason: string | null;
  /** JSON array. */
  readonly events: string;
  readonly min_level: string;
  readonly preset: string;
  readonly template: string | null;
  readonly max_attempts: number;
  /** Encrypted JSON: address, headers and secrets. */
  readonly sealed: string;
  /** JSON. */
  readonly health: string | null;
  readonly created_at_ms: number;
}

export interface WebhookDeliveryRow {
  /** In the order of creation. */
  readonly position: Generated<number>;
  readonly id: string;
  readonly webhook_id: string;
  readonly state: 'pending' | 'delivered' | 'dead';
  /** JSON. */
  readonly notice: string;
  readonly created_at_ms: number;
  readonly attempts: number;
  readonly next_attempt_at_ms: number | null;
  readonly finished_at_ms: number | null;
  readonly status: number | null;
  /** JSON. */
  readonly fault: string | null;
  readonly duration_ms: number | null;
}

interface WebhookIncidentRow {
  readonly key: string;
  /** JSON. */
  readonly state: string;
}
