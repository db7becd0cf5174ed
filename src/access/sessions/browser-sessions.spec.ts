import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataFolder } from '../../storage';
import { ApiKeys } from '../api-keys/api-keys';
import {
  AGE_LIMIT_MS,
  BrowserSessions,
  IDLE_LIMIT_MS,
  MAX_SESSIONS_EACH,
  type NewSession,
} from './browser-sessions';

describe('BrowserSessions', () => {
  const MAIN: NewSession = {
    origin: 'key',
    keyId: null,
    address: '192.0.2.1',
    userAgent: 'Firefox',
  };
  const LINK: NewSession = { ...MAIN, origin: 'link' };

  let dir: string;
  let folder: DataFolder | null;
  let nowMs: number;
  let keys: ApiKeys;
  let sessions: BrowserSessions;

  /** Opens the sessions like a process that starts, after the last process has ended. */
  async function open(mainKey = 'correct-horse-battery'): Promise<void> {
    await close();
    folder = new DataFolder(dir);
    await folder.open();
    keys = await ApiKeys.open(mainKey, folder, () => nowMs);
    sessions = await BrowserSessions.open(folder, keys, () => nowMs);
  }

  async function close(): Promise<void> {
    if (folder === null) return;
    await sessions.onModuleDestroy();
    await keys.onModuleDestroy();
    await folder.close();
    folder = null;
  }

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'acefleet-sessions-'));
    folder = null;
    nowMs = Date.UTC(2030, 0, 1);
    await open();
  });
  afterEach(async () => {
    await close();
    await rm(dir, { recursive: true });
  });

  async function newKey(
    scope: 'read' | 'admin',
    expiresAtMs: number | null = null,
  ): Promise<string> {
    return (await keys.create({ name: 'Grafana', scope, expiresAtMs })).key.id;
  }

  it('may do what the key may do, and after a link everything', async () => {
    const keyId = await newKey('read');
    const { session, secret } = sessions.create({ ...MAIN, keyId });
    expect(sessions.find(secret)).toEqual({
      id: keyId,
      sessionId: session.id,
      name: 'Grafana',
      scope: 'read',
      isExpired: false,
    });
    const byLink = sessions.create(LINK);
    expect(sessions.find(byLink.secret)).toMatchObject({ name: 'link', scope: 'admin', id: null });
    for (const wrong of ['', secret.slice(1), `${secret}x`, session.id]) {
      expect(sessions.find(wrong)).toBeNull();
    }
  });

  it('ends with its key, when that is removed or expires', async () => {
    const removed = await newKey('admin');
    const expiring = await newKey('admin', nowMs + 1000);
    const first = sessions.create({ ...MAIN, keyId: removed });
    const second = sessions.create({ ...MAIN, keyId: expiring });
    const admitted = sessions.find(first.secret)!;
    const admittedByKey = keys.withId(removed)!;
    expect(sessions.isStillAdmitted(admitted)).toBe(true);
    expect(sessions.isStillAdmitted(admittedByKey)).toBe(true);
    await keys.remove(removed);
    expect(sessions.isStillAdmitted(admitted)).toBe(false);
    expect(sessions.isStillAdmitted(admittedByKey)).toBe(false);
    expect(sessions.find(first.secret)).toBeNull();
    expect(sessions.find(second.secret)).not.toBeNull();
    nowMs += 1000;
    expect(sessions.find(second.secret)).toBeNull();
    expect(sessions.list()).toEqual([]);
  });

  it('ends after 12 hours without use, and after 30 days at the latest', () => {
    const { secret } = sessions.create(LINK);
    const startMs = nowMs;
    while (nowMs < startMs + AGE_LIMIT_MS - IDLE_LIMIT_MS) {
      nowMs += IDLE_LIMIT_MS - 1;
      expect(sessions.find(secret)).not.toBeNull();
    }
    nowMs = startMs + AGE_LIMIT_MS;
    expect(sessions.find(secret)).toBeNull();
    const idle = sessions.create(LINK);
    nowMs += IDLE_LIMIT_MS;
    expect(sessions.find(idle.secret)).toBeNull();
  });

  it('survives a restart, unless there is another main key', async () => {
    const { secret, session } = sessions.create(LINK);
    nowMs += 3_600_000;
    sessions.find(secret);
    await open();
    expect(sessions.find(secret)).toMatchObject({ sessionId: session.id });
    expect(sessions.list()).toEqual([
      expect.objectContaining({ createdAtMs: nowMs - 3_600_000, lastSeenAtMs: nowMs }),
    ]);
    await open('another-main-key-here');
    expect(sessions.find(secret)).toBeNull();
  });

  it('stays ended over a restart', async () => {
    const { secret, session } = sessions.create(LINK);
    expect(await sessions.end(session.id)).toBe(true);
    expect(await sessions.end(session.id)).toBe(false);
    expect(sessions.find(secret)).toBeNull();
    await open();
    expect(sessions.find(secret)).toBeNull();
    expect(sessions.list()).toEqual([]);
  });

  it('keeps only a digest of the secret', async () => {
    const { secret } = sessions.create(LINK);
    await close();
    expect((await readFile(join(dir, 'acefleet.db'))).includes(secret)).toBe(false);
    await open();
  });

  it('of the same key are bounded: the one that was used longest ago ends', async () => {
    const keyId = await newKey('read');
    const other = sessions.create({ ...MAIN, keyId });
    const all = Array.from({ length: MAX_SESSIONS_EACH }, () => {
      nowMs += 1;
      return sessions.create(LINK);
    });
    nowMs += 1;
    sessions.find(all[0]!.secret);
    sessions.create(LINK);
    expect(sessions.find(all[1]!.secret)).toBeNull();
    expect(sessions.find(all[0]!.secret)).not.toBeNull();
    expect(sessions.find(other.secret)).not.toBeNull();
    expect(sessions.list()).toHaveLength(MAX_SESSIONS_EACH + 1);
  });
});
