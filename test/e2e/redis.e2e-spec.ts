import { join } from 'node:path';
import { Redis } from 'ioredis';
import {
  describeWithRedis,
  RedisServer,
} from '../../src/coordination/testing/redis-server.spec-support';
import { withLag } from '../../src/kernel/testing/lag.spec-support';
import {
  eventually,
  freePort,
  newContentId,
  onScopeEnd,
  openViewer,
  startProduct,
  startSimulator,
  streamPath,
  type Product,
  type ProductOptions,
  type Simulator,
  type Viewer,
} from './support';
import { keepModuleJournal } from './support/loaded-packages';
import { temporaryFolder } from './support/programs';

const GRACE_MS = 1_000;
/** The queued copy of a job is due 5 s after its timer. */
const COPY_LAG_MS = 5_000;
/** Without a drain: engine sessions are stopped within 3 s, and the end waits at most 3 s for Redis. */
const END_WITHIN_MS = 8_000;

describeWithRedis('a product with REDIS_URL', () => {
  let engine: Simulator;

  beforeAll(async () => {
    engine = await startSimulator({ bitrateMbps: 1 });
  });

  async function startRedis(...args: readonly string[]): Promise<RedisServer> {
    const server = await RedisServer.start(...args);
    onScopeEnd(() => server.kill());
    return server;
  }

  function start(url: string, options: ProductOptions = {}): Promise<Product> {
    const grace = { PROXY_GRACE_PERIOD: `${GRACE_MS}ms`, MAX_STREAMS_PER_ENGINE: '10' };
    const env = { ...grace, REDIS_URL: url, ...options.env };
    return startProduct({ ...options, engines: [engine], env });
  }

  async function play(product: Product, id = newContentId()): Promise<Viewer> {
    const viewer = openViewer(product.url(streamPath(id)));
    await viewer.playing();
    return viewer;
  }

  /** Plays a content for a moment. Resolves when its stream has ended, on time. */
  async function playAndLeave(product: Product): Promise<void> {
    const id = newContentId();
    const viewer = await play(product, id);
    viewer.destroy();
    const over = await eventually(async () => {
      const session = await product.session(id);
      return session.is_active ? undefined : session;
    });
    expect(over).toMatchObject({ state: 'ended', end_reason: 'no_viewers', error: null });
    expect(over.idle_seconds).toBeGreaterThanOrEqual(GRACE_MS / 1000 - 0.1);
    // The queued copy of the job would have ended it later.
    expect(over.idle_seconds).toBeLessThan(withLag(GRACE_MS + COPY_LAG_MS - 1_000) / 1000);
  }

  function warnings(product: Product): string[] {
    const lines = product.logs().filter(({ context, level }) => context === 'Jobs' && level === 40);
    return lines.map(({ msg }) => msg ?? '');
  }

  async function expectReady(product: Product, reasons: readonly string[]): Promise<void> {
    await eventually(async () => {
      const { status, body } = await product.api('GET', '/health/ready');
      expect(status).toBe(200);
      expect(body.reasons).toEqual(reasons);
      expect(body.status).toBe(reasons.length === 0 ? 'ready' : 'degraded');
      return true;
    });
  }

  it('ends a stream after its grace period, and nothing because of a job of an earlier process', async () => {
    const server = await startRedis('--requirepass', 'e2e-secret');
    const redis = new Redis({ port: server.port, password: 'e2e-secret', db: 3 });
    onScopeEnd(() => redis.disconnect());
    const url = `redis://:e2e-secret@127.0.0.1:${server.port}/3`;
    const dataDir = join(temporaryFolder(), 'data');
    const id = newContentId();
    const earlier = await start(url, { dataDir });
    await playAndLeave(earlier);
    expect(await redis.keys('*:delayed')).toEqual([]);
    (await play(earlier, id)).destroy();
    const [delayed] = await eventually(async () => {
      const keys = await redis.keys('*:delayed');
      return keys.length > 0 && keys;
    });
    expect(delayed).toMatch(/^acefleet-[0-9a-f]{16}:jobs:delayed$/);
    earlier.kill('SIGKILL');
    await earlier.exit;
    expect(await redis.zcard(delayed!)).toBe(1);

    const product = await start(url, { dataDir });
    const viewer = await play(product, id);
    await eventually(async () => (await redis.exists(delayed!)) === 0);
    await viewer.receiveMore(500);
    expect(viewer.ending).toBeNull();
    expect(await product.session(id)).toMatchObject({ is_active: true, client_count: 1 });
    await expectReady(product, []);
    for (const each of [earlier, product]) {
      expect(each.logText()).toContain('REDIS_URL does not join several instances yet');
      expect(each.logText()).not.toContain('e2e-secret');
      expect(warnings(each)).toEqual([]);
    }
  });

  it('creates an engine once, although copies of its job and of an earlier process come later', async () => {
    const server = await startRedis();
    const redis = new Redis({ port: server.port });
    onScopeEnd(() => redis.disconnect());
    const delayed = async () => {
      const [key] = await redis.keys('*:delayed');
      return key === undefined ? 0 : redis.zcard(key);
    };
    const dataDir = join(temporaryFolder(), 'data');
    const env = { ENGINE_DRIVER: 'simulator', MIN_REPLICAS: '1', REDIS_URL: server.url };
    /** A product with one engine for MIN_REPLICAS, and a request for another one, whose job has a copy. */
    const requestEngine = async () => {
      const product = await startProduct({ dataDir, env });
      await eventually(async () => {
        const { body } = await product.api('GET', '/engines');
        return (body as { state: string }[]).some(({ state }) => state === 'healthy');
      }, 40_000);
      expect((await product.api('POST', '/provision/acestream')).status).toBe(202);
      await eventually(async () => (await delayed()) > 0);
      return product;
    };
    const earlier = await requestEngine();
    earlier.kill('SIGKILL');
    await earlier.exit;

    const product = await requestEngine();
    await eventually(async () => (await delayed()) === 0, 40_000);
    expect((await product.api('GET', '/engines')).body).toHaveLength(2);
    const { body } = await product.api('GET', '/events?type=engine_ordered');
    expect(body).toHaveLength(2);
    expect(warnings(product)).toEqual([]);
  });

  it('continues when Redis is killed: no viewer is cut, streams start and end on time, and so does the product', async () => {
    const server = await startRedis();
    const product = await start(server.url);
    const viewer = await play(product);
    await expectReady(product, []);
    await server.kill();
    await playAndLeave(product);
    await expectReady(product, ['redis_unavailable']);
    await viewer.receiveMore(500);
    expect(viewer.ending).toBeNull();
    expect(viewer.audit).toMatchObject({ misaligned: 0, continuityErrors: 0 });
    expect(warnings(product)).toEqual([expect.stringMatching(/^Redis cannot be used \(redis:/)]);

    await server.restart();
    await expectReady(product, []);
    await playAndLeave(product);
    await server.kill();
    await expectReady(product, ['redis_unavailable']);
    const beganMs = performance.now();
    await product.stop();
    expect(performance.now() - beganMs).toBeLessThan(withLag(END_WITHIN_MS));
  });

  it('starts, serves and ends without Redis, and logs that once', async () => {
    const port = await freePort();
    const product = await start(`redis://127.0.0.1:${port}`);
    await playAndLeave(product);
    await expectReady(product, ['redis_unavailable']);
    expect(warnings(product)).toEqual([
      expect.stringContaining(`redis://127.0.0.1:${port}: connect ECONNREFUSED`),
    ]);
    const beganMs = performance.now();
    await product.stop();
    expect(performance.now() - beganMs).toBeLessThan(withLag(END_WITHIN_MS));
  });

  it('is needed to load the code for Redis', async () => {
    const REDIS_CODE = ['@nestjs/bullmq', 'bullmq', 'ioredis'];
    const url = `redis://127.0.0.1:${await freePort()}`;
    for (const [redisUrl, expected] of [
      ['', []],
      [url, REDIS_CODE],
    ] as const) {
      const journal = keepModuleJournal();
      const product = await start(redisUrl, { env: { ...journal.env, REDIS_URL: redisUrl } });
      await playAndLeave(product);
      const loaded = await journal.loaded(product);
      expect(loaded).toContain('coordination/local/local-jobs.js');
      expect(REDIS_CODE.filter((name) => loaded.has(name))).toEqual(expected);
      expect(loaded.has('coordination/redis/index.js')).toBe(redisUrl !== '');
    }
  });
});
