import 'reflect-metadata';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Logger } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from '../../http';
import { DataFolder } from '../../storage';
import { ApiKeys } from '../api-keys/api-keys';
import { setKeyOfRequest } from '../api-keys/key-of-request';
import { KeyAttempts } from '../key-attempts';
import { BrowserSessions } from './browser-sessions';
import { BrowserSessionsController } from './browser-sessions.controller';
import { sessionSecretOf } from './session-cookie';
import { SignInLinks } from './sign-in-links';

describe('BrowserSessionsController', () => {
  let dir: string;
  let folder: DataFolder;
  let keys: ApiKeys;
  let sessions: BrowserSessions;
  let controller: BrowserSessionsController;

  beforeAll(() => Logger.overrideLogger(false));
  afterAll(() => Logger.overrideLogger(['error', 'warn', 'log']));

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'acefleet-sign-in-'));
    folder = new DataFolder(dir);
    await folder.open();
    keys = await ApiKeys.open('correct-horse-battery', folder);
    sessions = await BrowserSessions.open(folder, keys);
    controller = new BrowserSessionsController(
      { publicUrl: 'http://tv.example' },
      keys,
      sessions,
      new SignInLinks(),
      new KeyAttempts(),
    );
  });
  afterEach(async () => {
    await sessions.onModuleDestroy();
    await keys.onModuleDestroy();
    await folder.close();
    await rm(dir, { recursive: true });
  });

  const request = (): FastifyRequest =>
    ({
      ...{ ip: '192.0.2.1', host: 'tv.example', protocol: 'http', raw: {}, socket: {} },
      headers: { 'sec-fetch-site': 'same-origin' },
    }) as unknown as FastifyRequest;

  const newKey = async (): Promise<string> =>
    (await keys.create({ name: 'Portal', scope: 'admin', expiresAtMs: null })).key.id;

  /** The token of a link that a request with this key has created. */
  function newToken(keyId: string | null): string {
    const asking = request();
    setKeyOfRequest(asking, keys.withId(keyId)!);
    return controller.createLink(asking).url.split('#token=')[1] ?? '';
  }

  /** The secret of the session that the token begins. */
  function signIn(token: string): string {
    let cookie = '';
    const reply = { header: (_: string, value: string) => (cookie = value) };
    controller.signIn({ token }, request(), reply as unknown as FastifyReply);
    return sessionSecretOf({ cookie }) ?? '';
  }

  it('ends the session of a link with the key that the link was created with', async () => {
    const keyId = await newKey();
    const [secret, ofMainKey] = [signIn(newToken(keyId)), signIn(newToken(null))];
    expect(sessions.find(secret)).toMatchObject({ id: keyId, name: 'link', scope: 'admin' });
    await keys.remove(keyId);
    expect(sessions.find(secret)).toBeNull();
    expect(sessions.find(ofMainKey)).toMatchObject({ id: null, name: 'link', scope: 'admin' });
  });

  it('refuses a link whose key was removed', async () => {
    const keyId = await newKey();
    const token = newToken(keyId);
    await keys.remove(keyId);
    expect(() => signIn(token)).toThrow(expect.objectContaining({ code: 'forbidden' }) as Error);
    expect(sessions.list()).toEqual([]);
  });
});
