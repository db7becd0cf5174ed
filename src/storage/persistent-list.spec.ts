import { existsSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RETRY_MS } from './database/database';
import { DataFolder } from './data-folder';
import { SmallDisk } from './full-disk.spec-support';
import { PersistentList } from './persistent-list';
import { untilTroubles } from './storage.spec-support';

const disk = SmallDisk.mount(512);
const whenMountable = disk === null ? it.skip : it;
afterAll(() => disk?.unmount());

describe('PersistentList', () => {
  let folder: string;
  let path: string;
  let data: DataFolder | null;
  let entries: unknown[];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'persistent-list-'));
    path = join(folder, 'list.json');
    data = null;
    entries = [];
    // Only timers are faked; files need the real event loop.
    jest.useFakeTimers({
      doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask', 'performance'],
    });
  });
  afterEach(async () => {
    await data?.close();
    jest.useRealTimers();
    await rm(folder, { recursive: true });
  });

  /** Opens the list like a process that starts, after the last process has ended. */
  async function list(dataDir = folder): Promise<PersistentList> {
    await data?.close();
    data = new DataFolder(dataDir);
    await data.open();
    return new PersistentList(data, { name: 'list', entries: () => entries });
  }

  const leftBehind = async (): Promise<unknown> => (await list()).read();

  it('returns the saved entries, and none at first', async () => {
    const before = await list();
    expect(await before.read()).toEqual([]);
    entries = [['a', 1], { b: null }, 'é "quoted" \u{1f600}'];
    before.changed();
    await before.close();
    expect(await leftBehind()).toEqual(entries);
    expect(data!.unlogged).toEqual([]);
    expect(await readdir(folder)).toEqual(['acefleet.db', 'acefleet.db.bak']);
  });

  it('keeps the order and number of many entries, and forgets entries that are gone', async () => {
    const before = await list();
    entries = Array.from({ length: 5000 }, (_, i) => [i]);
    before.changed();
    await before.close();
    const kept = await list();
    expect(await kept.read()).toEqual(entries);
    entries = ['only'];
    kept.changed();
    await kept.close();
    expect(await leftBehind()).toEqual(['only']);
  });

  it('saves some seconds after the first change, with all changes until then', async () => {
    const kept = await list();
    kept.changed();
    jest.advanceTimersByTime(4000);
    entries = ['late'];
    kept.changed();
    expect(jest.getTimerCount()).toBe(1);
    jest.advanceTimersByTime(1000);
    entries = ['too late'];
    await kept.close();
    expect(await leftBehind()).toEqual(['late']);
  });

  it('writes nothing without a change, and nothing after its end', async () => {
    const kept = await list();
    await kept.close();
    entries = ['after'];
    kept.changed();
    expect(jest.getTimerCount()).toBe(0);
    expect(await leftBehind()).toEqual([]);
  });

  it('does not mix its entries with those of another list', async () => {
    const kept = await list();
    const other = new PersistentList(data!, { name: 'other', entries: () => ['other'] });
    entries = ['own'];
    kept.changed();
    other.changed();
    await Promise.all([kept.close(), other.close()]);
    expect([await kept.read(), await other.read()]).toEqual([['own'], ['other']]);
  });

  describe('the file of an earlier release', () => {
    it('is taken over once, and kept under another name', async () => {
      writeFileSync(path, '{"version":1,"entries":[["a",1],"b"]}');
      writeFileSync(`${path}.bak`, '{"version":1,"entries":[["a",1],"b"]}');
      const kept = await list();
      expect(await kept.read()).toEqual([['a', 1], 'b']);
      await kept.close();
      await data!.close();
      expect(await readdir(folder)).toEqual([
        'acefleet.db',
        'acefleet.db.bak',
        'list.json.imported',
      ]);
      expect(await leftBehind()).toEqual([['a', 1], 'b']);
    });

    it('is taken over also if the list changes at once', async () => {
      writeFileSync(path, '{"version":1,"entries":["old"]}');
      const kept = await list();
      await kept.read();
      entries = ['new'];
      kept.changed();
      await kept.close();
      expect(await leftBehind()).toEqual(['new']);
      expect(existsSync(path)).toBe(false);
    });

    it.each([
      ['no JSON', '{'],
      ['no object', '[]'],
      ['without a version', '{"entries":[]}'],
      ['without entries', '{"version":1}'],
    ])('is not used if it is %s', async (_what, text) => {
      writeFileSync(path, text);
      const kept = await list();
      expect(await kept.read()).toEqual([]);
      expect(data!.unlogged).toEqual([
        expect.stringMatching(
          /^list\.json is damaged: there is no usable copy, starting with an empty list/,
        ),
      ]);
      entries = [1];
      kept.changed();
      await kept.close();
      expect(await leftBehind()).toEqual([1]);
      expect(data!.unlogged).toEqual([]);
    });

    it('is not read if it is too large to be a list', async () => {
      writeFileSync(path, '');
      truncateSync(path, 16 * 1024 * 1024 + 1);
      expect(await leftBehind()).toEqual([]);
      expect(data!.unlogged).toHaveLength(1);
    });

    it('of a newer release stays unchanged', async () => {
      const text = '{"version":2,"entries":["new"]}';
      writeFileSync(path, text);
      const kept = await list();
      expect(await kept.read()).toEqual([]);
      await kept.close();
      expect(readFileSync(path, 'utf8')).toBe(text);
      expect(data!.unlogged).toEqual([
        'the list list cannot be read: it is neither read nor written',
      ]);
    });

    it('is taken from its copy if it is damaged', async () => {
      writeFileSync(path, '{"version":1,"entr');
      writeFileSync(`${path}.bak`, '{"version":1,"entries":["a"]}');
      const kept = await list();
      expect(await kept.read()).toEqual(['a']);
      expect(data!.troubles()).toMatchObject([{ code: 'storage_damaged' }]);
      await kept.close();
      expect(await leftBehind()).toEqual(['a']);
      expect(data!.troubles()).toEqual([]);
    });
  });

  whenMountable('says once that it cannot be saved, and tries again', async () => {
    const dataDir = join(disk!.folder, 'again');
    const kept = await list(dataDir);
    disk!.fill();
    entries = ['again', 'x'.repeat(30_000)];
    kept.changed();
    jest.advanceTimersByTime(5000);
    await untilTroubles(data!, 1);
    expect(data!.troubles()).toMatchObject([{ code: 'storage_full' }]);
    jest.advanceTimersByTime(RETRY_MS);
    disk!.makeRoom();
    jest.advanceTimersByTime(RETRY_MS);
    await untilTroubles(data!, 0);
    await kept.close();
    expect(data!.unlogged).toEqual([
      'acefleet.db cannot be written: DATA_DIR is on a disk that is full (SQLITE_FULL)',
      'acefleet.db can be written again',
    ]);
    expect(await (await list(dataDir)).read()).toEqual(entries);
    rmSync(dataDir, { recursive: true });
  });
});
