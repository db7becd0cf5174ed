import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RETRY_MS } from './atomic-file';
import { DataFolder } from './data-folder';
import { PersistentList } from './persistent-list';
import { untilTroubles } from './storage.spec-support';

describe('PersistentList', () => {
  let folder: string;
  let path: string;
  let data: DataFolder;
  let entries: unknown[];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'persistent-list-'));
    path = join(folder, 'list.json');
    entries = [];
    // Only timers are faked; files need the real event loop.
    jest.useFakeTimers({
      doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask', 'performance'],
    });
  });
  afterEach(async () => {
    expect(jest.getTimerCount()).toBe(0);
    jest.useRealTimers();
    await rm(folder, { recursive: true });
  });

  /** Opens the list like a process that starts. */
  function list(): PersistentList {
    data = new DataFolder(folder);
    return new PersistentList(data, { name: 'list.json', entries: () => entries });
  }

  it('returns the saved entries, and none at first', async () => {
    const before = list();
    expect(await before.read()).toEqual([]);
    entries = [['a', 1], { b: null }];
    before.changed();
    await before.close();
    expect(await list().read()).toEqual(entries);
    expect([data.unlogged, await readdir(folder)]).toEqual([[], ['list.json', 'list.json.bak']]);
  });

  it('saves some seconds after the first change, with all changes until then', async () => {
    const kept = list();
    kept.changed();
    jest.advanceTimersByTime(4000);
    entries = ['late'];
    kept.changed();
    expect(jest.getTimerCount()).toBe(1);
    jest.advanceTimersByTime(1000);
    entries = ['too late'];
    await kept.close();
    expect(await list().read()).toEqual(['late']);
  });

  it('writes nothing without a change, and nothing after its end', async () => {
    const kept = list();
    await kept.close();
    kept.changed();
    expect(jest.getTimerCount()).toBe(0);
    expect(await readdir(folder)).toEqual([]);
  });

  it.each([
    ['no JSON', '{'],
    ['no object', '[]'],
    ['without a version', '{"entries":[]}'],
    ['without entries', '{"version":1}'],
  ])('starts without a file that is %s, and replaces it', async (_what, text) => {
    await writeFile(path, text);
    const kept = list();
    expect(await kept.read()).toEqual([]);
    expect(data.unlogged).toEqual([
      expect.stringMatching(
        /^list\.json is damaged: there is no usable copy, starting with an empty list/,
      ),
    ]);
    entries = [1];
    kept.changed();
    await kept.close();
    expect(await list().read()).toEqual([1]);
  });

  it('does not read a file that is too large to be its own', async () => {
    await writeFile(path, '');
    await truncate(path, 16 * 1024 * 1024 + 1);
    expect(await list().read()).toEqual([]);
    expect(data.unlogged).toHaveLength(1);
  });

  it('leaves the file of a newer release unchanged', async () => {
    const text = '{"version":2,"entries":["new"]}';
    await writeFile(path, text);
    const kept = list();
    expect(await kept.read()).toEqual([]);
    kept.changed();
    await kept.close();
    expect(await readFile(path, 'utf8')).toBe(text);
    expect(data.unlogged).toEqual(['list.json cannot be read: it is neither read nor written']);
  });

  it('continues with the last good copy of a damaged file', async () => {
    entries = ['a'];
    const before = list();
    before.changed();
    await before.close();
    await writeFile(path, '{"version":1,"entr');
    const kept = list();
    expect(await kept.read()).toEqual(['a']);
    await kept.close();
    expect(await readFile(path, 'utf8')).toBe('{"version":1,"entries":["a"]}');
  });

  it('logs that it cannot save, and tries again', async () => {
    const kept = list();
    await rm(folder, { recursive: true });
    await writeFile(folder, '');
    entries = ['again'];
    kept.changed();
    jest.advanceTimersByTime(5000);
    await untilTroubles(data, 1);
    expect(data.troubles()).toEqual([
      { code: 'storage_failed', detail: 'list.json cannot be written (ENOTDIR)' },
    ]);
    await rm(folder);
    jest.advanceTimersByTime(RETRY_MS);
    await untilTroubles(data, 0);
    await kept.close();
    expect(data.unlogged).toEqual([
      'list.json cannot be written (ENOTDIR)',
      'list.json can be written again',
    ]);
    expect(await list().read()).toEqual(['again']);
  });
});
