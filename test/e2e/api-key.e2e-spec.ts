import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  call,
  Child,
  eventually,
  expectProblem,
  newContentId,
  onScopeEnd,
  openViewer,
  startProduct,
  startSimulator,
  streamPath,
  type Product,
  type Simulator,
  type Viewer,
} from './support';
import { childrenOf } from './support/process-facts';

const MARKER = 'MARKER-7f3a9c1e-do-not-print';
const ACEFLEET = join(__dirname, '../../bin/acefleet.mjs');
const PRIVATE = '/proxy/status';

type Headers = Readonly<Record<string, string>>;

/** Answers to these requests do not end. */
const ENDLESS = /^\/ace\/getstream|\/events\/stream$/;

describe('the API key', () => {
  let engine: Simulator;

  beforeAll(async () => {
    engine = await startSimulator({ startDelayMs: 0, bitrateMbps: 1 });
  });

  function temporaryFolder(): string {
    const folder = mkdtempSync(join(tmpdir(), 'acefleet-key-'));
    onScopeEnd(() => rmSync(folder, { recursive: true, force: true }));
    return folder;
  }

  describe('on requests', () => {
    let product: Product;
    /** Each request has its own source address, so that their wrong keys are not counted together. */
    let callers = 10;

    beforeAll(async () => {
      product = await startProduct({
        engines: [engine],
        env: { API_KEY: MARKER, METRICS_ACCESS: 'key' },
      });
    });

    function ask(path: string, headers: Headers, localAddress = `127.0.1.${++callers}`): Viewer {
      return openViewer(product.url(path), { headers, localAddress });
    }

    it.each([
      ['none', {}, 401],
      ['another scheme', { Authorization: `Basic ${MARKER}` }, 401],
      ['no scheme', { Authorization: MARKER }, 401],
      ['an empty key', { 'X-API-Key': '' }, 401],
      ['a cookie', { Cookie: `X-API-Key=${MARKER}` }, 401],
      ['a wrong key', { 'X-API-Key': 'wrong' }, 403],
      ['a wrong bearer', { Authorization: 'Bearer wrong' }, 403],
      ['its first part', { 'X-API-Key': MARKER.slice(0, -1) }, 403],
      ['a key with an additional character', { 'X-API-Key': `${MARKER}x` }, 403],
      ['another letter case', { 'X-API-Key': MARKER.toLowerCase() }, 403],
      ['a long key', { 'X-API-Key': MARKER.repeat(100) }, 403],
    ])('%s is refused', async (_what, headers, status) => {
      const code = status === 401 ? 'unauthorized' : 'forbidden';
      for (const path of [PRIVATE, '/api/v1/engines', '/engines/unknown', '/events']) {
        const problem = await expectProblem(ask(path, headers), status, code);
        expect(JSON.stringify(problem)).not.toContain('MARKER');
      }
    });

    it.each([
      ['Bearer', { Authorization: `Bearer ${MARKER}` }],
      ['bearer', { Authorization: `bearer ${MARKER}` }],
      ['X-API-Key', { 'X-API-Key': MARKER }],
      ['x-api-key', { 'x-api-key': MARKER }],
    ])('is accepted as %s', async (_what, headers) => {
      expect(await ask(PRIVATE, headers as Headers).status()).toBe(200);
    });

    it('in the address is refused, even beside a correct header', async () => {
      for (const name of ['key', 'api_key', 'apikey', 'token', 'access_token', 'x-api-key']) {
        const path = `${PRIVATE}?${name}=${MARKER}`;
        await expectProblem(ask(path, {}), 401, 'unauthorized');
      }
      const both = ask(`${PRIVATE}?api_key=${MARKER}`, { 'X-API-Key': MARKER });
      await expectProblem(both, 401, 'unauthorized');
    });

    it('cannot be guessed: after ten wrong keys all others are refused for a while, and the correct one still works', async () => {
      const from = '127.0.2.1';
      const wrong = { 'X-API-Key': 'wrong' };
      for (let count = 0; count < 10; count += 1) {
        await expectProblem(ask(PRIVATE, wrong, from), 403, 'forbidden');
      }
      const blocked = await expectProblem(ask(PRIVATE, wrong, from), 429, 'rate_limited');
      expect(blocked.retry_after).toBeGreaterThan(30);
      expect(blocked.retry_after).toBeLessThanOrEqual(60);
      // Behind a reverse proxy the owner of the key has the same address as an attacker.
      for (const address of [from, '127.0.2.2']) {
        expect(await ask(PRIVATE, { 'X-API-Key': MARKER }, address).status()).toBe(200);
      }
      await expectProblem(ask(PRIVATE, wrong, from), 429, 'rate_limited');
      expect(await ask('/health/live', {}, from).status()).toBe(200);
      const viewer = ask(streamPath(newContentId()), {}, from);
      await viewer.playing();
    });

    describe('beside others, which were created with the API', () => {
      const main = { 'X-API-Key': MARKER };
      /** One operation for each scope. */
      const OPERATIONS = {
        read: ['GET', '/api/v1/proxy/status'],
        operate: ['POST', '/api/v1/health/circuit-breaker/reset'],
        admin: ['DELETE', '/api/v1/channels/unknown'],
      } as const;
      const SCOPES = Object.keys(OPERATIONS) as (keyof typeof OPERATIONS)[];

      it.each(SCOPES)('each may do what its scope %s includes, and no more', async (scope) => {
        const made = await product.api('POST', '/api/v1/keys', { name: scope, scope }, main);
        expect(made.status).toBe(201);
        expect(made.body.key).toMatch(/^acefleet_[\w-]{43}$/);
        const headers = { Authorization: `Bearer ${made.body.key}` };
        for (const [index, needed] of SCOPES.entries()) {
          const [method, path] = OPERATIONS[needed];
          const { status, body } = await product.api(method, path, undefined, headers);
          if (index <= SCOPES.indexOf(scope)) expect([200, 404, 409]).toContain(status);
          else {
            const detail = `This operation needs an API key of scope ${needed}; this key has the scope ${scope}.`;
            expect(body).toMatchObject({ status: 403, code: 'forbidden', detail });
          }
        }
        for (const path of ['/metrics', '/api/v1/metrics']) {
          await expectProblem(ask(path, {}), 401, 'unauthorized');
          expect(await ask(path, headers).status()).toBe(200);
        }
        const own = await product.api('GET', '/api/v1/keys', undefined, headers);
        expect(own.status).toBe(scope === 'admin' ? 200 : 403);
      });

      it('each can be listed without its secret, changed, and removed; the main key cannot', async () => {
        const wanted = { name: 'Grafana', scope: 'read', expires_at: '2999-01-01T00:00:00+02:00' };
        const { body: made } = await product.api('POST', '/api/v1/keys', wanted, main);
        const { key: secret, ...facts } = made;
        const address = `/api/v1/keys/${facts.id}`;
        const use = async (): Promise<unknown> =>
          (await product.api('GET', PRIVATE, undefined, { 'X-API-Key': secret })).body;
        expect(facts).toMatchObject({
          name: 'Grafana',
          scope: 'read',
          expires_at: '2998-12-31T22:00:00.000Z',
          is_expired: false,
          last_used_at: null,
        });
        await use();
        const listed = await product.api('GET', '/api/v1/keys', undefined, main);
        expect(listed.text).not.toContain(secret);
        const ofList = (listed.body.keys as { id: string }[]).find(({ id }) => id === facts.id);
        expect(ofList).toEqual({ ...facts, last_used_at: expect.stringMatching(/Z$/) });
        const past = { expires_at: '2020-01-01T00:00:00Z' };
        expect((await product.api('PATCH', address, past, main)).body.is_expired).toBe(true);
        expect(await use()).toMatchObject({ status: 403, detail: 'The API key has expired.' });
        await product.api('PATCH', address, { expires_at: null, name: 'Other' }, main);
        expect(await use()).toHaveProperty('running', true);
        expect((await product.api('DELETE', address, undefined, main)).status).toBe(204);
        expect(await use()).toMatchObject({ status: 403, detail: 'The API key is wrong.' });
        expect((await product.api('DELETE', address, undefined, main)).status).toBe(404);
        expect((await product.api('DELETE', '/api/v1/keys/main', undefined, main)).status).toBe(
          404,
        );
        await eventually(() => product.logText().includes('an API key was removed'));
        expect(product.logText()).not.toContain(secret);
      });

      it.each([
        ['no name', { scope: 'read' }],
        ['no scope', { name: 'a' }],
        ['an unknown scope', { name: 'a', scope: 'root' }],
        ['a line break', { name: 'a\nb', scope: 'read' }],
        ['a secret of its own', { name: 'a', scope: 'read', key: 'mine' }],
        ['a day without a time', { name: 'a', scope: 'read', expires_at: '2030-01-01' }],
        ['no time', { name: 'a', scope: 'read', expires_at: '2030-99-01T00:00:00Z' }],
      ])('one with %s is refused', async (_what, body) => {
        const { status } = await product.api('POST', '/api/v1/keys', body, main);
        expect(status).toBe(400);
      });
    });

    it('appears in no response', async () => {
      const key = { 'X-API-Key': MARKER };
      const document = await call({ port: product.port, path: '/openapi.json' });
      const gets = Object.entries(document.body.paths as Record<string, { get?: unknown }>)
        .filter(([path, { get }]) => get !== undefined && !ENDLESS.test(path))
        .map(([path]) => path.replace(/\{[^}]+\}/g, engine.engineId));
      for (const path of [...gets, '/metrics', '/openapi.json', '/docs', '/nowhere']) {
        const answer = await call({ port: product.port, path, headers: key });
        expect(answer.text + JSON.stringify(answer.headers)).not.toContain('MARKER');
      }
      const bad = await product.api('POST', `/engines/${engine.engineId}/drain`, { x: 1 }, key);
      expect(bad.status).toBe(400);
      await eventually(() => product.logs().some((line) => line['status'] === 400));
      expect(product.logText()).not.toContain('MARKER');
      expect(childrenOf(product.pid)).toEqual([]);
    });
  });

  it.each(['json', 'pretty'])('is in no log, %s at the most detailed level', async (format) => {
    const dataDir = temporaryFolder();
    const product = await startProduct({
      engines: [engine],
      dataDir,
      env: { API_KEY: MARKER, LOG_FORMAT: format, LOG_LEVEL: 'trace' },
    });
    for (const headers of [
      { 'X-API-Key': MARKER },
      { Authorization: `Bearer ${MARKER}` },
      { Authorization: `Basic ${MARKER}` },
    ] as Headers[]) {
      await product.api('GET', PRIVATE, undefined, headers);
      await product.api('GET', `${PRIVATE}?key=${MARKER}`, undefined, headers);
      await product.api('POST', '/engines/x/drain', { reason: 1 }, headers);
    }
    const viewer = openViewer(product.url(streamPath(newContentId(), `&key=${MARKER}`)), {
      headers: { 'X-API-Key': MARKER },
    });
    await viewer.playing();
    await product.stop();
    expect(product.logText()).not.toContain('MARKER');
    // A key from the environment is not written to a file either.
    for (const file of readdirSync(dataDir, { recursive: true, encoding: 'utf8' })) {
      expect(readFileSync(join(dataDir, file), 'utf8')).not.toContain('MARKER');
    }
  });

  it('causes a warning at the start when it is too short', async () => {
    const env = { API_KEY: 'fifteen-letters' };
    const product = await startProduct({ engines: [engine], env, waitReady: false });
    const warnings = (await product.logsSoFar()).filter(({ msg = '' }) => msg.includes('guessed'));
    expect(warnings).toHaveLength(1);
    expect(product.logText()).not.toContain(env.API_KEY);
  });

  it('is generated at the first start, readable by its owner only, and shown by a command', async () => {
    const dataDir = join(temporaryFolder(), 'data');
    const env = { API_KEY: '' };
    const file = join(dataDir, 'api-key');
    const first = await startProduct({ engines: [engine], dataDir, env });
    const key = readFileSync(file, 'utf8').trim();
    expect(key).toMatch(/^[\w-]{32,}$/);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(dataDir).mode & 0o077).toBe(0);
    const headers = { 'X-API-Key': key };
    expect((await first.api('GET', PRIVATE, undefined, headers)).status).toBe(200);
    expect((await first.api('GET', PRIVATE)).status).toBe(403);
    await first.stop();
    expect(first.logText()).not.toContain(key);

    // Wider permissions of a copied file are narrowed at the start.
    chmodSync(file, 0o644);
    const second = await startProduct({ engines: [engine], dataDir, env });
    expect((await second.api('GET', PRIVATE, undefined, headers)).status).toBe(200);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(second.logText()).not.toContain(key);

    const shown = new Child('acefleet key', process.execPath, [ACEFLEET, 'key'], {
      cwd: dataDir,
      env: { PATH: process.env['PATH'], DATA_DIR: dataDir },
    });
    expect((await shown.exit).code).toBe(0);
    expect(shown.lines).toEqual([key]);
  });
});
