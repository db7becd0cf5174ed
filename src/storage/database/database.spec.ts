import { execFileSync } from 'node:child_process';
import {
  closeSync,
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import type { Transaction } from 'kysely';
import { DataFolder } from '../data-folder';
import { DataFolderError } from '../data-folder-error';
import { SmallDisk } from '../full-disk.spec-support';
import { StorageLog } from '../storage-log';
import { untilTroubles } from '../storage.spec-support';
import { type Database, RETRY_MS } from './database';
import { DatabaseFile } from './database-file';
import type { DatabaseThread, ThreadListener } from './database-thread';
import { MIGRATIONS } from './migrations';
import type { Schema } from './schema';

/** Stands between the database and its thread. */
let mockThread: (real: DatabaseThread, listener: ThreadListener) => DatabaseThread = (real) => real;
jest.mock('./database-thread', () => {
  const { startDatabaseThread } = jest.requireActual('./database-thread');
  return {
    startDatabaseThread: (listener: ThreadListener) =>
      mockThread(startDatabaseThread(listener), listener),
  };
});

const NAME = 'acefleet.db';
const COPY_AFTER_MS = 5000;

const disk = SmallDisk.mount(1024);
const whenMountable = disk === null ? describe.skip : describe;
afterAll(() => disk?.unmount());

describe('Database', () => {
  let path: string;
  let folder: DataFolder | null;
  let database: Database;
  /** Level and text of the log lines of the present folder. */
  let logged: [string, string][];

  beforeEach(() => {
    path = mkdtempSync(join(tmpdir(), 'database-'));
    folder = null;
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    await folder?.close();
    rmSync(path, { recursive: true });
  });

  /** Opens the database like a process that starts, after the last process has ended. */
  async function start(dataDir = path): Promise<void> {
    await folder?.close();
    logged = [];
    const note =
      (level: string) =>
      (_facts: object, message: string): void =>
        void logged.push([level, message]);
    const log = new StorageLog({ error: note('error'), warn: note('warn'), log: note('log') });
    log.open();
    folder = new DataFolder(dataDir, log);
    ({ database } = folder);
    await folder.open();
  }

  const inPath = (name: string): string => join(path, name);
  const codes = (): string[] => database.troubles.map(({ code }) => code);
  const isThere = (name: string): boolean => readdirSync(path).includes(name);

  const insert = (transaction: Transaction<Schema>, entry: string): Promise<unknown> =>
    transaction
      .insertInto('list_entries')
      .columns(['list', 'position', 'entry'])
      .expression((query) =>
        query
          .selectFrom('list_entries')
          .select((is) => [
            is.val('list').as('list'),
            is.fn.countAll<number>().as('position'),
            is.val(entry).as('entry'),
          ]),
      )
      .execute();

  const add = (entry: string): Promise<unknown> =>
    database.change((transaction) => insert(transaction, entry));

  const entries = async (): Promise<string[]> => {
    const rows = await database.readOr([], (reader) =>
      reader.selectFrom('list_entries').select('entry').orderBy('position').execute(),
    );
    return rows.map(({ entry }) => entry);
  };

  async function until(isTrue: () => boolean): Promise<void> {
    const giveUpAt = performance.now() + 20_000;
    while (!isTrue()) {
      if (performance.now() > giveUpAt) throw new Error('waited in vain');
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  it('is created for its owner only, in folders that are created too, and found again', async () => {
    const dataDir = join(path, 'a', 'b');
    await start(dataDir);
    await add('one');
    expect(await entries()).toEqual(['one']);
    expect(statSync(join(dataDir, NAME)).mode & 0o777).toBe(0o600);
    expect(statSync(dataDir).mode & 0o777).toBe(0o700);
    await start(dataDir);
    expect(await entries()).toEqual(['one']);
    expect([codes(), logged]).toEqual([[], []]);
  });

  it('fails to open where no folder can be created', async () => {
    writeFileSync(inPath('taken'), '');
    const failure = await start(inPath('taken')).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(DataFolderError);
    expect((failure as Error).message).toMatch(/^DATA_DIR .*taken is no folder$/);
  });

  it.each([
    'it\'s "quoted" `; DROP TABLE channels; --',
    'é \u{1f600} \u200f',
    'x'.repeat(1 << 20),
    '',
  ])('returns a text as it was written: %#', async (text) => {
    await start();
    await add(text);
    await start();
    expect((await entries())[0] === text).toBe(true);
  });

  describe('a change', () => {
    beforeEach(() => start());

    it('that throws changes nothing, and later ones work', async () => {
      const failure = database.change(async (transaction) => {
        await insert(transaction, 'lost');
        throw new Error('thrown');
      });
      await expect(failure).rejects.toThrow('thrown');
      await add('kept');
      expect(await entries()).toEqual(['kept']);
      expect(codes()).toEqual([]);
    });

    it('is atomic and waits for those before it', async () => {
      const all = Array.from({ length: 50 }, (_, i) => i);
      const counts = await Promise.all(
        all.map((i) =>
          database.change(async (transaction) => {
            const rows = await transaction.selectFrom('list_entries').select('entry').execute();
            await new Promise((resolve) => setImmediate(resolve));
            await insert(transaction, String(i));
            return rows.length;
          }),
        ),
      );
      expect(counts).toEqual(all);
      expect(await entries()).toEqual(all.map(String));
    });

    it('is not seen by others before its end', async () => {
      let goOn: () => void = () => undefined;
      const held = new Promise<void>((resolve) => (goOn = resolve));
      const changing = database.change(async (transaction) => {
        await insert(transaction, 'one');
        await held;
        await insert(transaction, 'two');
      });
      const reading = entries();
      await new Promise((resolve) => setImmediate(resolve));
      goOn();
      expect(await reading).toEqual(['one', 'two']);
      await changing;
    });

    it.each<[string, unknown]>([
      ['true', true],
      ['false', false],
      ['NaN', NaN],
      ['Infinity', Infinity],
      ['an object', { a: 1 }],
      ['a list', ['a']],
      ['a Buffer', Buffer.from('a')],
      ['a date', new Date()],
      ['a function', () => 1],
      ['a symbol', Symbol('a')],
      ['a text with a NUL character', 'a\0b'],
    ])('with %s for a column is refused, and does no other harm', async (_, value) => {
      const changing = database.change(async (transaction) => {
        await insert(transaction, 'lost');
        await insert(transaction, value as string);
      });
      await expect(changing).rejects.toThrow(TypeError);
      await add('kept');
      expect(await entries()).toEqual(['kept']);
      expect([codes(), logged]).toEqual([[], []]);
    });

    it('that breaks a constraint is an error of the program, not of the disk', async () => {
      const changing = database.change((transaction) =>
        transaction
          .insertInto('channel_sources')
          .values({ channel_id: 'x', position: 0, kind: 'infohash', content: '', label: null })
          .execute(),
      );
      await expect(changing).rejects.toMatchObject({
        fault: { code: expect.stringMatching(/^SQLITE_CONSTRAINT/) },
      });
      expect([codes(), logged]).toEqual([[], []]);
    });
  });

  describe('the copy', () => {
    const ENTRIES_IN_COPY = async (): Promise<string[]> => {
      mkdirSync(inPath('other'), { recursive: true });
      copyFileSync(inPath(`${NAME}.bak`), inPath(`other/${NAME}`));
      await start(inPath('other'));
      return entries();
    };

    it('is written some seconds after a change, readable for the owner only', async () => {
      jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'performance'] });
      await start();
      await add('one');
      jest.advanceTimersByTime(COPY_AFTER_MS - 1);
      await entries();
      expect(isThere(`${NAME}.bak`)).toBe(false);
      await add('two');
      jest.advanceTimersByTime(1);
      await until(() => isThere(`${NAME}.bak`));
      jest.useRealTimers();
      expect(statSync(inPath(`${NAME}.bak`)).mode & 0o777).toBe(0o600);
      expect(readdirSync(path).sort()).toEqual([NAME, `${NAME}.bak`]);
      expect(await ENTRIES_IN_COPY()).toEqual(['one', 'two']);
      expect([codes(), logged]).toEqual([[], []]);
    });

    it('has the changes that were made before the end of the process', async () => {
      await start();
      await add('one');
      await start();
      await add('two');
      await folder!.close();
      expect(await ENTRIES_IN_COPY()).toEqual(['one', 'two']);
    });

    it('waits for the end of a change', async () => {
      jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'performance'] });
      await start();
      await add('one');
      let goOn: () => void = () => undefined;
      const held = new Promise<void>((resolve) => (goOn = resolve));
      const changing = database.change(async (transaction) => {
        await insert(transaction, 'two');
        await held;
      });
      await new Promise((resolve) => setImmediate(resolve));
      jest.advanceTimersByTime(COPY_AFTER_MS);
      for (let i = 0; i < 20; i += 1) await new Promise((resolve) => setImmediate(resolve));
      goOn();
      await changing;
      await until(() => isThere(`${NAME}.bak`));
      jest.useRealTimers();
      expect([codes(), logged]).toEqual([[], []]);
      expect(await ENTRIES_IN_COPY()).toEqual(['one', 'two']);
    });
  });

  describe('damage', () => {
    /** A sector inside of a row, where SQLite does not notice it. */
    function overwriteText(at: string, byte: number): void {
      const bytes = readFileSync(at);
      const where = bytes.lastIndexOf('x'.repeat(600));
      writeFileSync(at, bytes.fill(byte, where, where + 512));
    }

    const damages: Record<string, (at: string) => void> = {
      'an empty folder': (at) => {
        rmSync(at);
        mkdirSync(at);
      },
      'a folder with something in it': (at) => {
        rmSync(at);
        mkdirSync(join(at, 'inside'), { recursive: true });
      },
      '100 NUL bytes': (at) => writeFileSync(at, Buffer.alloc(100)),
      text: (at) => writeFileSync(at, 'This is no database, but some text.\n'.repeat(100)),
      'its first half': (at) => truncateSync(at, statSync(at).size / 2),
      'its first 100 bytes': (at) => truncateSync(at, 100),
      'other bytes in its middle': (at) => {
        const file = openSync(at, 'r+');
        const { size } = statSync(at);
        writeSync(file, Buffer.alloc(20_000, 0x55), 0, 20_000, size / 2 - 10_000);
        closeSync(file);
      },
      'bytes in a text that are no text': (at) => overwriteText(at, 0xff),
      'NUL bytes in a text': (at) => overwriteText(at, 0),
      'a pipe': (at) => {
        rmSync(at);
        execFileSync('mkfifo', [at]);
      },
      'a link to itself': (at) => {
        rmSync(at);
        symlinkSync(at, at);
      },
    };
    const cases = Object.entries(damages).flatMap(([what, damage]) => [
      [what, 'with a copy', damage] as const,
      [what, 'without a copy', damage] as const,
    ]);

    /** Several pages. */
    const CONTENT = Array.from({ length: 100 }, (_, i) => `${i} ${'x'.repeat(900)}`);

    beforeEach(async () => {
      await start();
      await database.change(async (transaction) => {
        for (const entry of CONTENT) await insert(transaction, entry);
      });
      await folder!.close();
    });

    it.each(cases)(
      '%s, %s: the file is kept, and what is left is used',
      async (_, copy, damage) => {
        const hasCopy = copy === 'with a copy';
        const [first, second] = ['first', 'second'].map((one) => `${one} ${'x'.repeat(900)}`) as [
          string,
          string,
        ];
        for (const added of [first, second]) {
          if (!hasCopy) rmSync(inPath(`${NAME}.bak`));
          damage(inPath(NAME));
          const expected = hasCopy ? [...CONTENT, ...(added === second ? [first] : [])] : [];
          await start();
          expect(await entries()).toEqual(expected);
          const fate = hasCopy ? 'its last good copy is used' : 'starting without its data';
          const detail = expect.stringMatching(
            new RegExp(`^acefleet\\.db is damaged .*${fate}; .* kept as acefleet\\.db\\.damaged`),
          );
          expect(database.troubles).toEqual([{ code: 'storage_damaged', detail }]);
          expect(logged).toEqual([['error', detail]]);
          lstatSync(inPath(`${NAME}.damaged`));
          await add(added);
          expect(await entries()).toEqual([...expected, added]);
          await start();
          expect(await entries()).toEqual([...expected, added]);
          expect([codes(), logged]).toEqual([[], []]);
          await folder!.close();
          expect(statSync(inPath(NAME)).mode & 0o777).toBe(0o600);
        }
        // The content of a folder is never removed.
        const kept = readdirSync(path, { recursive: true, encoding: 'utf8' });
        expect([0, 2]).toContain(kept.filter((name) => name.endsWith('inside')).length);
      },
    );

    it('is noticed wherever the file was cut off, or sectors of it were lost', async () => {
      const bytes = readFileSync(inPath(NAME));
      const sectors = bytes.length / 512;
      const losses = fc.tuple(
        fc.nat(sectors - 1),
        fc.integer({ min: 1, max: 16 }),
        fc.constantFrom(0, 0xff, 'cut' as const),
      );
      await fc.assert(
        fc.asyncProperty(losses, async ([from, count, loss]) => {
          const lost = Buffer.from(bytes);
          if (loss !== 'cut') lost.subarray(from * 512, (from + count) * 512).fill(loss);
          writeFileSync(inPath(NAME), loss === 'cut' ? lost.subarray(0, from * 512) : lost);
          await start();
          expect(await entries()).toEqual(CONTENT);
          await folder!.close();
        }),
        { numRuns: 40 },
      );
    });

    it('of another kind each time is kept under a free name', async () => {
      for (const damage of ['a folder with something in it', 'text', 'a pipe', 'an empty folder']) {
        damages[damage]!(inPath(NAME));
        await start();
        expect(await entries()).toEqual(CONTENT);
        await folder!.close();
      }
      expect(
        readdirSync(path).filter((name) => name.startsWith(`${NAME}.damaged`)).length,
      ).toBeGreaterThan(1);
    });

    it.each<[string, (at: string) => void]>([
      ['empty', (at) => truncateSync(at, 0)],
      ['missing', (at) => rmSync(at)],
    ])('a file that is %s is restored from its copy', async (_, damage) => {
      damage(inPath(NAME));
      await start();
      expect(await entries()).toEqual(CONTENT);
      expect(codes()).toEqual(['storage_damaged']);
      expect(logged).toEqual([['error', expect.stringMatching(/its last good copy is used/)]]);
      await add('more');
      await start();
      expect(await entries()).toEqual([...CONTENT, 'more']);
      expect(codes()).toEqual([]);
    });

    it.each<[string, (at: string) => void]>([
      ['empty', (at) => truncateSync(at, 0)],
      ['missing', (at) => rmSync(at)],
    ])('a file that is %s and has no copy is a first start', async (_, damage) => {
      damage(inPath(NAME));
      rmSync(inPath(`${NAME}.bak`));
      await start();
      expect(await entries()).toEqual([]);
      expect([codes(), logged]).toEqual([[], []]);
    });

    it.each(Object.keys(damages))('a copy that is %s does not matter', async (what) => {
      damages[what]!(inPath(`${NAME}.bak`));
      await start();
      expect(await entries()).toEqual(CONTENT);
      await add('more');
      await folder!.close();
      rmSync(inPath(NAME));
      await start();
      expect(await entries()).toEqual([...CONTENT, 'more']);
    });

    it('of file and copy: starts without data', async () => {
      writeFileSync(inPath(NAME), 'text');
      writeFileSync(inPath(`${NAME}.bak`), 'text');
      await start();
      expect(await entries()).toEqual([]);
      expect(codes()).toEqual(['storage_damaged']);
      await add('new');
      await start();
      expect(await entries()).toEqual(['new']);
    });

    /** Changes the database in a process that is killed before the end of its transaction. */
    function killInTransaction(): void {
      const script = `
        const Libsql = require('libsql');
        const database = new Libsql(${JSON.stringify(inPath(NAME))});
        database.exec('PRAGMA cache_size = 1');
        database.exec('BEGIN IMMEDIATE');
        database.exec("UPDATE list_entries SET entry = 'lost' || substr(entry, 1, 200)");
        database.exec("INSERT INTO list_entries SELECT 'other', position, entry || entry FROM list_entries");
        process.kill(process.pid, 'SIGKILL');`;
      expect(() => execFileSync(process.execPath, ['-e', script], { cwd: __dirname })).toThrow();
      expect(isThere(`${NAME}-journal`)).toBe(true);
    }

    it('does not come from a process that is killed in a transaction', async () => {
      const before = readFileSync(inPath(NAME));
      killInTransaction();
      expect(before.equals(readFileSync(inPath(NAME)))).toBe(false);
      await start();
      expect(await entries()).toEqual(CONTENT);
      expect(codes()).toEqual([]);
      expect(isThere(`${NAME}-journal`)).toBe(false);
    });

    it.each<[string, (at: string) => void]>([
      ['damaged', (at) => writeFileSync(at, 'text')],
      ['missing', (at) => rmSync(at)],
      ['empty', (at) => truncateSync(at, 0)],
    ])(
      'does not let a journal that a killed process left change the copy of a %s file',
      async (_, damage) => {
        const copy = readFileSync(inPath(`${NAME}.bak`));
        await start();
        // The pages of the file differ from those of the copy.
        await database.change((transaction) =>
          transaction.deleteFrom('list_entries').where('position', '<', 50).execute(),
        );
        await database.change((transaction) =>
          transaction
            .updateTable('list_entries')
            .set({ entry: 'y'.repeat(800) })
            .execute(),
        );
        await folder!.close();
        writeFileSync(inPath(`${NAME}.bak`), copy);
        killInTransaction();
        damage(inPath(NAME));
        for (const expected of [['storage_damaged'], []]) {
          await start();
          expect(codes()).toEqual(expected);
          expect(await entries()).toEqual(CONTENT);
        }
      },
    );
  });

  describe('the schema', () => {
    const NEXT = [...MIGRATIONS, ['CREATE TABLE more (a TEXT)', "INSERT INTO more VALUES ('x')"]];

    beforeEach(async () => {
      await start();
      await add('one');
      await folder!.close();
    });

    it('of a newer release is refused, and the file stays as it is', async () => {
      const file = new DatabaseFile(inPath(NAME), NEXT);
      await file.open();
      file.close();
      const before = readFileSync(inPath(NAME));
      const failure = await start().catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(DataFolderError);
      expect((failure as Error).message).toMatch(
        new RegExp(`acefleet\\.db cannot be used: .*${NEXT.length}.*newer.*${MIGRATIONS.length}`),
      );
      await folder!.close();
      expect(before.equals(readFileSync(inPath(NAME)))).toBe(true);
    });

    it('is brought to the next version with its data, after a backup', async () => {
      const file = new DatabaseFile(inPath(NAME), NEXT);
      await file.open();
      expect(file.execute('SELECT entry, a FROM list_entries, more', []).rows).toEqual([
        { entry: 'one', a: 'x' },
      ]);
      file.close();
      const kept = inPath(`${NAME}.v${MIGRATIONS.length}`);
      expect(statSync(kept).mode & 0o777).toBe(0o600);
      rmSync(inPath(NAME));
      copyFileSync(kept, inPath(NAME));
      await start();
      expect(await entries()).toEqual(['one']);
    });

    it('stays as it is if it cannot be brought to the next version', async () => {
      const broken = [...MIGRATIONS, ['CREATE TABLE more (a TEXT)', 'DROP TABLE none']];
      await expect(new DatabaseFile(inPath(NAME), broken).open()).rejects.toThrow('none');
      await start();
      expect(await entries()).toEqual(['one']);
      const again = new DatabaseFile(inPath(NAME), NEXT);
      await again.open();
      expect(again.execute('SELECT a FROM more', []).rows).toEqual([{ a: 'x' }]);
      again.close();
    });
  });

  whenMountable('on a disk that takes nothing more', () => {
    let dataDir: string;

    beforeEach(() => {
      jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'performance'] });
      dataDir = mkdtempSync(join(disk!.folder, 'data-'));
    });
    afterEach(async () => {
      jest.useRealTimers();
      disk!.makeReadOnly(false);
      disk!.makeRoom();
      await folder!.close();
      rmSync(dataDir, { recursive: true });
      await disk!.closeFiles();
    });

    const long = 'x'.repeat(20_000);
    const refusal = { code: 'storage_full', status: 507 };

    it('refuses changes, answers reads, and notices the end of it', async () => {
      await start(dataDir);
      await add('one');
      disk!.fill();
      for (let i = 0; i < 3; i += 1) {
        await expect(add(long)).rejects.toMatchObject(refusal);
        jest.advanceTimersByTime(RETRY_MS);
        await entries();
      }
      expect(await entries()).toEqual(['one']);
      expect(codes()).toEqual(['storage_full']);
      expect(logged).toEqual([
        ['error', expect.stringMatching(/DATA_DIR is on a disk that is full/)],
      ]);
      disk!.makeRoom();
      jest.advanceTimersByTime(RETRY_MS);
      await untilTroubles(folder!, 0);
      expect(logged).toHaveLength(2);
      await add(long);
      await start(dataDir);
      expect(await entries()).toEqual(['one', long]);
      expect(codes()).toEqual([]);
    });

    it.each([
      ['full', () => disk!.fill(), () => disk!.makeRoom()],
      ['read-only', () => disk!.makeReadOnly(true), () => disk!.makeReadOnly(false)],
    ])(
      'starts without data at a first start because the disk is %s, and is created at the end of it',
      async (_, begin, end) => {
        begin();
        await start(dataDir);
        expect(await entries()).toEqual([]);
        await expect(add('refused')).rejects.toMatchObject(refusal);
        expect(codes()).toEqual(['storage_full']);
        expect(logged).toHaveLength(1);
        end();
        jest.advanceTimersByTime(RETRY_MS);
        await untilTroubles(folder!, 0);
        await add('one');
        await start(dataDir);
        expect(await entries()).toEqual(['one']);
      },
    );

    it('ends the start with one line if the schema must be upgraded, and keeps the file', async () => {
      const path = join(dataDir, NAME);
      const file = new DatabaseFile(path, MIGRATIONS.slice(0, 1));
      await file.open();
      file.execute("INSERT INTO list_entries (list, position, entry) VALUES ('l', 1, 'one')", []);
      file.close();
      const before = readFileSync(path);
      disk!.fill();
      await expect(start(dataDir)).rejects.toThrow(
        /acefleet\.db cannot be used: its upgrade to schema version \d+ has failed, .*full/,
      );
      await folder!.close();
      expect(before.equals(readFileSync(path))).toBe(true);
      expect(readdirSync(dataDir)).toEqual([NAME]);
      disk!.makeRoom();
      await start(dataDir);
    });

    it('serves its data from a read-only disk, and accepts changes when the disk does', async () => {
      await start(dataDir);
      await add('one');
      await folder!.close();
      await disk!.closeFiles();
      disk!.makeReadOnly(true);
      await start(dataDir);
      expect(await entries()).toEqual(['one']);
      expect(database.troubles).toEqual([
        { code: 'storage_full', detail: expect.stringMatching(/read-only/) },
      ]);
      await expect(add('two')).rejects.toMatchObject(refusal);
      jest.advanceTimersByTime(RETRY_MS);
      expect(await entries()).toEqual(['one']);
      expect(logged).toHaveLength(1);
      disk!.makeReadOnly(false);
      jest.advanceTimersByTime(RETRY_MS);
      await untilTroubles(folder!, 0);
      await add('two');
      await start(dataDir);
      expect(await entries()).toEqual(['one', 'two']);
    });

    it('uses its copy if the file is damaged', async () => {
      await start(dataDir);
      await add(long);
      await folder!.close();
      writeFileSync(join(dataDir, NAME), 'text');
      disk!.fill();
      await start(dataDir);
      expect(await entries()).toEqual([long]);
      await expect(add(long)).rejects.toMatchObject(refusal);
      disk!.makeRoom();
      await until(() => {
        jest.advanceTimersByTime(100);
        return existsSync(join(dataDir, `${NAME}.bak`));
      });
      await until(() => codes().length === 1);
      expect(codes()).toEqual(['storage_damaged']);
      await start(dataDir);
      expect(await entries()).toEqual([long]);
      expect(codes()).toEqual([]);
    });

    it('does not say that it can be written while there is no space for the copy', async () => {
      await start(dataDir);
      for (let i = 0; i < 10; i += 1) await add(long);
      disk!.fill();
      truncateSync(
        join(disk!.folder, 'filler'),
        statSync(join(disk!.folder, 'filler')).size - 150_000,
      );
      jest.advanceTimersByTime(COPY_AFTER_MS);
      await until(() => logged.length > 0);
      for (let i = 0; i < 10; i += 1) {
        jest.advanceTimersByTime(COPY_AFTER_MS);
        await entries();
        for (let turn = 0; turn < 20; turn += 1)
          await new Promise((resolve) => setImmediate(resolve));
      }
      expect(logged).toHaveLength(1);
      expect(codes()).toEqual(['storage_full']);
      disk!.makeRoom();
      await until(() => {
        jest.advanceTimersByTime(100);
        return codes().length === 0;
      });
      expect(existsSync(join(dataDir, `${NAME}.bak`))).toBe(true);
      expect(logged).toHaveLength(2);
    });
  });

  describe('the thread', () => {
    let listeners: ThreadListener[];
    let isHeld: boolean;
    let held: (() => void)[];
    let aheadMs: number;

    beforeEach(() => {
      listeners = [];
      isHeld = false;
      held = [];
      aheadMs = 0;
      const { now } = performance;
      jest.spyOn(performance, 'now').mockImplementation(() => now.call(performance) + aheadMs);
      mockThread = (real, listener) => {
        listeners.push(listener);
        return {
          post: (request) => {
            if (isHeld) held.push(() => real.post(request));
            else real.post(request);
          },
          end: () => real.end(),
        };
      };
    });
    afterEach(() => (mockThread = (real) => real));

    const release = (): void => {
      isHeld = false;
      for (const post of held.splice(0)) post();
    };

    it('that is slow is reported while it writes and afterwards, until a write is quick', async () => {
      await start();
      expect(codes()).toEqual([]);
      isHeld = true;
      const adding = add('slow');
      await until(() => held.length > 0);
      aheadMs += 1900;
      expect(codes()).toEqual([]);
      aheadMs += 600;
      expect(database.troubles).toEqual([
        { code: 'storage_slow', detail: expect.stringMatching(/took 2\.\d s: the disk is slow/) },
      ]);
      release();
      await adding;
      expect(codes()).toEqual(['storage_slow']);
      expect(logged).toEqual([['warn', 'the disk is slow']]);
      await add('quick');
      expect(codes()).toEqual([]);
      expect(await entries()).toEqual(['slow', 'quick']);
    });

    it('that ends is started again; the changes that wait for it fail', async () => {
      await start();
      await add('one');
      isHeld = true;
      const adding = add('two');
      await until(() => held.length > 0);
      held = [];
      isHeld = false;
      listeners[0]!.died(new Error('out of memory'));
      await expect(adding).rejects.toMatchObject({ code: 'storage_failed' });
      expect(await entries()).toEqual(['one']);
      expect(listeners).toHaveLength(2);
      expect(logged.filter(([, text]) => text.includes('thread'))).toHaveLength(1);
      await add('three');
      expect(await entries()).toEqual(['one', 'three']);
      expect(codes()).toEqual([]);
    });

    it('that ends between two statements of a change undoes the first of them', async () => {
      await start();
      const changing = database.change(async (transaction) => {
        await insert(transaction, 'first');
        listeners[0]!.died(new Error('out of memory'));
        await insert(transaction, 'second');
      });
      await expect(changing).rejects.toMatchObject({ code: 'storage_failed' });
      expect(await entries()).toEqual([]);
    });
  });
});
