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
  ],
];
