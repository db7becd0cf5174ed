import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataFolder } from '../storage';
import { ApiKey } from './api-key';
import { ApiKeyFileError, obtainApiKey as obtainKey } from './api-key-file';

describe('ApiKey', () => {
  const key = 'correct-horse';

  it.each([
    ['itself', key, true],
    ['nothing', '', false],
    ['its beginning', 'correct', false],
    ['a longer one', `${key}x`, false],
    ['another case', 'Correct-horse', false],
    ['something far longer', 'x'.repeat(100_000), false],
  ])('matches %s: %#', (_what, candidate, matches) => {
    expect(new ApiKey(key).matches(candidate)).toBe(matches);
  });

  it('accepts at most 256 bytes', () => {
    const long = 'k'.repeat(256);
    expect(new ApiKey(long).matches(long)).toBe(true);
    expect(new ApiKey(`${long}k`).matches(`${long}k`)).toBe(false);
  });

  it('is short below 16 characters', () => {
    expect([15, 16].map((length) => new ApiKey('k'.repeat(length)).isShort)).toEqual([true, false]);
  });

  it('does not keep the key itself', () => {
    expect(JSON.stringify(new ApiKey(key))).not.toContain(key);
  });
});

describe('obtainApiKey', () => {
  let home: string;
  let dir: string;
  const obtainApiKey = async (path: string): Promise<string> => {
    const folder = new DataFolder(path);
    const key = await obtainKey(folder);
    await folder.close();
    return key;
  };

  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), 'acefleet-key-'));
    dir = join(home, 'data');
  });
  afterEach(() => rm(home, { recursive: true }));

  it('generates a key once, readable for its owner only', async () => {
    const key = await obtainApiKey(dir);
    expect(key).toMatch(/^[\w-]{43}$/);
    expect(await obtainApiKey(dir)).toBe(key);
    expect((await stat(dir)).mode & 0o777).toBe(0o700);
    expect((await stat(join(dir, 'api-key'))).mode & 0o777).toBe(0o600);
    expect(await readFile(join(dir, 'api-key'), 'utf8')).toBe(`${key}\n`);
    expect(await readdir(dir)).toEqual(['api-key', 'api-key.bak']);
  });

  it('gives the same key to processes that start at the same time', async () => {
    const keys = await Promise.all(Array.from({ length: 20 }, () => obtainApiKey(dir)));
    expect(new Set(keys).size).toBe(1);
    expect(await readdir(dir)).toEqual(['api-key', 'api-key.bak']);
  });

  it('restricts the mode of a key file that was copied', async () => {
    await obtainApiKey(dir);
    await chmod(join(dir, 'api-key'), 0o644);
    await obtainApiKey(dir);
    expect((await stat(join(dir, 'api-key'))).mode & 0o777).toBe(0o600);
  });

  it.each([
    ['nothing', ''],
    ['two words', 'a b\n'],
    ['bytes', randomBytes(600).toString('latin1')],
    ['its own first half', null],
  ])('restores a file that holds %s, without showing it', async (_what, content) => {
    const key = await obtainApiKey(dir);
    await writeFile(join(dir, 'api-key'), content ?? key.slice(0, 20));
    const folder = new DataFolder(dir);
    expect(await obtainKey(folder)).toBe(key);
    await folder.close();
    expect(await readFile(join(dir, 'api-key'), 'utf8')).toBe(`${key}\n`);
    const line =
      'api-key is damaged: its last good copy is used; the damaged file is kept as api-key.damaged';
    expect(folder.unlogged).toEqual([line]);
    expect(folder.troubles()).toEqual([{ code: 'storage_damaged', detail: line }]);
  });

  it('generates a new key when the file is damaged and has no good copy', async () => {
    const key = await obtainApiKey(dir);
    await writeFile(join(dir, 'api-key'), '');
    await writeFile(join(dir, 'api-key.bak'), '\0\0\0\0');
    const folder = new DataFolder(dir);
    const other = await obtainKey(folder);
    await folder.close();
    expect(other).not.toBe(key);
    expect(await obtainApiKey(dir)).toBe(other);
    expect(folder.unlogged).toEqual([expect.stringMatching(/damaged: .*a new key is generated/)]);
  });

  it('generates a new key when the file was removed, and uses a changed file', async () => {
    const key = await obtainApiKey(dir);
    await rm(join(dir, 'api-key'));
    expect(await obtainApiKey(dir)).not.toBe(key);
    await writeFile(join(dir, 'api-key'), 'mine');
    expect(await obtainApiKey(dir)).toBe('mine');
  });

  it('creates the folders above it', async () => {
    dir = join(home, 'a', 'b', 'c');
    const key = await obtainApiKey(dir);
    expect(await obtainApiKey(dir)).toBe(key);
  });

  it('fails where no folder can be created', async () => {
    await expect(obtainApiKey('/proc/acefleet/data')).rejects.toThrow(ApiKeyFileError);
  });

  it('names the file that cannot be used', async () => {
    await writeFile(join(home, 'taken'), '');
    await expect(obtainApiKey(join(home, 'taken'))).rejects.toThrow(/taken.api-key/);
  });
});
