/**
 * The statements that bring the schema from one version to the next; the schema's version is the length of the list.
 * A migration that was released is never changed.
 */
export const MIGRATIONS: readonly (readonly string[])[] = [
  [
    `CREATE TABLE channels (
       id TEXT PRIMARY KEY,
       name TEXT NOT NULL,
       group_name TEXT,
       logo TEXT,
       tvg_id TEXT,
       is_hidden INTEGER NOT NULL DEFAULT 0,
       edited TEXT NOT NULL DEFAULT '[]'
     ) WITHOUT ROWID`,
    `CREATE TABLE channel_numbers (
       channel_id TEXT PRIMARY KEY,
       number INTEGER NOT NULL UNIQUE
     ) WITHOUT ROWID`,
    `CREATE TABLE channel_sources (
       channel_id TEXT NOT NULL REFERENCES channels (id) ON DELETE CASCADE,
       position INTEGER NOT NULL,
       kind TEXT NOT NULL,
       content TEXT NOT NULL,
       label TEXT,
       PRIMARY KEY (channel_id, position)
     ) WITHOUT ROWID`,
    `CREATE TABLE list_entries (
       list TEXT NOT NULL,
       position INTEGER NOT NULL,
       entry TEXT NOT NULL,
       PRIMARY KEY (list, position)
     ) WITHOUT ROWID`,
    `CREATE TABLE open_sessions (
       host TEXT NOT NULL,
       port INTEGER NOT NULL,
       command_path TEXT NOT NULL,
       PRIMARY KEY (host, port, command_path)
     ) WITHOUT ROWID`,
    `CREATE TABLE small_values (
       name TEXT PRIMARY KEY,
       value TEXT NOT NULL
     ) WITHOUT ROWID`,
    `CREATE TABLE space_probe (
       id INTEGER PRIMARY KEY,
       filler BLOB NOT NULL
     )`,
    `CREATE TABLE api_keys (
       id TEXT PRIMARY KEY,
       name TEXT NOT NULL,
       scope TEXT NOT NULL,
       digest TEXT NOT NULL UNIQUE,
       created_at_ms INTEGER NOT NULL,
       expires_at_ms INTEGER,
       last_used_at_ms INTEGER
     ) WITHOUT ROWID`,
    `CREATE TABLE guide_sources (
       position INTEGER PRIMARY KEY,
       id TEXT NOT NULL UNIQUE,
       name TEXT NOT NULL,
       url TEXT NOT NULL,
       refresh_interval_s INTEGER NOT NULL,
       is_enabled INTEGER NOT NULL,
       state TEXT
     )`,
    `CREATE TABLE source_records (
       source TEXT PRIMARY KEY,
       record TEXT NOT NULL
     ) WITHOUT ROWID`,
    `CREATE TABLE settings (
       name TEXT PRIMARY KEY,
       value TEXT NOT NULL
     ) WITHOUT ROWID`,
    `CREATE TABLE stream_users (
       id TEXT PRIMARY KEY,
       name TEXT NOT NULL UNIQUE,
       secret_hash TEXT NOT NULL,
       sealed_secret TEXT NOT NULL,
       is_enabled INTEGER NOT NULL,
       expires_at_ms INTEGER,
       max_streams INTEGER,
       cidrs TEXT NOT NULL,
       profile TEXT,
       created_at_ms INTEGER NOT NULL,
       last_seen_at_ms INTEGER
     ) WITHOUT ROWID`,
    `CREATE TABLE channel_imports (
       id TEXT PRIMARY KEY,
       name TEXT NOT NULL,
       url TEXT,
       refresh_interval_ms INTEGER NOT NULL,
       is_enabled INTEGER NOT NULL,
       created_at INTEGER NOT NULL,
       tried_at INTEGER,
       refreshed_at INTEGER,
       error TEXT
     ) WITHOUT ROWID`,
    `CREATE TABLE channel_listings (
       sequence INTEGER PRIMARY KEY,
       channel_id TEXT NOT NULL REFERENCES channels (id) ON DELETE CASCADE,
       import_id TEXT NOT NULL,
       name TEXT NOT NULL,
       group_name TEXT,
       logo TEXT,
       tvg_id TEXT,
       sources TEXT NOT NULL,
       missing_since INTEGER,
       UNIQUE (channel_id, import_id)
     )`,
    `CREATE TABLE profiles (
       name TEXT PRIMARY KEY,
       rule TEXT NOT NULL,
       device_id TEXT NOT NULL
     ) WITHOUT ROWID`,
  ],
  [
    `CREATE TABLE history_streams (
       started_at_ms INTEGER NOT NULL,
       id TEXT NOT NULL,
       seen_at_ms INTEGER NOT NULL,
       stream_id TEXT NOT NULL,
       kind TEXT NOT NULL,
       infohash TEXT,
       channel_id TEXT,
       channel_name TEXT,
       outcome TEXT NOT NULL,
       reason TEXT,
       viewers INTEGER NOT NULL,
       peak_viewers INTEGER NOT NULL,
       viewer_ms INTEGER NOT NULL,
       bytes_in INTEGER NOT NULL,
       bytes_out INTEGER NOT NULL,
       first_byte_ms INTEGER,
       start_ms INTEGER,
       failovers INTEGER NOT NULL,
       moves INTEGER NOT NULL,
       stall_ms INTEGER NOT NULL,
       engines TEXT NOT NULL,
       PRIMARY KEY (started_at_ms, id)
     ) WITHOUT ROWID`,
    `CREATE TABLE history_series (
       step_s INTEGER NOT NULL,
       at_s INTEGER NOT NULL,
       metric INTEGER NOT NULL,
       samples INTEGER NOT NULL,
       min REAL NOT NULL,
       mean REAL NOT NULL,
       max REAL NOT NULL,
       PRIMARY KEY (step_s, at_s, metric)
     ) WITHOUT ROWID`,
    `CREATE TABLE events (
       id INTEGER PRIMARY KEY,
       time_ms INTEGER NOT NULL,
       type TEXT NOT NULL,
       level TEXT NOT NULL,
       category TEXT NOT NULL,
       message TEXT NOT NULL,
       stream_id TEXT,
       engine_id TEXT,
       from_engine_id TEXT,
       channel TEXT,
       payload TEXT NOT NULL
     )`,
    `CREATE INDEX events_by_stream ON events (stream_id) WHERE stream_id IS NOT NULL`,
    `CREATE TABLE browser_sessions (
       id TEXT PRIMARY KEY,
       digest TEXT NOT NULL,
       origin TEXT NOT NULL,
       key_id TEXT,
       created_at_ms INTEGER NOT NULL,
       last_seen_at_ms INTEGER NOT NULL,
       address TEXT NOT NULL,
       user_agent TEXT NOT NULL
     ) WITHOUT ROWID`,
    `CREATE TABLE external_engines (
       id TEXT PRIMARY KEY,
       host TEXT NOT NULL,
       port INTEGER NOT NULL,
       api_port INTEGER,
       labels TEXT NOT NULL,
       max_streams INTEGER
     ) WITHOUT ROWID`,
  ],
];
