import { execFileSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { type AtomicFile, RETRY_MS } from './atomic-file';
import { DataFolder } from './data-folder';
import { SmallDisk } from './full-disk.spec-support';
import { untilTroubles } from './storage.spec-support';

const disk = SmallDisk.mount();
const whenMountable = disk === null ? describe.skip : describe;
afterAll(() => disk?.unmount());

const textOf = (values: unknown[]): string => `${JSON.stringify(values)}\n`;

describe('AtomicFile', () => {
  let path: string;
  let folder: DataFolder;
  const opened: AtomicFile<unknown[]>[] = [];

  /** Opens the file like a process that starts. */
  function open(dataDir = path): AtomicFile<unknown[]> {
    folder = new DataFolder(dataDir);
    const parse = (text: string): unknown[] => {
      const value: unknown = JSON.parse(text);
      if (!Array.isArray(value)) throw new Error('no list');
      return value;
    };
    const file = folder.file({ name: 'list.json', parse, ifLost: 'starting without' });
    opened.push(file);
    return file;
  }

  const contentOf = (name: string): string => readFileSync(join(path, name), 'utf8');

  beforeEach(() => {
    path = mkdtempSync(join(tmpdir(), 'atomic-file-'));
  });
  afterEach(async () => {
    for (const file of opened.splice(0)) await file.close();
    rmSync(path, { recursive: true });
  });

  /** Creates the file with its copy, as an earlier process did. */
  async function leave(text: string, dataDir = path): Promise<void> {
    const file = open(dataDir);
    await file.obtain(() => text);
    await file.close();
  }

  it('keeps its text twice, and leaves no other files', async () => {
    const file = open();
    expect(await file.read()).toBeNull();
    expect(await file.obtain(() => textOf([1]))).toEqual([1]);
    expect(await file.obtain(() => textOf([2]))).toEqual([1]);
    await file.close();
    expect(readdirSync(path)).toEqual(['list.json', 'list.json.bak']);
    expect([contentOf('list.json'), contentOf('list.json.bak')]).toEqual([
      textOf([1]),
      textOf([1]),
    ]);
    expect(await open().read()).toEqual([1]);
    expect(folder.troubles()).toEqual([]);
  });

  it('accepts a text that an operator has changed, and copies it', async () => {
    await leave(textOf(['a', 'b']));
    writeFileSync(join(path, 'list.json'), textOf(['a']));
    const file = open();
    expect(await file.read()).toEqual(['a']);
    await file.close();
    expect(contentOf('list.json.bak')).toBe(textOf(['a']));
    expect(folder.troubles()).toEqual([]);
  });

  it('restores its last text, wherever the file was cut off or overwritten with NUL bytes', async () => {
    const text = textOf(['one', { two: 2 }, [3]]);
    const last = text.length - 1;
    await leave(text);
    // The text without its final line break is still complete.
    const places = fc.tuple(fc.nat(last - 1), fc.nat(last - 1), fc.boolean());
    await fc.assert(
      fc.asyncProperty(places, async ([from, length, isCut]) => {
        const bytes = Buffer.from(text);
        bytes.fill(0, from, Math.min(from + length + 1, bytes.length));
        writeFileSync(join(path, 'list.json'), isCut ? text.slice(0, from) : bytes);
        const file = open();
        expect(await file.read()).toEqual(['one', { two: 2 }, [3]]);
        expect(folder.troubles()).toHaveLength(1);
        await file.close();
        expect(contentOf('list.json')).toBe(text);
      }),
      { numRuns: 30 },
    );
    expect(readdirSync(path)).toEqual(['list.json', 'list.json.bak', 'list.json.damaged']);
  });

  it.each<[string, (at: string) => void]>([
    ['a folder', (at) => mkdirSync(at)],
    ['a folder with something in it', (at) => mkdirSync(join(at, 'inside'), { recursive: true })],
    ['a link to itself', (at) => symlinkSync(at, at)],
    ['a pipe', (at) => execFileSync('mkfifo', [at])],
  ])(
    'gives its last text back where %s has its name, also for the second time',
    async (_, make) => {
      await leave(textOf([1]));
      for (const name of ['list.json', 'list.json', 'list.json.bak']) {
        rmSync(join(path, name));
        make(join(path, name));
        const file = open();
        expect(await file.read()).toEqual([1]);
        const isDamaged = name === 'list.json';
        expect(folder.troubles().map(({ code }) => code)).toEqual(
          isDamaged ? ['storage_damaged'] : [],
        );
        await file.close();
        expect([contentOf('list.json'), contentOf('list.json.bak')]).toEqual([
          textOf([1]),
          textOf([1]),
        ]);
      }
      // The content of a folder is never removed.
      const kept = readdirSync(path, { recursive: true, encoding: 'utf8' }).filter((name) =>
        name.endsWith('inside'),
      );
      expect([0, 3]).toContain(kept.length);
    },
  );

  it('needs no copy if the file is good', async () => {
    await leave(textOf([1]));
    writeFileSync(join(path, 'list.json.bak'), '\0\0');
    const next = open();
    expect(await next.read()).toEqual([1]);
    await next.close();
    expect(contentOf('list.json.bak')).toBe(textOf([1]));
    expect(folder.troubles()).toEqual([]);
  });

  it('removes drafts of killed processes, but not drafts that other processes may still be writing', async () => {
    const ours = ['list.json', 'list.json.bak', 'api-key', 'notes.tmp', 'api-key.mine'];
    const drafts = [
      ...['api-key.0123456789ab', 'instance.0123456789ab', 'channels.json.new'],
      ...[
        'list.json.0123456789ab.tmp',
        'list.json.bak.0123456789ab.tmp',
        'api-key.0123456789ab.tmp',
      ],
    ];
    for (const name of [...ours, ...drafts]) writeFileSync(join(path, name), 'x');
    const anHourAgo = Date.now() / 1000 - 3700;
    utimesSync(join(path, drafts[0]!), anHourAgo, anHourAgo);
    const data = new DataFolder(path);
    await data.removeDrafts(false);
    expect(readdirSync(path).sort()).toEqual([...ours, ...drafts.slice(1)].sort());
    await data.removeDrafts(true);
    expect(readdirSync(path).sort()).toEqual(ours.sort());
  });

  it('creates a new text where a dangling link has its name', async () => {
    symlinkSync(join(path, 'nowhere'), join(path, 'list.json'));
    expect(await open().obtain(() => textOf([1]))).toEqual([1]);
    expect(contentOf('list.json')).toBe(textOf([1]));
  });

  whenMountable('on a disk that takes nothing more', () => {
    beforeEach(() => {
      jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'performance'] });
    });
    afterEach(() => {
      jest.useRealTimers();
      disk!.makeReadOnly(false);
      disk!.makeRoom();
    });

    const untilWell = async (): Promise<void> => {
      jest.advanceTimersByTime(RETRY_MS);
      await untilTroubles(folder, 0);
    };

    it.each([
      ['is full', () => disk!.fill(), () => disk!.makeRoom(), /full \(ENOSPC\)/],
      [
        'is read-only',
        () => disk!.makeReadOnly(true),
        () => disk!.makeReadOnly(false),
        /read-only \(EROFS\)/,
      ],
    ])(
      'uses its copy because the disk %s, and restores the file at the end of it',
      async (_, begin, end, why) => {
        const dataDir = disk!.folder;
        const name = join(dataDir, 'list.json');
        await leave(textOf(['old']), dataDir);
        writeFileSync(name, '');
        begin();
        const file = open(dataDir);
        expect(await file.read()).toEqual(['old']);
        await untilTroubles(folder, 2);
        expect(folder.troubles()).toEqual([
          { code: 'storage_full', detail: expect.stringMatching(why) },
          { code: 'storage_damaged', detail: expect.stringContaining('last good copy is used') },
        ]);
        expect(readdirSync(dataDir).filter((one) => one.endsWith('.tmp'))).toEqual([]);
        end();
        jest.advanceTimersByTime(RETRY_MS);
        await untilTroubles(folder, 1);
        expect(readFileSync(name, 'utf8')).toBe(textOf(['old']));
      },
    );

    it('uses a text that was generated on a full disk, and writes it as soon as there is space', async () => {
      const file = open(join(disk!.folder, 'first'));
      disk!.fill();
      expect(await file.obtain(() => textOf(['made']))).toEqual(['made']);
      expect(folder.troubles()).toMatchObject([{ code: 'storage_full' }]);
      disk!.makeRoom();
      await untilWell();
      expect(await open(join(disk!.folder, 'first')).obtain(() => textOf(['other']))).toEqual([
        'made',
      ]);
    });
  });
});
