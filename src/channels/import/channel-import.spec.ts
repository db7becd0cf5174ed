import 'reflect-metadata';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { DataFolder } from '../../storage';
import { ChannelDirectory, type ListedChannel } from '../channel-directory';
import type { ChannelChange } from './import-plan';
import { groupEntries } from './list-channels';
import { readM3u } from './m3u-list';

const hex = (n: number): string => n.toString(16).padStart(40, '0');

interface Line {
  readonly name?: string;
  readonly tvg?: string;
  readonly content: number;
  readonly group?: string;
  readonly logo?: string;
  readonly chno?: number;
}

function m3u(lines: readonly Line[]): string {
  return lines
    .map(({ name = '', tvg = '', content, group = '', logo = '', chno = '' }) => {
      const attributes = `tvg-id="${tvg}" tvg-logo="${logo}" tvg-chno="${chno}" group-title="${group}"`;
      return `#EXTINF:-1 ${attributes},${name}\nacestream://${hex(content)}\n`;
    })
    .join('');
}

async function* once(text: string): AsyncGenerator<Buffer> {
  await Promise.resolve();
  yield Buffer.from(text);
}

describe('an import of channels', () => {
  let path: string;
  let folder: DataFolder;
  let directory: ChannelDirectory;

  async function restart(): Promise<void> {
    await folder.close();
    folder = new DataFolder(path);
    await folder.open();
    directory = await ChannelDirectory.open(null, folder);
  }

  beforeEach(async () => {
    path = mkdtempSync(join(tmpdir(), 'imports-'));
    folder = new DataFolder(path);
    await restart();
  });
  afterEach(async () => {
    await folder.close();
    rmSync(path, { recursive: true, force: true });
  });

  async function load(importId: string, lines: readonly Line[], isDryRun = false) {
    const { channels } = await groupEntries(await readM3u(once(m3u(lines)), 'unusable_list'));
    return directory.importList(importId, channels, { isDryRun });
  }

  const kinds = (changes: readonly ChannelChange[]): string[] =>
    changes.map(({ kind, channelId, fields }) => [kind, channelId, ...fields].join(' '));
  const channel = (id: string): ListedChannel => {
    const found = directory.get(id);
    if (found === null) throw new Error(`no channel ${id} in ${JSON.stringify(directory.list())}`);
    return found;
  };
  const contents = (id: string): number[] =>
    channel(id).sources.map((source) => parseInt(source.id, 16));

  it('creates channels with ids that can be read, and with their numbers if those are free', async () => {
    await directory.put({
      id: 'films',
      name: 'My films',
      group: null,
      logo: null,
      tvgId: null,
      isHidden: false,
      sources: [{ kind: 'content_id', id: hex(99), label: null }],
    });
    const lines = [
      { name: 'Films', content: 1, chno: 1 },
      { name: 'Fútbol 1 (HD)', content: 2, group: 'Sport', logo: 'https://l/x.png', chno: 7 },
      { name: 'Imports', content: 3, chno: 7 },
      { name: 'Новости', content: 4 },
      { content: 5 },
    ];
    const before = directory.list();
    const tried = await load('a', lines, true);
    expect(directory.list()).toEqual(before);
    const changes = await load('a', lines);
    expect(changes).toEqual(tried);
    const numbers = directory.list().map(({ id, number, origin }) => [id, number, origin]);
    expect(numbers).toEqual([
      ['00000000', 10, 'import'],
      ['channel', 9, 'import'],
      ['films', 1, 'api'],
      ['films-2', 2, 'import'],
      ['futbol-1-hd', 7, 'import'],
      ['imports-2', 8, 'import'],
    ]);
    expect(channel('futbol-1-hd')).toMatchObject({ group: 'Sport', logo: 'https://l/x.png' });
  });

  it('makes entries with the same tvg-id or name the ordered sources of one channel', async () => {
    await load('a', [
      { name: 'News', content: 1 },
      { name: 'Sport FHD', tvg: 'Sport.es', content: 2 },
      { name: 'news ', content: 3 },
      { name: 'Sport HD', tvg: 'sport.ES', content: 4 },
      { name: 'SPORT  hd', content: 5 },
      { name: 'News', content: 1 },
      { name: 'Sport FHD', tvg: 'other', content: 6 },
    ]);
    expect(directory.list().map(({ id }) => id)).toEqual(['news', 'sport-fhd', 'sport-fhd-2']);
    expect(contents('news')).toEqual([1, 3]);
    expect(contents('sport-fhd')).toEqual([2, 4, 5]);
    expect(channel('sport-fhd').sources.map(({ label }) => label)).toEqual([
      null,
      'Sport HD',
      'SPORT hd',
    ]);
  });

  it('keeps a channel when its content changes, and when its name or tvg-id changes but not its content', async () => {
    await load('a', [
      { name: 'One', tvg: 'one', content: 1 },
      { name: 'Two', content: 2 },
      { name: 'Three', content: 3 },
    ]);
    const changes = await load('a', [
      { name: 'Three', tvg: 'three', content: 3 },
      { name: 'Number two', content: 2 },
      { name: 'One', tvg: 'one', content: 10 },
    ]);
    expect(kinds(changes)).toEqual([
      'changed three tvgId',
      'changed two name',
      'changed one sources',
    ]);
    expect(directory.listVisible().map(({ id, number }) => [id, number])).toEqual([
      ['one', 1],
      ['two', 2],
      ['three', 3],
    ]);
    expect(contents('one')).toEqual([10]);
  });

  it('marks a vanished channel as missing, and brings it back as the same channel', async () => {
    const [one, two] = [
      { name: 'One', content: 1 },
      { name: 'Two', content: 2 },
    ];
    await load('a', [one, two]);
    expect(kinds(await load('a', [two]))).toEqual(['missing one']);
    expect(directory.importState('one')?.missingSinceMs).toBeCloseTo(Date.now(), -5);
    expect(directory.listVisible().map(({ id }) => id)).toEqual(['one', 'two']);
    await restart();
    const since = directory.importState('one')?.missingSinceMs;
    expect(since).toBeCloseTo(Date.now(), -5);
    expect(kinds(await load('a', [two]))).toEqual([]);
    expect(directory.importState('one')?.missingSinceMs).toBe(since);
    expect(kinds(await load('a', [{ ...one, content: 3 }, two]))).toEqual(['returned one sources']);
    expect(directory.importState('one')?.missingSinceMs).toBeNull();
    expect(channel('one').number).toBe(1);
  });

  it('joins the sources of two lists that have the same channel', async () => {
    await load('a', [{ name: 'News', tvg: 'news', content: 1, group: 'A' }]);
    const logo = 'https://l/b.png';
    const ofB = [
      { name: 'The news', tvg: 'NEWS', content: 2, group: 'B', logo },
      { name: 'News', tvg: 'news.other', content: 3 },
    ];
    expect(kinds(await load('b', ofB))).toEqual(['changed news logo sources', 'added news-2']);
    expect(channel('news')).toMatchObject({ name: 'News', group: 'A', logo });
    expect(contents('news')).toEqual([1, 2]);
    expect(kinds(await load('a', [{ name: 'X', content: 9 }]))).toEqual([
      'added x',
      'changed news name group tvgId sources',
    ]);
    expect(contents('news')).toEqual([2]);
    await restart();
    await directory.removeImport('b');
    expect(directory.list().map(({ id }) => id)).toEqual(['news', 'x']);
    // The other list had it before.
    expect(channel('news').name).toBe('News');
    await directory.removeImport('a');
    expect(directory.list()).toEqual([]);
    await restart();
    expect(directory.list()).toEqual([]);
    await load('a', [{ name: 'News', content: 5 }]);
    expect(channel('news').number).toBe(1);
  });

  it('follows the lists again where an edit is taken back', async () => {
    await load('a', [{ name: 'News', content: 1, group: 'A' }]);
    await directory.edit('news', { name: 'My news', group: '', isHidden: true });
    await load('a', [{ name: 'News', content: 2, group: 'B' }]);
    await restart();
    expect(channel('news')).toMatchObject({ name: 'My news', group: null, isHidden: true });
    expect(contents('news')).toEqual([2]);
    expect(directory.importState('news')?.edited).toEqual(['name', 'group']);
    await directory.edit('news', { name: null, group: null });
    expect(channel('news')).toMatchObject({ name: 'News', group: 'B', isHidden: true });
    await expect(directory.edit('none', { name: 'x' })).resolves.toBe(false);
    await directory.put({ ...channel('news'), group: 'C' });
    expect(directory.importState('news')?.edited).toEqual(['group']);
    await directory.remove('news');
    await load('a', [{ name: 'News', content: 2, group: 'B' }]);
    expect(channel('news')).toMatchObject({ group: 'B', isHidden: false, number: 1 });
  });

  const word = fc.constantFrom('a', 'b', 'c', 'd', 'e');
  const line: fc.Arbitrary<Line> = fc.record({
    name: word,
    tvg: fc.option(fc.constantFrom('t', 'u', 'v'), { nil: undefined }),
    content: fc.integer({ min: 1, max: 12 }),
    group: fc.option(word, { nil: undefined }),
    chno: fc.option(fc.integer({ min: 1, max: 9 }), { nil: undefined }),
  });
  const step = fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record({
        list: fc.array(line, { minLength: 1, maxLength: 8 }),
        from: fc.constantFrom('x', 'y', 'z'),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({ edit: fc.nat(), name: word, group: fc.option(word, { nil: '' }) }),
    },
    { weight: 1, arbitrary: fc.record({ hide: fc.nat() }) },
    { weight: 1, arbitrary: fc.constant('restart' as const) },
  );

  it('keeps edits, numbers and hidden channels through any sequence, and changes nothing the second time', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
        for (const id of ['x', 'y', 'z']) await directory.removeImport(id);
        const edited = new Map<string, { name: string; group: string | null }>();
        const numbers = new Map<string, number>();
        const hidden = new Set<string>();
        for (const next of steps) {
          const ids = directory.list().map(({ id }) => id);
          if (next === 'restart') {
            const before = directory.list();
            await restart();
            expect(directory.list()).toEqual(before);
          } else if ('list' in next) {
            await load(next.from, next.list);
            const after = directory.list();
            const states = after.map(({ id }) => directory.importState(id));
            expect(await load(next.from, next.list)).toEqual([]);
            expect(directory.list()).toEqual(after);
            expect(after.map(({ id }) => directory.importState(id))).toEqual(states);
            const listed = new Set(next.list.map(({ content }) => content));
            const edits = new Set(after.flatMap(({ id }) => contents(id)));
            for (const content of listed) expect(edits).toContain(content);
          } else if (ids.length > 0) {
            const id = ids[('edit' in next ? next.edit : next.hide) % ids.length]!;
            if ('hide' in next) {
              await directory.edit(id, { isHidden: true });
              hidden.add(id);
            } else {
              await directory.edit(id, { name: next.name, group: next.group });
              edited.set(id, { name: next.name, group: next.group === '' ? null : next.group });
            }
          }
          for (const { id, number } of directory.list()) {
            expect(number).toBe(numbers.get(id) ?? number);
            numbers.set(id, number);
          }
          for (const [id, fields] of edited) expect(channel(id)).toMatchObject(fields);
          for (const id of hidden) expect(channel(id).isHidden).toBe(true);
          const given = directory.list().map(({ number }) => number);
          expect(new Set(given).size).toBe(given.length);
        }
      }),
      { numRuns: 40 },
    );
  });

  it('refuses a list that would make too many channels, and changes nothing', async () => {
    const lines = Array.from({ length: 10_001 }, (_, i) => ({ name: `n${i}`, content: i }));
    await expect(load('a', lines)).rejects.toMatchObject({ code: 'unusable_list' });
    expect(directory.list()).toEqual([]);
  });

  it('imports 10,000 channels in many turns of the event loop', async () => {
    const lines = Array.from({ length: 10_000 }, (_, i) => ({
      name: `Channel number ${i}`,
      tvg: `channel${i}.example`,
      group: `Group ${i % 50}`,
      logo: `https://logos.example/channels/${i}.png`,
      content: i + 1,
    }));
    const { channels } = await groupEntries(await readM3u(once(m3u(lines)), 'unusable_list'));
    let turns = 0;
    const beat = (): void => {
      turns += 1;
      next = setImmediate(beat);
    };
    let next = setImmediate(beat);
    try {
      expect(await directory.importList('a', channels)).toHaveLength(10_000);
      expect(turns).toBeGreaterThan(5);
    } finally {
      clearImmediate(next);
    }
    expect(await directory.importList('a', channels)).toEqual([]);
  });
});
