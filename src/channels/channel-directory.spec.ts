import 'reflect-metadata';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataFolder } from '../storage';
import { MAX_CHANNELS, MAX_SOURCES, type Channel } from './channel';
import { ChannelDirectory, ChannelFileError, MAX_FILE_BYTES } from './channel-directory';

const channel = (id: string, name = id): Channel => ({
  id,
  name,
  group: null,
  logo: null,
  tvgId: null,
  isHidden: false,
  sources: [{ kind: 'content_id', id: 'a'.repeat(40), label: null }],
});

/** In the form in which earlier releases and operators describe channels. */
const described = ({ id, name, sources }: Channel): object => ({ id, name, sources });

const listText = (...channels: Channel[]): string =>
  JSON.stringify({ channels: channels.map(described) });

describe('ChannelDirectory', () => {
  let dataDir: string;
  let folder: DataFolder | null;
  /** Opens the directory like a process that starts, after the last process has ended. */
  const open = async (channelsFile: string | null = null): Promise<ChannelDirectory> => {
    await folder?.close();
    folder = new DataFolder(dataDir);
    await folder.open();
    return ChannelDirectory.open(channelsFile, folder);
  };
  const ids = (directory: ChannelDirectory): string[] => directory.list().map(({ id }) => id);
  const write = (name: string, text: string): string => {
    writeFileSync(join(dataDir, name), text);
    return join(dataDir, name);
  };

  beforeEach(() => {
    dataDir = mkdtempSync(join(tmpdir(), 'channels-'));
    folder = null;
  });
  afterEach(async () => {
    await folder?.close();
    rmSync(dataDir, { recursive: true, force: true });
  });

  it('keeps its channels over a restart', async () => {
    const first = await open();
    expect(await first.put(channel('b'))).toBe(true);
    expect(await first.put(channel('a'))).toBe(true);
    expect(await first.put(channel('b', 'other'))).toBe(false);
    expect(await first.remove('a')).toBe(true);
    expect(await first.remove('a')).toBe(false);
    expect((await open()).list()).toEqual([{ ...channel('b', 'other'), number: 1, origin: 'api' }]);
  });

  it('serialises concurrent changes', async () => {
    const directory = await open();
    const all = Array.from({ length: 20 }, (_, i) => `c${i + 10}`);
    await Promise.all(all.map((id) => directory.put(channel(id))));
    expect(ids(await open())).toEqual(all);
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

  it('keeps the order and labels of sources', async () => {
    const sources = Array.from({ length: MAX_SOURCES }, (_, i) => ({
      kind: i % 2 === 0 ? ('infohash' as const) : ('content_id' as const),
      id: (MAX_SOURCES - i).toString(16).padStart(40, '0'),
      label: i % 3 === 0 ? null : `"l'abel" \u{1f600} ${i}`,
    }));
    await (await open()).put({ ...channel('a'), sources });
    expect((await open()).get('a')?.sources).toEqual(sources);
  });

  describe('the file of an earlier release', () => {
    const earlierText = (...channels: Channel[]): string =>
      JSON.stringify({ version: 1, channels: channels.map(described) });

    it('is taken over once, and kept under another name', async () => {
      write('channels.json', earlierText(channel('a'), channel('b')));
      write('channels.json.bak', earlierText(channel('a'), channel('b')));
      const directory = await open();
      expect(ids(directory)).toEqual(['a', 'b']);
      await directory.remove('a');
      await directory.put(channel('b', 'edited'));
      const again = await open();
      expect(again.list()).toEqual([{ ...channel('b', 'edited'), number: 2, origin: 'api' }]);
      expect(folder!.troubles()).toEqual([]);
      expect(readdirSync(dataDir)).toEqual([
        'acefleet.db',
        'acefleet.db.bak',
        'channels.json.imported',
      ]);
      expect(readFileSync(join(dataDir, 'channels.json.imported'), 'utf8')).toBe(
        earlierText(channel('a'), channel('b')),
      );
    });

    it('of a newer release stops the start, and stays unchanged', async () => {
      const text = '{"version":2,"channels":[]}';
      write('channels.json', text);
      await expect(open()).rejects.toThrow(/channels\.json cannot be used: version must be 1/);
      expect(readFileSync(join(dataDir, 'channels.json'), 'utf8')).toBe(text);
    });

    it.each([
      ['is cut off', '{"version":1,"channels":[{"id":"a"'],
      ['is empty', ''],
      ['holds NUL bytes', '\0'.repeat(200)],
      ['holds something else', '[]'],
      ['is missing', null],
    ])('is taken from its last good copy when it %s', async (_, text) => {
      write('channels.json.bak', earlierText(channel('a'), channel('b')));
      if (text !== null) write('channels.json', text);
      const directory = await open();
      expect(ids(directory)).toEqual(['a', 'b']);
      expect(folder!.troubles()).toEqual([
        { code: 'storage_damaged', detail: expect.stringContaining('last good copy') },
      ]);
      await directory.put(channel('c'));
      await directory.remove('a');
      expect(ids(await open())).toEqual(['b', 'c']);
      expect(folder!.troubles()).toEqual([]);
    });

    it('is kept and not used when file and copy are damaged', async () => {
      write('channels.json', 'nonsense');
      expect(ids(await open())).toEqual([]);
      expect(folder!.unlogged).toEqual([
        expect.stringMatching(/^channels\.json is damaged: .*kept as channels\.json\.damaged$/),
      ]);
      expect(readFileSync(join(dataDir, 'channels.json.damaged'), 'utf8')).toBe('nonsense');
      await open();
      expect(folder!.troubles()).toEqual([]);
    });

    it('is taken over with the largest number of channels', async () => {
      const source = { kind: 'infohash' as const, id: 'b'.repeat(40), label: 'l' };
      const many = Array.from({ length: MAX_CHANNELS }, (_, i) => ({
        ...channel(`c${i + MAX_CHANNELS}`),
        sources: [...channel('x').sources, source],
      }));
      write('channels.json', earlierText(...many));
      const beganMs = performance.now();
      const directory = await open();
      process.stdout.write(`import of ${MAX_CHANNELS}: ${performance.now() - beganMs} ms\n`);
      expect(directory.list()).toHaveLength(MAX_CHANNELS);
      const again = await open();
      expect(again.list()).toEqual(
        many.map((one, i) => ({ ...one, number: i + 1, origin: 'api' })),
      );
    });
  });

  it('does not apply a change that cannot be saved', async () => {
    const directory = await open();
    await directory.put(channel('a'));
    await folder!.database.close();
    await expect(directory.put(channel('b'))).rejects.toMatchObject({ code: 'storage_failed' });
    await expect(directory.remove('a')).rejects.toMatchObject({ code: 'storage_failed' });
    expect(ids(directory)).toEqual(['a']);
    expect(ids(await open())).toEqual(['a']);
  });

  it('can read a file of the largest list', () => {
    const source = {
      kind: 'content_id' as const,
      id: 'a'.repeat(40),
      label: '\u{1f600}'.repeat(100),
    };
    const largest: Channel = {
      id: 'c'.repeat(64),
      name: '\u{1f600}'.repeat(200),
      group: '\u{1f600}'.repeat(100),
      logo: `https://x/${'\u{1f600}'.repeat(1019)}`,
      tvgId: '\u{1f600}'.repeat(200),
      isHidden: true,
      sources: Array.from({ length: MAX_SOURCES }, () => source),
    };
    const bytes = Buffer.byteLength(JSON.stringify(largest));
    expect(bytes * MAX_CHANNELS).toBeLessThan(MAX_FILE_BYTES);
  });
});
