import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KeptList } from './kept-list';

describe('KeptList', () => {
  let folder: string;
  let path: string;
  let warnings: string[];
  let entries: unknown[];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kept-list-'));
    path = join(folder, 'kept.json');
    warnings = [];
    entries = [];
    // Only timers: files need the real event loop.
    jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask'] });
  });
  afterEach(async () => {
    expect(jest.getTimerCount()).toBe(0);
    jest.useRealTimers();
    await rm(folder, { recursive: true });
  });

  function list(): KeptList {
    return new KeptList({
      path,
      words: 'things',
      log: { warn: (_facts, message) => warnings.push(message) },
      entries: () => entries,
    });
  }

  it('gives back what it kept, and has nothing at first', async () => {
    const before = list();
    expect(await before.read()).toEqual([]);
    entries = [['a', 1], { b: null }];
    before.changed();
    await before.close();
    expect(await list().read()).toEqual(entries);
    expect([warnings, await readdir(folder)]).toEqual([[], ['kept.json']]);
  });

  it('saves some seconds after the first change, all that changed until then at once', async () => {
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

  it('writes nothing when nothing is new, and nothing after its end', async () => {
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
    expect(warnings).toEqual(['things are unreadable, starting without']);
    entries = [1];
    kept.changed();
    await kept.close();
    expect(await list().read()).toEqual([1]);
  });

  it('does not read what is too large to be its own', async () => {
    await writeFile(path, '');
    await truncate(path, 16 * 1024 * 1024 + 1);
    expect(await list().read()).toEqual([]);
    expect(warnings).toHaveLength(1);
  });

  it('leaves the file of a newer product as it is', async () => {
    const text = '{"version":2,"entries":["new"]}';
    await writeFile(path, text);
    const kept = list();
    expect(await kept.read()).toEqual([]);
    kept.changed();
    await kept.close();
    expect(await readFile(path, 'utf8')).toBe(text);
    expect(warnings).toEqual(['things are of a newer version: they are neither read nor written']);
  });

  it('says so when it can not save, and tries again with the next change', async () => {
    path = join(folder, 'none', 'kept.json');
    await writeFile(join(folder, 'none'), '');
    const kept = list();
    kept.changed();
    jest.advanceTimersByTime(5000);
    while (warnings.length === 0) await new Promise((resolve) => setImmediate(resolve));
    expect(warnings).toEqual(['things could not be saved']);
    await rm(join(folder, 'none'));
    entries = ['again'];
    kept.changed();
    await kept.close();
    expect(await list().read()).toEqual(['again']);
  });
});
