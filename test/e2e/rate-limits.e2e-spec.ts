import { API_KEY } from './support/product';
import { withLag } from '../../src/kernel/testing/lag.spec-support';
import {
  expectProblem,
  newContentId,
  openViewer,
  startProduct,
  startSimulator,
  streamPath,
  type Answer,
  type Product,
  type Simulator,
  type Viewer,
} from './support';
import { peakMemoryBytes } from './support/process-facts';

const GUESSED_IDS = 1000;
/** The default. */
const STREAMS_PER_ENGINE = 3;
const MAX_MEMORY_BYTES = 250_000_000;
/** Limits are per address, and the tests reach the product through a trusted proxy that names the address. */
const BEHIND_PROXY = { TRUSTED_PROXIES: '127.0.0.0/8' };

describe('limits per address and minute', () => {
  let engine: Simulator;
  let product: Product;

  beforeAll(async () => {
    engine = await startSimulator({ startDelayMs: 0, bitrateMbps: 1, maxSessions: 50 });
    product = await startProduct({
      engines: [engine],
      env: {
        ...BEHIND_PROXY,
        MAX_STREAMS_PER_ENGINE: '8',
        PROXY_MAX_STARTS_PER_IP: '2',
        API_MAX_REQUESTS_PER_IP: '3',
      },
    });
  });

  const from = (address: string): Record<string, string> => ({ 'X-Forwarded-For': address });

  function open(path: string, address: string): Viewer {
    return openViewer(product.url(path), { headers: from(address) });
  }

  function ask(path: string, headers: Record<string, string>): Promise<Answer> {
    return product.api('GET', path, undefined, headers);
  }

  async function expectLimited(viewer: Viewer): Promise<void> {
    const problem = await expectProblem(viewer, 429, 'rate_limited');
    expect(problem.retry_after).toBeGreaterThan(0);
    expect(problem.retry_after).toBeLessThanOrEqual(60);
  }

  it('refuse further starts of streams, and never what is running', async () => {
    const address = '203.0.113.1';
    const [id, other] = [newContentId(), newContentId()];
    const running = open(streamPath(id), address);
    await Promise.all([running.playing(), open(streamPath(other), address).playing()]);
    const refused = newContentId();
    for (const path of [
      streamPath(refused),
      streamPath(refused, '&format=json'),
      `/ace/manifest.m3u8?id=${refused}`,
      `/ace/preflight?id=${refused}`,
    ]) {
      await expectLimited(open(path, address));
    }
    for (let count = 0; count < 3; count += 1) await open(streamPath(id), address).playing();
    const playlist = `/ace/manifest.m3u8?id=${id}`;
    const redirect = await ask(playlist, from(address));
    expect(redirect.status).toBe(302);
    const place = `/ace/${redirect.headers.location}`;
    const segment = /^hls\/.+\.ts$/m.exec((await ask(place, from(address))).text)?.[0];
    for (let count = 0; count < 5; count += 1) {
      expect((await ask(place, from(address))).status).toBe(200);
      expect(await open(`/ace/${segment}`, address).status()).toBe(200);
      expect((await ask(`/ace/preflight?id=${id}`, from(address))).status).toBe(200);
      expect((await ask('/health/live', from(address))).status).toBe(200);
    }
    await open(streamPath(newContentId()), '203.0.113.2').playing();
    // A client on this machine is not limited.
    for (let count = 0; count < 3; count += 1) {
      await openViewer(product.url(streamPath(newContentId()))).playing();
    }
    expect(running.audit).toMatchObject({ continuityErrors: 0, flagged: 0 });
  });

  it('count requests to the admin API for each key, and those of strangers apart', async () => {
    const address = '203.0.113.3';
    const statuses = async (headers: Record<string, string>): Promise<number[]> => {
      const all: number[] = [];
      for (let count = 0; count < 4; count += 1) {
        const answer = await ask('/api/v1/proxy/status', { ...from(address), ...headers });
        if (answer.status === 429) {
          expect(answer.body).toMatchObject({ code: 'rate_limited' });
          expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
        }
        all.push(answer.status);
      }
      return all;
    };
    const main = { 'X-API-Key': API_KEY };
    const made = await product.api('POST', '/api/v1/keys', { name: 'a', scope: 'read' });
    expect(await statuses({})).toEqual([401, 401, 401, 429]);
    expect(await statuses(main)).toEqual([200, 200, 200, 429]);
    expect(await statuses({ 'X-API-Key': made.body.key })).toEqual([200, 200, 200, 429]);
    for (const path of ['/health/ready', '/metrics', '/openapi.json', '/playlist.m3u']) {
      expect((await ask(path, from(address))).status).toBe(200);
    }
    for (let count = 0; count < 5; count += 1) {
      expect((await product.api('GET', '/api/v1/engines')).status).toBe(200);
    }
  });

  it('keep a burst of a thousand guessed ids away from viewers, engines and memory', async () => {
    const guarded = await startProduct({ engines: [engine], env: BEHIND_PROXY });
    const watched = openViewer(guarded.url(streamPath(newContentId())));
    await watched.playing();
    const guesses = Array.from({ length: GUESSED_IDS }, async () => {
      const guess = openViewer(guarded.url(streamPath(newContentId())), {
        headers: from('203.0.113.9'),
      });
      const status = await guess.status();
      guess.destroy();
      return status;
    });
    const statuses = await Promise.all(guesses);
    expect(statuses.filter((status) => status === 429).length).toBe(GUESSED_IDS - 600);
    expect(peakMemoryBytes(guarded.pid)).toBeLessThan(MAX_MEMORY_BYTES);
    expect(watched.audit).toMatchObject({ continuityErrors: 0, flagged: 0 });
    expect(watched.audit.longestGapMs).toBeLessThan(withLag(2000));
    expect(await guarded.sessionCount()).toBeLessThanOrEqual(STREAMS_PER_ENGINE);
  });
});
