import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { AppError } from '../../kernel/errors';
import { DataFolder } from '../../storage';
import { ApiKeys, MAX_KEYS } from './api-keys';
import { ApiKeyFileError, obtainApiKey as obtainKey } from './api-key-file';

describe('ApiKeys', () => {
  const MAIN = 'correct-horse';
  const TERMS = { name: 'Grafana', scope: 'read', expiresAtMs: null } as const;
  const DAY_MS = 86_400_000;

  let dir: string;
  let folder: DataFolder | null;
  let nowMs: number;

  /** Opens the keys like a process that starts, after the last process has ended. */
  async function open(mainKey = MAIN): Promise<ApiKeys> {
    await folder?.close();
    folder = new DataFolder(dir);
    await folder.open();
    return ApiKeys.open(mainKey, folder, () => nowMs);
  }

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'acefleet-keys-'));
    folder = null;
    nowMs = Date.UTC(2030, 0, 1);
  });
  afterEach(async () => {
    await folder?.close();
    await rm(dir, { recursive: true });
  });

  it.each([
    ['itself', MAIN, true],
    ['nothing', '', false],
    ['its beginning', 'correct', false],
    ['a longer one', `${MAIN}x`, false],
    ['another case', 'Correct-horse', false],
    ['something far longer', 'x'.repeat(100_000), false],
  ])('finds the main key by %s: %#', async (_what, candidate, isFound) => {
    const expected = isFound
      ? { id: null, sessionId: null, name: 'main key', scope: 'admin', isExpired: false }
      : null;
    expect((await open()).find(candidate)).toEqual(expected);
  });

  it('accepts at most 256 bytes', async () => {
    const long = 'k'.repeat(256);
    expect((await open(long)).find(long)).not.toBeNull();
    expect((await open(`${long}k`)).find(`${long}k`)).toBeNull();
  });

  it('calls a main key below 16 characters short', async () => {
    expect((await open('k'.repeat(15))).isMainKeyShort).toBe(true);
    expect((await open('k'.repeat(16))).isMainKeyShort).toBe(false);
  });

  it('finds a new key by its secret, also after a restart, and keeps no secret', async () => {
    const keys = await open();
    const { key, secret } = await keys.create(TERMS);
    expect(secret).toMatch(/^acefleet_[\w-]{43}$/);
    expect(keys.find(secret)).toEqual({
      id: key.id,
      sessionId: null,
      name: 'Grafana',
      scope: 'read',
      isExpired: false,
    });
    expect(keys.find(secret.slice(0, -1))).toBeNull();
    const kept = inspect(Object.assign({}, keys, { store: null, nowMs: null }), {
      depth: 5,
    });
    expect(kept).toContain('Grafana');
    expect(kept).not.toContain(MAIN);
    expect(kept).not.toContain(secret);

    const again = await open();
    expect(again.find(secret)).toEqual({
      id: key.id,
      sessionId: null,
      name: 'Grafana',
      scope: 'read',
      isExpired: false,
    });
    expect(again.list()).toEqual([expect.objectContaining({ ...TERMS, createdAtMs: nowMs })]);
    await folder?.close();
    for (const name of await readdir(dir)) {
      const content = await readFile(join(dir, name), 'latin1');
      expect(content).not.toContain(secret.slice('acefleet_'.length));
    }
  });

  it('makes another secret for every key', async () => {
    const keys = await open();
    const made = await Promise.all(Array.from({ length: 10 }, () => keys.create(TERMS)));
    expect(new Set(made.map(({ secret }) => secret)).size).toBe(10);
    expect(new Set(made.map(({ key }) => key.id)).size).toBe(10);
  });

  it('changes and removes a key, at once and for ever', async () => {
    const keys = await open();
    const { key, secret } = await keys.create(TERMS);
    await Promise.all([
      keys.update(key.id, { scope: 'operate' }),
      keys.update(key.id, { name: 'Other' }),
    ]);
    expect(keys.find(secret)).toMatchObject({ scope: 'operate' });
    expect((await open()).list()).toEqual([
      expect.objectContaining({ name: 'Other', scope: 'operate' }),
    ]);
    const last = await open();
    expect(await last.remove(key.id)).toBe(true);
    expect(last.find(secret)).toBeNull();
    expect(await last.remove(key.id)).toBe(false);
    expect(await last.update(key.id, { name: 'x' })).toBeNull();
    expect((await open()).find(secret)).toBeNull();
  });

  it('expires keys', async () => {
    const keys = await open();
    const { key, secret } = await keys.create({ ...TERMS, expiresAtMs: nowMs + DAY_MS });
    expect(keys.find(secret)).toMatchObject({ isExpired: false });
    nowMs += DAY_MS;
    expect(keys.find(secret)).toMatchObject({ isExpired: true });
    await keys.update(key.id, { expiresAtMs: null });
    expect(keys.find(secret)).toMatchObject({ isExpired: false });
  });

  it('remembers the last use in steps of ten minutes', async () => {
    const keys = await open();
    const { key } = await keys.create(TERMS);
    const firstMs = nowMs;
    const change = jest.spyOn(folder!.database, 'change');
    for (let second = 0; second < 1200; second += 1) {
      keys.noteUse(key.id);
      nowMs += 1000;
    }
    await keys.onModuleDestroy();
    expect(change.mock.calls.length).toBeLessThanOrEqual(2);
    expect(keys.list()[0]?.lastUsedAtMs).toBe(firstMs + 600_000);
    expect((await open()).list()[0]?.lastUsedAtMs).toBe(firstMs + 600_000);
  });

  it('has at most 100 keys', async () => {
    const keys = await open();
    for (let count = 0; count < MAX_KEYS; count += 1) await keys.create(TERMS);
    await expect(keys.create(TERMS)).rejects.toMatchObject({ code: 'conflict' });
  });

  it('changes nothing when the disk refuses', async () => {
    const keys = await open();
    const { key, secret } = await keys.create(TERMS);
    const refusal = new AppError('storage_full', 'no space');
    jest.spyOn(folder!.database, 'change').mockRejectedValue(refusal);
    await expect(keys.create(TERMS)).rejects.toBe(refusal);
    await expect(keys.update(key.id, { scope: 'admin' })).rejects.toBe(refusal);
    await expect(keys.remove(key.id)).rejects.toBe(refusal);
    expect(keys.list()).toHaveLength(1);
    expect(keys.find(secret)).toMatchObject({ scope: 'read' });
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
