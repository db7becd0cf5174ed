import 'reflect-metadata';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { ChannelStore, DataFolder } from '../storage';
import { MAX_NUMBER, type Channel } from './channel';
import { ChannelDirectory } from './channel-directory';
import { ChannelNumbers } from './channel-numbers';

describe('ChannelNumbers', () => {
  const everyone = (): boolean => true;

  it('gives the number above all others to a new channel', () => {
    const numbers = new ChannelNumbers(new Map([['a', 7]]));
    expect(numbers.next(everyone)).toBe(8);
    numbers.give('b', 100);
    expect(numbers.next(everyone)).toBe(101);
    numbers.give('b', 1);
    expect(numbers.next(everyone)).toBe(101);
  });

  it('fills gaps when the highest number is given, and reuses those of removed channels last', () => {
    const numbers = new ChannelNumbers(
      new Map(Array.from({ length: MAX_NUMBER }, (_, i) => [`c${i + 1}`, i + 1])),
    );
    numbers.give('c5', MAX_NUMBER);
    expect(numbers.next(everyone)).toBe(5);
    numbers.give('new', 5);
    expect(numbers.next((id) => id !== 'c9')).toBe(9);
  });

  it('never has a number twice, whatever was given', () => {
    const gift = fc.tuple(fc.constantFrom('a', 'b', 'c', 'd'), fc.integer({ min: 1, max: 5 }));
    fc.assert(
      fc.property(fc.array(gift), (gifts) => {
        const numbers = new ChannelNumbers();
        for (const [id, number] of gifts) {
          numbers.give(id, number);
          expect(numbers.of(id)).toBe(number);
          const all = [...numbers.all];
          expect(new Set(all.map(([, one]) => one)).size).toBe(all.length);
          for (const [owner, one] of all) expect(numbers.ownerOf(one)).toBe(owner);
          for (const one of [1, 2, 3, 4, 5]) {
            const owner = numbers.ownerOf(one);
            if (owner !== null) expect(numbers.of(owner)).toBe(one);
          }
        }
      }),
    );
  });
});

