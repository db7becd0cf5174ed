import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { ChannelStore, type StoredChannel, type StoredChannels } from './channel-store';
import { DataFolder } from './data-folder';
import { SmallDisk } from './full-disk.spec-support';

const disk = SmallDisk.mount(512);
const whenMountable = disk === null ? it.skip : it;
afterAll(() => disk?.unmount());

const EARLIER_FILE = {
  name: 'channels.json',
  parse: (written: string) => JSON.parse(written) as StoredChannel[],
  ifLost: 'starting without',
};

const text = fc.string({ unit: 'grapheme', maxLength: 20 }).filter((one) => !one.includes('\0'));
const source = fc.record({
  kind: fc.constantFrom('content_id' as const, 'infohash' as const),
  id: fc.nat().map((n) => n.toString(16).padStart(40, '0')),
  label: fc.option(text),
});
const id = fc.constantFrom('a', 'b', 'c', 'd');
const channel: fc.Arbitrary<StoredChannel> = fc.record({
  id,
  name: text,
  group: fc.option(text),
  logo: fc.option(text),
  tvgId: fc.option(text),
  isHidden: fc.boolean(),
  sources: fc.array(source, { maxLength: 16 }),
});
const NUMBERS: ReadonlyMap<string, number> = new Map([
  ['a', 4],
  ['b', 99_999],
  ['c', 1],
  ['d', 2],
]);
const step = fc.oneof(
  { weight: 5, arbitrary: fc.record({ put: channel }) },
  { weight: 2, arbitrary: fc.record({ remove: id }) },
  { weight: 1, arbitrary: fc.constant('restart' as const) },
);

describe('ChannelStore', () => {
  it('has the channels that were put and not removed, and all numbers, through any sequence of changes and restarts', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
        const path = mkdtempSync(join(tmpdir(), 'channel-store-'));
        const expected = new Map<string, StoredChannel>();
        const numbers = new Map<string, number>();
        let folder = new DataFolder(path);
        const open = async (): Promise<[ChannelStore, StoredChannels]> => {
          await folder.close();
          folder = new DataFolder(path);
          await folder.open();
          const store = new ChannelStore(folder);
          return [store, await store.open(await folder.earlierFile(EARLIER_FILE))];
        };
        let [store, stored] = await open();
        for (const next of [...steps, 'restart' as const]) {
          if (next === 'restart') {
            [store, stored] = await open();
            expect(new Map(stored.channels.map((one) => [one.id, one]))).toEqual(expected);
            expect(stored.numbers).toEqual(new Map(numbers));
          } else if ('put' in next) {
            expected.set(next.put.id, next.put);
            const number = NUMBERS.get(next.put.id) ?? 0;
            numbers.set(next.put.id, number);
            await store.put(next.put, number);
          } else {
            expected.delete(next.remove);
            await store.remove(next.remove);
          }
        }
        expect(folder.troubles()).toEqual([]);
        await folder.close();
        rmSync(path, { recursive: true });
      }),
      { numRuns: 30 },
    );
  });

  whenMountable(
    'takes over an earlier file with the next change if a full disk refuses it first',
    async () => {
      const path = join(disk!.folder, 'data');
      const file = join(path, EARLIER_FILE.name);
      let folder = new DataFolder(path);
      const open = async (): Promise<[ChannelStore, StoredChannels]> => {
        await folder.close();
        folder = new DataFolder(path);
        await folder.open();
        const store = new ChannelStore(folder);
        return [store, await store.open(await folder.earlierFile(EARLIER_FILE))];
      };
      await open();
      const many = Array.from({ length: 300 }, (_, i) => ({
        id: `c${i + 100}`,
        name: 'n'.repeat(200),
        group: null,
        logo: null,
        tvgId: null,
        isHidden: false,
        sources: [],
      }));
      writeFileSync(file, JSON.stringify(many));
      disk!.fill();
      const [store, stored] = await open();
      expect(stored.channels).toEqual(many);
      await store.setNumbers(new Map([['c101', 7]]));
      await expect(store.remove('c100')).rejects.toMatchObject({ code: 'storage_full' });
      expect(folder.troubles()[0]).toMatchObject({ code: 'storage_full' });
      disk!.makeRoom();
      await store.remove('c100');
      expect(existsSync(file)).toBe(false);
      // A removed channel does not come back.
      const [, left] = await open();
      expect(left).toMatchObject({ channels: many.slice(1), numbers: new Map([['c101', 7]]) });
      await folder.close();
    },
  );
});
