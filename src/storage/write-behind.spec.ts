import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Transaction } from 'kysely';
import { RETRY_MS } from './database/database';
import type { Schema } from './database/schema';
import { DataFolder } from './data-folder';
import { SmallDisk } from './full-disk.spec-support';
import { untilTroubles } from './storage.spec-support';
import { WriteBehind } from './write-behind';

const disk = SmallDisk.mount(512);
const whenMountable = disk === null ? describe.skip : describe;
afterAll(() => disk?.unmount());

type Work = (transaction: Transaction<Schema>) => Promise<unknown>;

describe('WriteBehind', () => {
  let path: string;
  let folder: DataFolder;
  let writes: WriteBehind;
  let transactions: () => number;
  let logged: unknown[];

  /** Uses the folder like a process that starts. */
  async function start(dataDir: string): Promise<void> {
    folder = new DataFolder(dataDir);
    await folder.open();
    const count = jest.spyOn(folder.database, 'change');
    transactions = () => count.mock.calls.length;
    logged = [];
    writes = new WriteBehind(folder.database, { error: (facts: unknown) => logged.push(facts) });
  }

  beforeEach(async () => {
    path = mkdtempSync(join(tmpdir(), 'write-behind-'));
    await start(path);
  });
  afterEach(async () => {
    await writes.close();
    await folder.close();
    rmSync(path, { recursive: true });
  });

  /** Appends a row, so that the rows show the order of the changes. */
  const append =
    (entry: string): Work =>
    (transaction) =>
      transaction
        .insertInto('list_entries')
        .columns(['list', 'position', 'entry'])
        .expression((query) =>
          query
            .selectFrom('list_entries')
            .select((is) => [
              is.val('order').as('list'),
              is.fn.countAll<number>().as('position'),
              is.val(entry).as('entry'),
            ]),
        )
        .execute();

  const broken: Work = () => Promise.reject(new Error('broken'));

  const entries = async (): Promise<string[]> => {
    const rows = await folder.database.read((database) =>
      database.selectFrom('list_entries').select('entry').orderBy('position').execute(),
    );
    return rows.map(({ entry }) => entry);
  };

  it('writes the changes of one turn in their order, in one transaction', async () => {
    const done: string[] = [];
    for (const key of ['b', 'a', 'c']) writes.put(key, append(key), () => void done.push(key));
    await writes.settled();
    expect(await entries()).toEqual(['b', 'a', 'c']);
    expect([done, transactions()]).toEqual([['b', 'a', 'c'], 1]);
  });

  it('writes only the newest change of a key, in the place of the first', async () => {
    const done: string[] = [];
    writes.put('a', append('old'), () => void done.push('old'));
    writes.put('b', append('b'));
    writes.put('a', append('new'), () => void done.push('new'));
    await writes.settled();
    expect(await entries()).toEqual(['new', 'b']);
    expect(done).toEqual(['old', 'new']);
  });

  it('writes a change of a key that is being written afterwards', async () => {
    const done: string[] = [];
    writes.put(
      'a',
      async (transaction) => {
        writes.put('a', append('second'), () => void done.push('second'));
        await append('first')(transaction);
      },
      () => void done.push('first'),
    );
    await writes.settled();
    expect(await entries()).toEqual(['first', 'second']);
    expect(done).toEqual(['first', 'second']);
  });

  it.each([0, 1, 2, 3, 4, 5, 6, 7, 8])(
    'writes a change that is put %d microtasks after the last one was written',
    async (ticks) => {
      let later = Promise.resolve();
      writes.put('a', append('a'), () => {
        later = (async () => {
          for (let tick = 0; tick < ticks; tick += 1) await Promise.resolve();
          writes.put('b', append('b'));
        })();
      });
      await writes.settled();
      await later;
      await writes.settled();
      expect(await entries()).toEqual(['a', 'b']);
    },
  );

  it('resolves only after the last call of `done`', async () => {
    let isDone = false;
    writes.put('a', append('a'), async () => {
      await new Promise(setImmediate);
      isDone = true;
    });
    await writes.settled();
    expect(isDone).toBe(true);
  });

  it('drops a broken change with a line in the log, and writes the others', async () => {
    const done: string[] = [];
    for (const key of ['a', 'broken', 'c']) {
      writes.put(key, key === 'broken' ? broken : append(key), () => void done.push(key));
    }
    await writes.settled();
    expect(await entries()).toEqual(['a', 'c']);
    expect(done).toEqual(['a', 'c']);
    expect(logged).toEqual([{ err: new Error('broken') }]);
    writes.put('d', append('d'));
    await writes.settled();
    expect(await entries()).toEqual(['a', 'c', 'd']);
    expect(folder.troubles()).toEqual([]);
  });

  it.each<[string, Work]>([
    [
      'violates a constraint',
      (transaction) =>
        transaction
          .insertInto('channels')
          .values([
            { id: 'twice', name: '1' },
            { id: 'twice', name: '2' },
          ])
          .execute(),
    ],
    [
      'has a value that no column can hold',
      (transaction) =>
        transaction
          .insertInto('channels')
          .values({ id: 'a', name: true as unknown as string })
          .execute(),
    ],
  ])('drops a change that %s, because repeating it would not help', async (_, work) => {
    writes.put('bad', work);
    writes.put('good', append('good'));
    await writes.settled();
    expect(await entries()).toEqual(['good']);
    expect(logged).toHaveLength(1);
    expect(folder.troubles()).toEqual([]);
  });

  whenMountable('on a full disk', () => {
    let dataDir: string;

    beforeEach(async () => {
      jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'performance'] });
      await folder.close();
      dataDir = mkdtempSync(join(disk!.folder, 'data-'));
      await start(dataDir);
      disk!.fill();
    });
    afterEach(async () => {
      disk!.makeRoom();
      jest.useRealTimers();
      await writes.close();
      await folder.close();
      rmSync(dataDir, { recursive: true });
      await disk!.closeFiles();
    });

    const long = 'x'.repeat(30_000);

    it('repeats the changes until they are written, each in its newest form', async () => {
      const done: string[] = [];
      writes.put('a', append(`old ${long}`), () => void done.push('a'));
      writes.put('b', append(`b ${long}`), () => void done.push('b'));
      await writes.settled();
      writes.put('a', append(`new ${long}`));
      for (let i = 0; i < 3; i += 1) {
        jest.advanceTimersByTime(RETRY_MS);
        await writes.settled();
      }
      expect(done).toEqual([]);
      expect(await entries()).toEqual([]);
      disk!.makeRoom();
      jest.advanceTimersByTime(RETRY_MS);
      await writes.settled();
      await untilTroubles(folder, 0);
      expect(await entries()).toEqual([`new ${long}`, `b ${long}`]);
      expect(done).toEqual(['a', 'b']);
      expect(logged).toEqual([]);
    });

    it('tries once more at its end', async () => {
      writes.put('a', append(long));
      await writes.settled();
      disk!.makeRoom();
      await writes.close();
      expect(await entries()).toEqual([long]);
    });

    it('ends also if the disk refuses the changes again', async () => {
      writes.put('a', append(long));
      await writes.settled();
      await writes.close();
      jest.advanceTimersByTime(RETRY_MS);
      await writes.settled();
      expect(await entries()).toEqual([]);
    });
  });
});
