import 'reflect-metadata';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataFolder } from '../../storage';
import { ContentAliases } from './content-aliases';

const id = (n: number): string => n.toString(16).padStart(40, '0');

describe('ContentAliases', () => {
  let dataDir: string;
  let file: string;
  let folder: DataFolder;

  beforeEach(async () => {
    dataDir = join(await mkdtemp(join(tmpdir(), 'aliases-')), 'data');
    file = join(dataDir, 'content-aliases.json');
  });

  afterEach(() => rm(join(dataDir, '..'), { recursive: true, force: true }));

  async function open(): Promise<ContentAliases> {
    folder = new DataFolder(dataDir);
    const aliases = new ContentAliases(folder);
    await aliases.onModuleInit();
    return aliases;
  }

  /** Writes the file, with a good copy beside it, before the product starts. */
  async function leave(text: string): Promise<void> {
    const before = await open();
    before.remember(id(1), id(2));
    await before.onModuleDestroy();
    await writeFile(file, text);
  }

  it('knows the remembered infohashes, also after a restart', async () => {
    const aliases = await open();
    expect(aliases.infohashOf(id(1))).toBeNull();
    aliases.remember(id(1), id(2));
    aliases.remember(id(3), id(4));
    aliases.remember(id(3), id(5));
    expect(aliases.infohashOf(id(3))).toBe(id(5));
    await aliases.onModuleDestroy();

    const again = await open();
    expect(again.infohashOf(id(1))).toBe(id(2));
    expect(again.infohashOf(id(3))).toBe(id(5));
    await again.onModuleDestroy();
    expect(folder.unlogged).toEqual([]);
  });

  it('writes only the file and its copy, complete and readable for their owner alone', async () => {
    const aliases = await open();
    aliases.remember(id(1), id(2));
    await aliases.onModuleDestroy();
    expect(await readdir(dataDir)).toEqual(['content-aliases.json', 'content-aliases.json.bak']);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect((await stat(dataDir)).mode & 0o777).toBe(0o700);
    expect(JSON.parse(await readFile(file, 'utf8'))).toEqual({
      version: 1,
      entries: [[id(1), id(2)]],
    });
  });

  it('writes nothing when nothing was remembered', async () => {
    const aliases = await open();
    await aliases.onModuleDestroy();
    await expect(readdir(dataDir)).rejects.toThrow('ENOENT');
  });

  it('saves all new aliases in one write some seconds after the first', async () => {
    jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask'] });
    try {
      const aliases = await open();
      aliases.remember(id(1), id(2));
      aliases.remember(id(3), id(4));
      aliases.remember(id(3), id(4));
      expect(jest.getTimerCount()).toBe(1);
      jest.advanceTimersByTime(5000);
      expect(jest.getTimerCount()).toBe(0);
      await aliases.onModuleDestroy();
    } finally {
      jest.useRealTimers();
    }
    expect(JSON.parse(await readFile(file, 'utf8')).entries).toHaveLength(2);
  });

  it('keeps the order of use over a restart and drops the least recently used alias first', async () => {
    const aliases = await open();
    for (let i = 1; i <= 10_000; i++) aliases.remember(id(i), id(i));
    aliases.infohashOf(id(1));
    await aliases.onModuleDestroy();

    const again = await open();
    again.remember(id(20_000), id(20_000));
    expect(again.infohashOf(id(1))).toBe(id(1));
    expect(again.infohashOf(id(2))).toBeNull();
    await again.onModuleDestroy();
  });

  it.each([
    ['no JSON', 'not json'],
    ['a truncated file', '{"version":1,"entries":[["'],
    ['an array', '[]'],
    ['no entries', '{"version":1}'],
    ['an invalid version', '{"version":"one","entries":[]}'],
  ])('uses the last good copy when the file is unreadable: %s', async (_, text) => {
    await leave(text);
    const aliases = await open();
    expect(folder.unlogged).toEqual([expect.stringMatching(/damaged: its last good copy is used/)]);
    expect(aliases.infohashOf(id(1))).toBe(id(2));
    aliases.remember(id(7), id(8));
    await aliases.onModuleDestroy();
    expect((await open()).infohashOf(id(7))).toBe(id(8));
  });

  it('ignores entries of the file that are not two ids', async () => {
    const bad = [
      ['x', id(1)],
      [id(2)],
      [id(3), 4],
      'text',
      null,
      [id(5), id(6).toUpperCase() + '!'],
    ];
    await leave(JSON.stringify({ version: 1, entries: [...bad, [id(7), id(8)]] }));
    const aliases = await open();
    expect([2, 3, 5].map((n) => aliases.infohashOf(id(n)))).toEqual([null, null, null]);
    expect(aliases.infohashOf(id(7))).toBe(id(8));
  });

  it('leaves the file of a newer version unchanged and remembers in memory only', async () => {
    const newer = JSON.stringify({ version: 2, contents: { [id(1)]: [id(2)] } });
    await leave(newer);
    const aliases = await open();
    expect(folder.unlogged).toEqual([expect.stringContaining('neither read nor written')]);
    aliases.remember(id(7), id(8));
    expect(aliases.infohashOf(id(7))).toBe(id(8));
    await aliases.onModuleDestroy();
    expect(await readFile(file, 'utf8')).toBe(newer);
  });

  it('keeps its aliases in memory when the file cannot be written', async () => {
    const aliases = await open();
    await writeFile(dataDir, 'a file where the folder should be');
    aliases.remember(id(1), id(2));
    await aliases.onModuleDestroy();
    expect(folder.unlogged).toEqual([
      expect.stringMatching(/^content-aliases\.json cannot be written/),
    ]);
    expect(aliases.infohashOf(id(1))).toBe(id(2));
  });
});
