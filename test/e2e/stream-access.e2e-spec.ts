import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  API_KEY,
  call,
  eventually,
  expectProblem,
  newContentId,
  onScopeEnd,
  openViewer,
  startProduct,
  startSimulator,
  streamPath,
  type Answer,
  type Product,
  type ResponseHead,
  type Simulator,
  type User,
  type Viewer,
} from './support';
import { loadPlaylist, loadSegment, manifestPath } from './support/hls';
import { clientsOf, eventsOf } from './support/session-facts';
import { withLag } from '../../src/kernel/testing/lag.spec-support';

/** The product promises a second; the rest is for a busy machine. */
const REVOKED_WITHIN_MS = 1000;

const KEY: Readonly<Record<string, string>> = { 'X-API-Key': API_KEY };
const TV = { 'User-Agent': 'TiviMate/5.1.0' };
const PHONE = { 'User-Agent': 'VLC/3.0.20' };
const NO_RECORD = { live: 0, file_bytes: 60_000_000, file_seed: 3 };

describe('access to streams', () => {
  const newsId = newContentId();
  let engine: Simulator;
  let product: Product;

  beforeAll(async () => {
    engine = await startSimulator({ startDelayMs: 0, bitrateMbps: 1 });
    product = await startProduct({
      engines: [engine],
      env: {
        STREAM_ACCESS: 'token',
        STREAM_ALLOW_CIDRS: '127.7.0.0/16',
        MAX_STREAMS_PER_ENGINE: '50',
        PROXY_GRACE_PERIOD: '1s',
      },
    });
    const sources = [{ id: newsId }];
    await product.api('PUT', '/api/v1/channels/news', { name: 'News', number: 7, sources });
  });

  const ask = (
    path: string,
    headers: Readonly<Record<string, string>> = {},
    method = 'GET',
  ): Promise<Answer> => call({ port: product.port, path, headers, method });

  const below = (user: User, path: string): string => `/t/${user.secret}${path}`;

  function watch(user: User, id: string, headers = TV): Viewer {
    return openViewer(product.url(below(user, streamPath(id))), { headers });
  }

  async function change(user: User, body: object): Promise<void> {
    const answer = await product.api('PATCH', `/api/v1/users/${user.id}`, body);
    expect([answer.status, answer.text]).toEqual([200, expect.any(String)]);
  }

  async function facts(user: User): Promise<Readonly<Record<string, unknown>>> {
    return (await product.api('GET', `/api/v1/users/${user.id}`)).body;
  }

  const FOR_PLAYERS = [
    '/playlist.m3u',
    '/discover.json',
    '/lineup.json',
    '/lineup_status.json',
    '/device.xml',
    '/ace/status',
    '/ace/getstream?channel=news',
    '/ace/getstream?channel=news&format=json',
    '/ace/manifest.m3u8?channel=news',
    '/ace/preflight?channel=news',
    '/ace/stat/x/any',
    '/ace/cmd/x/y?method=stop',
    '/ace/hls/x/1.ts',
    '/ace/r/x/y',
    '/auto/v7',
  ];

  it.each(FOR_PLAYERS)('%s needs a token, which must be valid', async (path) => {
    const none = await ask(path);
    expect([none.status, none.body.code]).toEqual([401, 'unauthorized']);
    // Each has its own source address, so that their wrong tokens are not counted together.
    const localAddress = `127.9.1.${FOR_PLAYERS.indexOf(path) + 1}`;
    const wrong = openViewer(product.url(`/t/${'x'.repeat(32)}${path}`), { localAddress });
    await expectProblem(wrong, 403, 'forbidden');
    const key = await ask(path, KEY);
    expect(key.status).toBe(401);
    const user = await product.createUser();
    await change(user, { is_enabled: false });
    const disabled = await ask(below(user, path));
    expect(disabled).toMatchObject({ status: 403, body: { detail: 'This user is disabled.' } });
  });

  it('admits nothing else by a token', async () => {
    const user = await product.createUser();
    const paths = ['/engines', '/api/v1/users', '/metrics', '/health/ready', '/docs', '/'];
    for (const path of [...paths, '/openapi.json', '/docs/swagger-ui.css', '/nothing']) {
      for (const headers of [{}, KEY]) {
        const answer = await ask(below(user, path), headers);
        expect([path, answer.status, answer.body.code]).toEqual([path, 404, 'not_found']);
        expect(answer.text).not.toContain(user.secret);
      }
    }
    const asKey = await ask('/engines', { 'X-API-Key': user.secret });
    expect(asKey.status).toBe(403);
  });

  it('gives a user only addresses with the token, and lets no cache keep them', async () => {
    const user = await product.createUser();
    const base = `http://tv.example:8000/t/${user.secret}`;
    const get = async (path: string): Promise<Answer> => {
      const answer = await ask(below(user, path), { Host: 'tv.example:8000' });
      expect([path, answer.status]).toEqual([path, 200]);
      expect(answer.headers['cache-control']).toBe('private, no-store');
      expect(answer.headers['referrer-policy']).toBe('no-referrer');
      return answer;
    };
    expect((await get('/playlist.m3u')).text).toContain(`\n${base}/ace/getstream?channel=news\n`);
    expect((await get('/playlist.m3u?format=hls')).text).toContain(`${base}/ace/manifest.m3u8?`);
    expect((await get('/discover.json')).body).toMatchObject({
      BaseURL: base,
      LineupURL: `${base}/lineup.json`,
    });
    expect((await get('/lineup.json')).body).toMatchObject([{ URL: `${base}/auto/v7` }]);
    expect((await get('/device.xml')).text).toContain(`<URLBase>${base}</URLBase>`);
    const { response } = (await get('/ace/getstream?channel=news&format=json')).body;
    const addresses = [response.playback_url, response.stat_url, response.command_url];
    for (const address of addresses) expect(address.startsWith(`${base}/ace/`)).toBe(true);
    expect((await get('/ace/status?channel=news')).body.stat_url).toContain(`${base}/ace/stat/`);
    expect((await get(new URL(response.stat_url).pathname.slice(35))).body.error).toBeNull();
    const stopped = new URL(`${response.command_url}?method=stop`);
    expect((await ask(stopped.pathname + stopped.search)).body.response).toBe('ok');
  });

  it('plays the addresses below a token, tolerant as without one', async () => {
    const user = await product.createUser();
    const id = newContentId();
    const viewer = openViewer(product.url(`/t/${user.secret}//ace//getstream/${id}.ts/`), {});
    await viewer.playing();
    expect((await viewer.head).headers['cache-control']).toBe('no-store, no-transform');
    expect(await clientsOf(product, id)).toMatchObject([{ user: user.name, state: 'streaming' }]);
    expect(await facts(user)).toMatchObject({ viewers: 1, streams: 1 });
    expect(Date.parse(String((await facts(user)).last_seen_at))).toBeGreaterThan(0);
    const playlist = await loadPlaylist(product.url(below(user, manifestPath(id))));
    expect(playlist.segments[0]!.url).toContain(`/t/${user.secret}/ace/hls/`);
    expect((await loadSegment(playlist.segments[0]!)).length).toBeGreaterThan(0);
    const bare = playlist.segments[0]!.url.replace(`/t/${user.secret}`, '');
    expect((await fetch(bare)).status).toBe(401);
    expect(await facts(user)).toMatchObject({ viewers: 2, streams: 2 });
    const probe = await ask(below(user, streamPath(id)), {}, 'OPTIONS');
    expect(probe.status).toBe(204);
  });

  it('admits the networks of STREAM_ALLOW_CIDRS and of a user', async () => {
    const user = await product.createUser({ cidrs: ['127.8.0.0/16'] });
    const from = (localAddress: string, path: string): Viewer =>
      openViewer(product.url(path), { localAddress });
    const path = '/ace/status';
    expect((await from('127.7.0.1', path).head).status).toBe(200);
    await expectProblem(from('127.8.0.1', path), 401, 'unauthorized');
    expect((await from('127.8.0.1', below(user, path)).head).status).toBe(200);
    const elsewhere = await expectProblem(from('127.7.0.1', below(user, path)), 403, 'forbidden');
    expect(elsewhere.detail).toBe('This user may not come from this address.');
    // Nobody may choose an address for itself.
    const forged = await ask(path, { 'X-Forwarded-For': '127.7.0.1' });
    expect(forged.status).toBe(401);
  });

  it('limits wrong tokens per address, and never a right one', async () => {
    const user = await product.createUser();
    const localAddress = '127.9.0.1';
    const guess = (): Viewer =>
      openViewer(product.url('/t/wrong-token/ace/status'), { localAddress });
    for (let i = 0; i < 10; i += 1) await expectProblem(guess(), 403, 'forbidden');
    await expectProblem(guess(), 429, 'rate_limited');
    const right = openViewer(product.url(below(user, '/ace/status')), { localAddress });
    expect((await right.head).status).toBe(200);
  });

  describe('streams of a user at once', () => {
    it('replaces the oldest stream of the same device, and refuses other devices', async () => {
      const user = await product.createUser({ max_streams: 1 });
      const [first, second] = [newContentId(), newContentId()];
      const viewer = watch(user, first);
      await viewer.playing();
      const refused = await expectProblem(watch(user, second, PHONE), 429, 'client_limit');
      expect(refused.detail).toContain("The user's limit of 1 stream");
      expect(viewer.ending).toBeNull();
      const next = watch(user, second);
      await next.playing();
      expect((await viewer.closed).how).toBe('rst');
      expect(await eventsOf(product, 'viewer_left', first)).toMatchObject([
        { reason: 'user_limit' },
      ]);
      // The same content again is no further stream.
      await watch(user, second).playing();
      expect(next.ending).toBeNull();
      expect(await facts(user)).toMatchObject({ viewers: 2, streams: 1 });
    });

    it('keeps a stream when the device asks for it again, or for one that does not exist', async () => {
      const user = await product.createUser({ max_streams: 1 });
      const viewer = watch(user, newsId);
      await viewer.playing();
      const json = (channel: string): Promise<Answer> =>
        ask(below(user, `/ace/getstream?channel=${channel}&format=json`), TV);
      expect((await json('none')).status).toBe(404);
      expect((await json('news')).status).toBe(200);
      expect(await facts(user)).toMatchObject({ viewers: 1, streams: 1 });
      await viewer.receiveMore(1000);
      expect(viewer.ending).toBeNull();
    });

    it('counts a client of format=json and its player as one', async () => {
      const user = await product.createUser({ max_streams: 1 });
      const path = below(user, `${streamPath(newContentId())}&format=json`);
      const { response } = (await ask(path, PHONE)).body;
      const viewer = openViewer(response.playback_url, { headers: TV });
      await viewer.playing();
      expect(await facts(user)).toMatchObject({ viewers: 1, streams: 1 });
      const other = await ask(below(user, `${streamPath(newContentId())}&format=json`), PHONE);
      expect(other.status).toBe(200);
      expect((await viewer.closed).how).toBe('rst');
      expect(await facts(user)).toMatchObject({ viewers: 0, streams: 1 });
    });

    it('counts each further player at an address of format=json as a device of its own', async () => {
      const user = await product.createUser({ max_streams: 2 });
      const path = below(user, `${streamPath(newContentId())}&format=json`);
      const { response } = (await ask(path, PHONE)).body;
      const open = (localAddress: string): Viewer =>
        openViewer(response.playback_url, { headers: TV, localAddress });
      const first = open('127.10.0.1');
      await first.playing();
      await open('127.10.0.1').playing();
      await open('127.10.0.2').playing();
      expect(await facts(user)).toMatchObject({ viewers: 3, streams: 2 });
      await expectProblem(open('127.10.0.3'), 429, 'client_limit');
      // Another stream of the program's device ends its player, but not that of another device.
      const other = await ask(below(user, `${streamPath(newContentId())}&format=json`), PHONE);
      expect(other.status).toBe(200);
      expect((await first.closed).how).toBe('rst');
      expect(await facts(user)).toMatchObject({ viewers: 1, streams: 2 });
    });

    it('continues an HLS viewer whose address changes, and counts it once', async () => {
      const user = await product.createUser({ max_streams: 1 });
      const at = async (path: string, localAddress: string): Promise<ResponseHead> =>
        openViewer(product.url(path), { localAddress }).head;
      const path = below(user, manifestPath(newContentId()));
      const load = async (localAddress: string, from: string): Promise<string> => {
        const { status, headers } = await at(from, localAddress);
        expect(status).toBe(302);
        const location = new URL(headers.location!, product.url(from));
        expect((await at(location.pathname + location.search, localAddress)).status).toBe(200);
        return location.pathname + location.search;
      };
      const first = await load('127.10.0.1', path);
      const second = await load('127.10.0.2', first);
      expect(second).not.toBe(first);
      expect(await facts(user)).toMatchObject({ viewers: 1, streams: 1 });
      // The new address counts now, so the old one is another device.
      expect((await at(first, '127.10.0.1')).status).toBe(429);
      expect((await at(second, '127.10.0.2')).status).toBe(200);
      // Another user does not continue it either, and does not end it.
      const stranger = await product.createUser();
      await load('127.10.0.2', second.replace(user.secret, stranger.secret));
      expect((await at(second, '127.10.0.2')).status).toBe(200);
      expect(await facts(stranger)).toMatchObject({ viewers: 1, streams: 1 });
    });

    it('lets a player of format=json come back with another address', async () => {
      const user = await product.createUser({ max_streams: 1 });
      const path = below(user, `${streamPath(newContentId())}&format=json`);
      const { response } = (await ask(path, PHONE)).body;
      const open = (localAddress: string): Viewer =>
        openViewer(response.playback_url, { headers: TV, localAddress });
      const first = open('127.10.0.1');
      await first.playing();
      first.destroy();
      await eventually(async () => (await facts(user)).viewers === 0);
      await open('127.10.0.2').playing();
      expect(await facts(user)).toMatchObject({ viewers: 1, streams: 1 });
    });
  });

  describe('a revoked user is disconnected at once', () => {
    /** Opens every kind of use, revokes the user, and checks that all of them end and none begins again. */
    async function expectAllEnded(user: User, revoke: () => Promise<unknown>): Promise<void> {
      const [live, film] = [newContentId(), newContentId()];
      await engine.control('PUT', `/__sim/content/${film}`, NO_RECORD);
      const bystander = openViewer(product.url(streamPath(live)), { localAddress: '127.7.0.1' });
      const viewer = watch(user, live);
      await Promise.all([bystander.playing(), viewer.playing()]);
      const file = openViewer(product.url(below(user, streamPath(film))), { readRate: 400_000 });
      expect((await file.head).status).toBe(200);
      const hls = await loadPlaylist(product.url(below(user, manifestPath(live))));
      const held = newContentId();
      expect((await ask(below(user, `${streamPath(held)}&format=json`))).status).toBe(200);
      expect(await facts(user)).toMatchObject({ viewers: 3, streams: 4 });
      const beganMs = performance.now();
      await revoke();
      expect((await viewer.closed).how).toBe('rst');
      expect((await file.closed).how).toBe('rst');
      expect(performance.now() - beganMs).toBeLessThan(withLag(REVOKED_WITHIN_MS));
      expect((await fetch(hls.url)).status).toBe(403);
      expect((await fetch(hls.segments[0]!.url)).status).toBe(403);
      const reasons = (await eventsOf(product, 'viewer_left', live)).map(({ reason }) => reason);
      expect(reasons).toEqual(['revoked', 'revoked']);
      await expectProblem(watch(user, live), 403, 'forbidden');
      expect(bystander.ending).toBeNull();
      // Nobody holds this stream any more.
      await eventually(async () => !(await product.session(held)).is_active);
    }

    it.each([
      ['disabled', { is_enabled: false }],
      ['expired', { expires_at: '2020-01-01T00:00:00Z' }],
      ['of another network', { cidrs: ['10.0.0.0/8'] }],
    ])('%s', async (_what, body) => {
      const user = await product.createUser();
      await expectAllEnded(user, () => change(user, body));
    });

    it('removed', async () => {
      const user = await product.createUser();
      await expectAllEnded(user, () => product.api('DELETE', `/api/v1/users/${user.id}`));
      expect((await product.api('GET', `/api/v1/users/${user.id}`)).status).toBe(404);
    });

    it('with a new secret', async () => {
      const user = await product.createUser();
      const rotated = (): Promise<Answer> => product.api('POST', `/api/v1/users/${user.id}/rotate`);
      await expectAllEnded(user, rotated);
      const renewed = { ...user, secret: await product.secretOf(user.id) };
      expect(renewed.secret).not.toBe(user.secret);
      await watch(renewed, newContentId()).playing();
    });

    it('when its time has come, also while it waits for a start', async () => {
      const id = newContentId();
      await engine.control('PUT', `/__sim/content/${id}`, { start_delay_ms: 60_000 });
      const user = await product.createUser();
      const waiting = watch(user, id);
      await eventually(async () => (await facts(user))['viewers'] === 1);
      await change(user, { expires_at: new Date(Date.now() + 300).toISOString() });
      const ending = await waiting.closed;
      expect(ending.how).toBe('rst');
    });
  });

  it('keeps users over a restart, and refuses wrong bodies', async () => {
    for (const body of [
      {},
      { name: 'a/b' },
      { name: '..' },
      { name: 'x', max_streams: 0 },
      { name: 'x', expires_at: 'soon' },
      { name: 'x', cidrs: ['10.0.0.0/33'] },
      { name: 'x', is_enabled: null },
      { name: 'x', secret: 'mine' },
      { name: 'x', profile: 'unknown' },
    ]) {
      const answer = await product.api('POST', '/api/v1/users', body);
      expect([body, answer.status]).toEqual([body, 400]);
    }
    const dataDir = join(mkdtempSync(join(tmpdir(), 'acefleet-users-')), 'data');
    onScopeEnd(() => rmSync(join(dataDir, '..'), { recursive: true, force: true }));
    const before = await startProduct({ engines: [engine], dataDir });
    expect((await before.api('POST', '/api/v1/profiles', { name: 'kids' })).status).toBe(201);
    const user = await before.createUser({ name: 'anna', profile: 'kids' });
    expect((await before.api('POST', '/api/v1/users', { name: 'Anna' })).status).toBe(409);
    await before.stop();
    const after = await startProduct({ engines: [engine], dataDir });
    const { users } = (await after.api('GET', '/api/v1/users')).body;
    expect(users).toMatchObject([{ id: user.id, name: 'anna', profile: 'kids', is_enabled: true }]);
    expect(await after.secretOf(user.id)).toBe(user.secret);
    // With open access too, a token that is not valid is refused.
    expect((await fetch(after.url('/ace/status'))).status).toBe(200);
    expect((await fetch(after.url(`/t/${user.secret}/ace/status`))).status).toBe(200);
    expect((await fetch(after.url('/t/wrong/ace/status'))).status).toBe(403);
  });
});
