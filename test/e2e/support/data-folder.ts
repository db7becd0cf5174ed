import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Libsql from 'libsql';

const EARLIER = join(__dirname, '../fixtures/data-folder-of-files');

/** Rows of the database in a data folder, which a process may be using; none while there is no database or table. */
export function rowsIn(dataDir: string, query: string): Record<string, unknown>[] {
  const path = join(dataDir, 'acefleet.db');
  if (!existsSync(path)) return [];
  const database = new Libsql(path);
  try {
    database.exec('PRAGMA busy_timeout = 2000');
    return database.prepare(query).all() as Record<string, unknown>[];
  } finally {
    database.close();
  }
}

/**
 * Creates the data folder of a process of commit fa82720 that was killed while two streams played. Its times become
 * recent, and its open engine sessions those of the engine at `port`.
 */
export function layOutEarlierFolder(dataDir: string, port: number): void {
  mkdirSync(dataDir, { recursive: true });
  cpSync(EARLIER, dataDir, { recursive: true });
  edit(join(dataDir, 'channel-sources.json'), (text) =>
    text.replace(/"(as_of|started_at)":\d+/g, `"$1":${Date.now() - 60_000}`),
  );
  edit(join(dataDir, 'open-sessions.json'), (text) =>
    text.replace(/"port":\d+/g, `"port":${port}`),
  );
}

function edit(path: string, change: (text: string) => string): void {
  writeFileSync(path, change(readFileSync(path, 'utf8')));
}
