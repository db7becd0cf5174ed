import type * as buffer from 'node:buffer';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { damageOf, DatabaseFile } from './database-file';

it('finds a broken text in every row of a large table, whose texts are never in memory at once', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'database-file-'));
  const path = join(folder, 'acefleet.db');
  const file = new DatabaseFile(path);
  await file.open();
  file.execute(
    `WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < 25000)
     INSERT INTO events (id, time_ms, type, level, category, message, payload)
     SELECT n, 0, 'type', 'info', 'category', 'message ' || n || ' ends', '{}' FROM number`,
    [],
  );
  file.close();
  const checked = jest.spyOn(jest.requireActual<typeof buffer>('node:buffer'), 'isUtf8');
  expect(damageOf(path)).toBeNull();
  const sizes = checked.mock.calls.map(([bytes]) => bytes.byteLength);
  expect(Math.max(...sizes)).toBeLessThan(600_000);
  const good = readFileSync(path);
  for (const n of [1, 10_000, 10_001, 25_000]) {
    const bytes = Buffer.from(good);
    bytes[bytes.indexOf(`message ${n} ends`)] = 0xff;
    writeFileSync(path, bytes);
    expect(damageOf(path)).toBe('one of its texts is not UTF-8');
  }
  rmSync(folder, { recursive: true });
});
