import 'reflect-metadata';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataFolder } from '../../storage';
import { ContentAliases } from './content-aliases';

const id = (n: number): string => n.toString(16).padStart(40, '0');

describe('ContentAliases', () => {
  let dataDir: string;
  let file: string;
  let folder: DataFolder | null;

  beforeEach(async () => {
    dataDir = join(await mkdtemp(join(tmpdir(), 'aliases-')), 'data');
    file = join(dataDir, 'content-aliases.json');
    folder = null;
  });

  afterEach(async () => {
    await folder?.close();
    await rm(join(dataDir, '..'), { recursive: true, force: true });
  });

  /** Opens the aliases like a process that starts, after the last process has ended. */
  async function open(): Promise<ContentAliases> {
    await folder?.close();
    folder = new DataFolder(dataDir);
    await folder.open();
    const aliases = new ContentAliases(folder);
    await aliases.onModuleInit();
    return aliases;
  }

  /** Writes the file of an earlier release, with a good copy beside it. */
  async function leave(text: string): Promise<void> {
    await mkdir(dataDir);
    await writeFile(file, text);
    await writeFile(`${file}.bak`, JSON.stringify({ version: 1, entries: [[id(1), id(2)]] }));
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
    expect(folder!.unlogged).toEqual([]);
  });

  it('writes only the database and its copy, readable for their owner alone', async () => {
    const aliases = await open();
    aliases.remember(id(1), id(2));
    await aliases.onModuleDestroy();
    await folder!.close();
    expect(await readdir(dataDir)).toEqual(['acefleet.db', 'acefleet.db.bak']);
    for (const name of await readdir(dataDir)) {
      expect((await stat(join(dataDir, name))).mode & 0o777).toBe(0o600);
    }
    expect((await stat(dataDir)).mode & 0o777).toBe(0o700);
  });

  it('writes nothing when nothing was remembered', async () => {
    const before = await open();
    before.remember(id(1), id(2));
    await before.onModuleDestroy();
    const aliases = await open();
    await aliases.onModuleDestroy();
    const bytes = await readFile(join(dataDir, 'acefleet.db'));
    await (await open()).onModuleDestroy();
    await folder!.close();
    expect(bytes.equals(await readFile(join(dataDir, 'acefleet.db')))).toBe(true);
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
      await folder!.close();
    } finally {
      jest.useRealTimers();
    }
    const again = await open();
    expect([again.infohashOf(id(1)), again.infohashOf(id(3))]).toEqual([id(2), id(4)]);
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
  ])(
    'uses the last good copy when the file of an earlier release is unreadable: %s',
    async (_, text) => {
      await leave(text);
      const aliases = await open();
      expect(folder!.unlogged).toEqual([
        expect.stringMatching(/damaged: its last good copy is used/),
      ]);
      expect(aliases.infohashOf(id(1))).toBe(id(2));
      aliases.remember(id(7), id(8));
      await aliases.onModuleDestroy();
      expect((await open()).infohashOf(id(7))).toBe(id(8));
    },
  );

  it('ignores entries of an earlier file that are not two ids', async () => {
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

  it('leaves a list file of a newer version unchanged', async () => {
    const newer = JSON.stringify({ version: 2, contents: { [id(1)]: [id(2)] } });
    await leave(newer);
    const aliases = await open();
    expect(folder!.unlogged).toEqual([expect.stringContaining('neither read nor written')]);
    aliases.remember(id(7), id(8));
    expect(aliases.infohashOf(id(7))).toBe(id(8));
    await aliases.onModuleDestroy();
    expect(await readFile(file, 'utf8')).toBe(newer);
  });

  it('keeps its aliases in memory when the database cannot be written', async () => {
    const aliases = await open();
    await folder!.database.close();
    aliases.remember(id(1), id(2));
    await aliases.onModuleDestroy();
    expect(aliases.infohashOf(id(1))).toBe(id(2));
    expect(folder!.troubles()).toMatchObject([{ code: 'storage_failed' }]);
  });
});