describe('the numbers of channels', () => {
  const sources = [{ kind: 'content_id' as const, id: 'a'.repeat(40), label: null }];
  const channel = (id: string): Channel => ({
    id,
    name: id,
    group: null,
    logo: null,
    tvgId: null,
    isHidden: false,
    sources,
  });
  let dataDir: string;
  let folders: DataFolder[];

  const open = async (inFile?: readonly object[]): Promise<ChannelDirectory> => {
    for (const folder of folders) await folder.close();
    const folder = new DataFolder(dataDir);
    folders = [folder];
    const path = join(dataDir, 'mine.json');
    const channels = inFile?.map((one) => ({
      name: 'x',
      sources: [{ id: 'b'.repeat(40) }],
      ...one,
    }));
    if (channels !== undefined) writeFileSync(path, JSON.stringify({ channels }));
    return ChannelDirectory.open(channels === undefined ? null : path, folder);
  };
  const numbersOf = (directory: ChannelDirectory): Record<string, number> =>
    Object.fromEntries(directory.list().map(({ id, number }) => [id, number]));

  beforeEach(() => {
    dataDir = mkdtempSync(join(tmpdir(), 'channel-numbers-'));
    folders = [];
  });
  afterEach(async () => {
    for (const folder of folders) await folder.close();
    rmSync(dataDir, { recursive: true, force: true });
  });

  it('are given in turn, changed on request, and stay the same over restarts', async () => {
    const directory = await open();
    for (const id of ['b', 'a', 'c']) await directory.put(channel(id));
    expect(numbersOf(directory)).toEqual({ b: 1, a: 2, c: 3 });
    await directory.put(channel('a'), 40);
    await directory.put({ ...channel('b'), name: 'other' });
    await directory.put(channel('d'));
    const expected = { b: 1, a: 40, c: 3, d: 41 };
    expect(numbersOf(directory)).toEqual(expected);
    expect(directory.listVisible().map(({ id }) => id)).toEqual(['b', 'c', 'a', 'd']);
    expect(numbersOf(await open())).toEqual(expected);
  });

  it('of another channel are refused', async () => {
    const directory = await open();
    await directory.put(channel('a'), 5);
    await expect(directory.put(channel('b'), 5)).rejects.toMatchObject({
      code: 'conflict',
      detail: 'The channel "a" has the number 5.',
    });
    expect(directory.get('b')).toBeNull();
    await directory.put(channel('a'), 6);
    await directory.put(channel('b'), 5);
    expect(numbersOf(directory)).toEqual({ a: 6, b: 5 });
  });

  it('of a removed channel are kept for it', async () => {
    const directory = await open();
    await directory.put(channel('a'), 5);
    await directory.remove('a');
    expect(directory.withNumber(5)).toBeNull();
    const reopened = await open();
    await reopened.put(channel('b'));
    expect(reopened.get('b')?.number).toBe(6);
    await expect(reopened.put(channel('c'), 5)).rejects.toMatchObject({
      detail: 'The number 5 is kept for the removed channel "a".',
    });
    await reopened.put(channel('a'));
    expect(reopened.withNumber(5)?.id).toBe('a');
  });

  it('of a removed channel are given to another one when no other number is left', async () => {
    await open();
    const taken = Array.from({ length: MAX_NUMBER }, (_, i) => [`removed${i}`, i + 1] as const);
    await new ChannelStore(folders[0]!).setNumbers(new Map(taken));
    const directory = await open();
    await directory.put(channel('a'));
    await directory.put(channel('b'));
    expect(numbersOf(directory)).toEqual({ a: 1, b: 2 });
    expect(numbersOf(await open())).toEqual({ a: 1, b: 2 });
  });

  it('of the file are kept when it is reordered, edited, and gone for a while', async () => {
    await (await open()).put(channel('api'));
    const first = numbersOf(await open([{ id: 'x' }, { id: 'y' }, { id: 'z' }]));
    expect(first).toEqual({ api: 1, x: 2, y: 3, z: 4 });
    expect(numbersOf(await open([{ id: 'new' }, { id: 'z' }, { id: 'x' }]))).toEqual({
      api: 1,
      new: 5,
      z: 4,
      x: 2,
    });
    await open();
    expect((await open([{ id: 'y' }])).get('y')?.number).toBe(3);
  });

  it('in the file win over numbers that were given', async () => {
    await (await open()).put(channel('api'));
    await open([{ id: 'x' }]);
    const directory = await open([{ id: 'x' }, { id: 'y', number: 1 }, { id: 'w', number: 2 }]);
    expect(numbersOf(directory)).toEqual({ y: 1, w: 2, x: 3, api: 4 });
    expect(numbersOf(await open())).toEqual({ api: 4 });
  });

  it('are given to the channels of an earlier release', async () => {
    const channels = ['n', 'm'].map((id) => ({ id, name: id, sources }));
    writeFileSync(join(dataDir, 'channels.json'), JSON.stringify({ version: 1, channels }));
    expect(numbersOf(await open())).toEqual({ n: 1, m: 2 });
    expect(numbersOf(await open())).toEqual({ n: 1, m: 2 });
  });

  it('belong to visible channels in lists; hidden ones are found by number only', async () => {
    const directory = await open();
    const described = { ...channel('a'), group: 'G', logo: 'http://x/y.png', tvgId: 'a.tv' };
    await directory.put(described);
    await directory.put({ ...channel('b'), isHidden: true });
    const reopened = await open();
    expect(reopened.listVisible()).toEqual([{ ...described, number: 1, origin: 'api' }]);
    expect(reopened.withNumber(2)).toMatchObject({ id: 'b', isHidden: true });
  });
});
