import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataFolder } from './data-folder';
import { SourceRecordStore } from './source-record-store';

let path: string;
let folder: DataFolder;

beforeEach(async () => {
  path = mkdtempSync(join(tmpdir(), 'acefleet-records-'));
  folder = new DataFolder(path);
  await folder.open();
});

afterEach(async () => {
  await folder.close();
  rmSync(path, { recursive: true, force: true });
});

async function reopened(): Promise<readonly unknown[]> {
  await folder.close();
  folder = new DataFolder(path);
  await folder.open();
  return new SourceRecordStore(folder).list();
}

function record(source: string, trouble = 0): { source: string; trouble: number } {
  return { source, trouble };
}

describe('SourceRecordStore', () => {
  it('keeps the newest record of each source, and none that was removed', async () => {
    const store = new SourceRecordStore(folder);
    expect(await store.list()).toEqual([]);
    store.put(record('content_id:a'));
    store.put(record('content_id:b'));
    store.put(record('content_id:a', 4));
    store.remove('content_id:b');
    await store.close();
    expect(await reopened()).toEqual([record('content_id:a', 4)]);
  });

  it('lists more records than one query returns', async () => {
    const store = new SourceRecordStore(folder);
    const sources = Array.from({ length: 4001 }, (_, i) => `content_id:${String(i + 10_000)}`);
    for (const source of sources) store.put(record(source));
    await store.close();
    expect(await reopened()).toEqual(sources.map((source) => record(source)));
  });

  it('takes over the file of an earlier release once', async () => {
    const file = join(path, 'channel-sources.json');
    const entries = [record('content_id:a'), record('content_id:a'), null, 7];
    writeFileSync(file, JSON.stringify({ version: 1, entries }));
    const store = new SourceRecordStore(folder);
    expect(await store.list()).toHaveLength(2);
    await store.close();
    expect([existsSync(file), existsSync(`${file}.imported`)]).toEqual([false, true]);
    expect(await reopened()).toEqual([record('content_id:a')]);
  });

  it('leaves a file of a newer release alone', async () => {
    const file = join(path, 'channel-sources.json');
    writeFileSync(file, JSON.stringify({ version: 2, entries: [] }));
    const store = new SourceRecordStore(folder);
    expect(await store.list()).toEqual([]);
    await store.close();
    expect(existsSync(file)).toBe(true);
  });
});
