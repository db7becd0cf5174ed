import {
  API_KEY,
  call,
  expectProblem,
  newContentId,
  openViewer,
  startProduct,
  startSimulator,
  streamPath,
  type Product,
  type Simulator,
  type Viewer,
} from './support';
import { withLag } from '../../src/kernel/testing/lag.spec-support';

/** The promised time. On a busy machine only the fastest of some attempts keeps it; an engine takes longer. */
const HEAD_WITHIN_MS = 50;
const MAX_TRIES = 200;
const FEWEST_TRIES = 5;

describe('probes that must not start a stream', () => {
  let engine: Simulator;
  let product: Product;

  beforeAll(async () => {
    // No answer of an engine could be this fast.
    engine = await startSimulator();
    for (const where of ['getstream', 'service'])
      await engine.fault({ kind: 'delay', ms: 500, where });
    product = await startProduct({ engines: [engine] });
  });

  async function expectEngineUntouched(): Promise<void> {
    expect(await engine.journal('/ace')).toEqual([]);
    expect((await engine.counters())['sessions_opened']).toBe(0);
    const status = await call({ port: product.port, path: '/ace/status' });
    expect(status.body).toEqual({ streams: 0 });
  }

  function head(path: string): Viewer {
    return openViewer(product.url(path), { method: 'HEAD' });
  }

  it('answers HEAD of a cold id with the headers of a stream in under 50 ms', async () => {
    const times: number[] = [];
    const isKept = (): boolean => Math.min(...times) < HEAD_WITHIN_MS;
    for (let n = 0; n < MAX_TRIES && !(n >= FEWEST_TRIES && isKept()); n += 1) {
      const probe = head(streamPath(newContentId()));
      const { status, headers, names } = await probe.head;
      times.push(probe.headAfterMs!);
      expect(status).toBe(200);
      expect(headers).toMatchObject({
        'content-type': 'video/mp2t',
        'accept-ranges': 'none',
        'cache-control': 'no-store, no-transform',
        'x-accel-buffering': 'no',
        'access-control-allow-origin': '*',
        'x-request-id': expect.stringMatching(/^\S+$/),
      });
      expect(names.map((name) => name.toLowerCase())).not.toContain('content-length');
      expect((await probe.closed).how).toBe('fin');
      expect(probe.audit.bytes).toBe(0);
    }
    expect(Math.min(...times)).toBeLessThan(withLag(HEAD_WITHIN_MS));
    await expectEngineUntouched();
  });

  it.each([
    ['?content_id=', ''],
    ['?infohash=', ''],
    ['/', ''],
    ['/', '.ts'],
    ['?id=acestream://', ''],
  ])('answers HEAD of /ace/getstream%s{id}%s', async (before, after) => {
    const probe = head(`/ace/getstream${before}${newContentId()}${after}`);
    expect(await probe.status()).toBe(200);
    await expectEngineUntouched();
  });

  it('answers HEAD of a malformed id with 400 and no body', async () => {
    for (const path of [streamPath('nonsense'), '/ace/getstream', '/ace/getstream/x.ts']) {
      const probe = head(path);
      const { status, headers } = await probe.head;
      expect(status).toBe(400);
      expect(headers['content-type']).toMatch(/^application\/problem\+json/);
    }
    await expectEngineUntouched();
  });

  it('answers OPTIONS with 204 and the CORS headers', async () => {
    for (const path of [streamPath(newContentId()), `/ace/getstream/${newContentId()}.ts`]) {
      const probe = openViewer(product.url(path), {
        method: 'OPTIONS',
        headers: {
          Origin: 'http://elsewhere.example',
          'Access-Control-Request-Method': 'GET',
          'Access-Control-Request-Headers': 'authorization,range',
        },
      });
      const { status, headers } = await probe.head;
      expect(status).toBe(204);
      expect(headers['access-control-allow-origin']).toBe('*');
      expect(headers['access-control-allow-methods']).toMatch(/GET.*HEAD.*OPTIONS/);
      expect(headers['access-control-allow-headers']).toMatch(/authorization/i);
      expect(headers['access-control-allow-headers']).toMatch(/range/i);
    }
    await expectEngineUntouched();
  });

  it.each(['POST', 'PUT', 'DELETE'])('refuses %s with a problem', async (method) => {
    const probe = openViewer(product.url(streamPath(newContentId())), {
      method,
      headers: { 'X-API-Key': API_KEY, 'Content-Length': '0' },
    });
    const { status } = await probe.head;
    expect([404, 405]).toContain(status);
    await expectProblem(probe, status, status === 405 ? 'method_not_allowed' : 'not_found');
    await expectEngineUntouched();
  });

  it('counts neither viewers nor sessions for probes', async () => {
    const { text } = await call({ port: product.port, path: '/metrics' });
    expect(text).toMatch(/^acefleet_probe_requests_total\{[^}]*method="head"[^}]*\} [1-9]/m);
    expect(text).toMatch(/^proxy_clients_total(\{[^}]*\})? 0$/m);
    expect(text).toMatch(/^proxy_sessions_total(\{[^}]*\})? 0$/m);
  });
});

describe('HEAD without a call to an engine', () => {
  it('is 200 although the content is known not to exist, and without an engine', async () => {
    const engine = await startSimulator({ anyContent: false, args: ['--unknown-id-delay', '50'] });
    const product = await startProduct({ engines: [engine] });
    const id = newContentId();
    await expectProblem(openViewer(product.url(streamPath(id))), 404, 'content_not_found');
    const probe = openViewer(product.url(streamPath(id)), { method: 'HEAD' });
    expect(await probe.status()).toBe(200);
    await engine.stop();
    const later = openViewer(product.url(streamPath(id)), { method: 'HEAD' });
    expect(await later.status()).toBe(200);
  });
});
