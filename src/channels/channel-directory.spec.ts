import 'reflect-metadata';
import { mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataFolder } from '../storage';
import { MAX_CHANNELS, MAX_SOURCES, type Channel } from './channel';
import { ChannelDirectory, ChannelFileError, MAX_FILE_BYTES } from './channel-directory';
import { writeChannelList } from './channel-list';

const channel = (id: string, name = id): Channel => ({
  id,
  name,
  sources: [{ kind: 'content_id', id: 'a'.repeat(40), label: null }],
});
const listText = (...channels: Channel[]): string => JSON.stringify({ channels });

describe('ChannelDirectory', () => {
  let dataDir: string;
  let opened: ChannelDirectory[];
  const openIn = async (
    folder: DataFolder,
    channelsFile: string | null = null,
  ): Promise<ChannelDirectory> => {
    const directory = await ChannelDirectory.open(channelsFile, folder);
    opened.push(directory);
    return directory;
  };
  const open = (channelsFile: string | null = null): Promise<ChannelDirectory> =>
    openIn(new DataFolder(dataDir), channelsFile);
  const write = (name: string, text: string): string => {
    writeFileSync(join(dataDir, name), text);
    return join(dataDir, name);
  };

  beforeEach(() => {
    dataDir = mkdtempSync(join(tmpdir(), 'channels-'));
    opened = [];
  });
  afterEach(async () => {
    for (const directory of opened) await directory.onModuleDestroy();
    rmSync(dataDir, { recursive: true, force: true });
  });

  it('keeps its channels over a restart, readable for the owner only', async () => {
    const first = await open();
    expect(await first.put(channel('b'))).toBe(true);
    expect(await first.put(channel('a'))).toBe(true);
    expect(await first.put(channel('b', 'other'))).toBe(false);
    expect(await first.remove('a')).toBe(true);
    expect(await first.remove('a')).toBe(false);
    expect(statSync(join(dataDir, 'channels.json')).mode & 0o777).toBe(0o600);
    expect((await open()).list()).toEqual([{ ...channel('b', 'other'), origin: 'api' }]);
  });

  it('serialises concurrent changes', async () => {
    const directory = await open();
    const ids = Array.from({ length: 20 }, (_, i) => `c${i + 10}`);
    await Promise.all(ids.map((id) => directory.put(channel(id))));
    expect((await open()).list().map(({ id }) => id)).toEqual(ids);
  });

  it('gives priority to the operator’s file and does not change it', async () => {
    await (await open()).put(channel('news', 'ours'));
    const file = write('mine.json', listText(channel('news', 'theirs'), channel('film')));
    const directory = await open(file);
    expect(directory.list().map(({ id, name, origin }) => [id, name, origin])).toEqual([
      ['film', 'film', 'file'],
      ['news', 'theirs', 'file'],
    ]);
    await expect(directory.put(channel('film'))).rejects.toMatchObject({ code: 'conflict' });
    await expect(directory.remove('news')).rejects.toMatchObject({ code: 'conflict' });
    expect(readFileSync(file, 'utf8')).toBe(listText(channel('news', 'theirs'), channel('film')));
    // Without the file the channel from the API takes effect again.
    expect((await open()).get('news')).toMatchObject({ name: 'ours', origin: 'api' });
  });

  it('notifies its listeners after a change is saved', async () => {
    const directory = await open();
    const told: unknown[] = [];
    directory.onChange((id) => told.push([id, directory.get(id)?.name]));
    await directory.put(channel('a', 'one'));
    await directory.remove('a');
    expect(told).toEqual([
      ['a', 'one'],
      ['a', undefined],
    ]);
  });

  it.each([
    ['missing', null, /there is no such file$/],
    ['no JSON', 'nonsense', /it is not JSON/],
    ['wrong inside', '{"channels":[{"id":"a"}]}', /channels\[0\]: name must be text/],
  ])('stops the start with a line when the file is %s', async (_, text, words) => {
    const file = text === null ? join(dataDir, 'none.json') : write('mine.json', text);
    const failure = await open(file).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(ChannelFileError);
    expect((failure as Error).message).toMatch(words);
    expect((failure as Error).message).toContain(file);
    expect((failure as Error).message).not.toContain('\n');
  });

  it('does not overwrite the file of a newer release', async () => {
    write('channels.json', '{"version":2,"channels":[]}');
    await expect(open()).rejects.toThrow(/channels\.json cannot be used: version must be 1/);
  });

  it.each([
    ['is cut off', '{"version":1,"channels":[{"id":"a"'],
    ['is empty', ''],
    ['holds NUL bytes', '\0'.repeat(200)],
    ['holds something else', '[]'],
    ['is missing', null],
  ])('continues with the last good copy when its own file %s', async (_, text) => {
    await (await open()).put(channel('a'));
    await (await open()).put(channel('b'));
    if (text === null) rmSync(join(dataDir, 'channels.json'));
    else write('channels.json', text);
    const folder = new DataFolder(dataDir);
    const directory = await openIn(folder);
    expect(directory.list().map(({ id }) => id)).toEqual(['a', 'b']);
    expect(folder.troubles()).toEqual([
      { code: 'storage_damaged', detail: expect.stringContaining('last good copy') },
    ]);
    await directory.put(channel('c'));
    const after = new DataFolder(dataDir);
    expect((await openIn(after)).list().map(({ id }) => id)).toEqual(['a', 'b', 'c']);
    expect(after.troubles()).toEqual([]);
  });

  it('starts without channels when file and copy are damaged, and keeps the damaged file', async () => {
    write('channels.json', 'nonsense');
    const folder = new DataFolder(dataDir);
    expect((await openIn(folder)).list()).toEqual([]);
    expect(folder.unlogged).toEqual([
      expect.stringMatching(/^channels\.json is damaged: .*kept as channels\.json\.damaged$/),
    ]);
    expect(readFileSync(join(dataDir, 'channels.json.damaged'), 'utf8')).toBe('nonsense');
    const after = new DataFolder(dataDir);
    await openIn(after);
    expect(after.troubles()).toEqual([]);
  });

  it('does not apply a change that cannot be saved', async () => {
    const directory = await open();
    await directory.put(channel('a'));
    // A file in the place of the folder: not even root can write into it.
    renameSync(dataDir, `${dataDir}.away`);
    writeFileSync(dataDir, '');
    await expect(directory.put(channel('b'))).rejects.toMatchObject({ code: 'storage_failed' });
    expect(directory.list().map(({ id }) => id)).toEqual(['a']);
    rmSync(dataDir);
    renameSync(`${dataDir}.away`, dataDir);
    expect(await directory.put(channel('c'))).toBe(true);
  });

  it('can read the largest list that it writes', () => {
    const source = {
      kind: 'content_id' as const,
      id: 'a'.repeat(40),
      label: '\u{1f600}'.repeat(100),
    };
    const largest: Channel = {
      id: 'c'.repeat(64),
      name: '\u{1f600}'.repeat(200),
      sources: Array.from({ length: MAX_SOURCES }, () => source),
    };
    const bytes = Buffer.byteLength(writeChannelList([largest]));
    expect(bytes * MAX_CHANNELS).toBeLessThan(MAX_FILE_BYTES);
  });
});
