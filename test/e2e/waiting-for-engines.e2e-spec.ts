import {
  eventually,
  expectProblem,
  freePort,
  newContentId,
  openViewer,
  scoped,
  startProduct,
  startSimulator,
  streamPath,
  type LogLine,
  type Product,
  type Simulator,
  type Viewer,
} from './support';
import { expectNothingLeft } from './support/remains';
import { withLag } from '../../src/kernel/testing/lag.spec-support';

const PROBES = {
  ENGINE_PROBE_INTERVAL: '300ms',
  // An engine that is late on a busy machine must not count as hung.
  ENGINE_PROBE_TIMEOUT: '2s',
  ENGINE_UNHEALTHY_AFTER: '2',
  PROXY_GRACE_PERIOD: '500ms',
};

/** A start whose budget includes the wait for an engine would fail. */
const INIT_MS = 5000;

function open(product: Product, id: string): Viewer {
  return openViewer(product.url(streamPath(id)));
}

async function stateOf(product: Product, engine: Simulator, state: string): Promise<void> {
  await eventually(
    async () => (await product.api('GET', `/engines/${engine.engineId}`)).body.state === state,
    30_000,
    `${engine.engineId} ${state}`,
  );
}

describe('waiting for engines', () => {
  it.concurrent.each(['hang', 'refuse'])(
    'no usable engine: the only one is in mode "%s": 503 after the wait',
    scoped(async (mode) => {
      const engine = await startSimulator();
      const product = await startProduct({
        engines: [engine],
        env: { ...PROBES, ENGINE_WAIT_TIMEOUT: '3s' },
      });
      await engine.control('POST', '/__sim/mode', { mode });
      await stateOf(product, engine, 'unhealthy');
      expect((await product.api('GET', '/health/ready', undefined, {})).status).toBe(503);
      expect((await product.api('GET', '/health/live', undefined, {})).status).toBe(200);
      const id = newContentId();
      const viewers = [open(product, id), open(product, id), open(product, newContentId())];
      for (const viewer of viewers) {
        const problem = await expectProblem(viewer, 503, 'no_engine');
        expect(problem.retry_after).toBeGreaterThan(0);
        expect(problem.detail).toContain(`${engine.engineId} unhealthy`);
        expect(viewer.headAfterMs).toBeGreaterThan(2900);
        // By default it would wait for 60 s.
        expect(viewer.headAfterMs).toBeLessThan(withLag(20_000));
      }
      expect((await engine.counters())['sessions_opened']).toBe(0);
      const failures = (): LogLine[] =>
        product.logs().filter((line) => line['streamId'] === id && Number(line['level']) >= 40);
      await eventually(() => failures().length > 0);
      expect(failures()).toHaveLength(1);
      expect(String(failures()[0]!.msg)).toMatch(/no_engine/);
      // The failure is not the content's fault, so it is not remembered.
      await engine.control('POST', '/__sim/mode', { mode: 'normal' });
      await stateOf(product, engine, 'healthy');
      await open(product, id).playing();
      expect((await product.api('GET', '/health/ready', undefined, {})).status).toBe(200);
    }),
  );

  it.concurrent(
    'no usable engine: a waiting viewer is served when one becomes healthy, with the whole start budget',
    scoped(async () => {
      const engine = await startSimulator({ startDelayMs: 1000 });
      const product = await startProduct({
        engines: [engine],
        env: { ...PROBES, ENGINE_WAIT_TIMEOUT: '100s', PROXY_INIT_TIMEOUT: `${INIT_MS}ms` },
      });
      await engine.control('POST', '/__sim/mode', { mode: 'hang' });
      await stateOf(product, engine, 'unhealthy');
      const ids = [newContentId(), newContentId()];
      const viewers = [ids[0]!, ids[0]!, ids[1]!].map((id) => open(product, id));
      await eventually(async () => (await product.session(ids[1]!))?.client_count === 1);
      await eventually(
        async () => {
          const { created_at: created } = await product.session(ids[1]!);
          return Date.now() - Date.parse(created) > INIT_MS - 500;
        },
        30_000,
        'a wait that would have eaten the start budget',
      );
      await engine.control('POST', '/__sim/mode', { mode: 'normal' });
      await Promise.all(viewers.map((viewer) => viewer.playing()));
      const changes = await product.api('GET', '/events?type=engine_state_changed');
      const back = (changes.body as { time: string; details: { to: string } }[])
        .filter(({ details: { to } }) => to === 'healthy')
        .at(-1)!;
      for (const id of ids) {
        const { attempts } = await product.session(id);
        // Both times come from the product's own clock.
        const afterMs = Date.parse(attempts[0].started_at) - Date.parse(back.time);
        expect(Math.abs(afterMs)).toBeLessThan(withLag(2000));
      }
      for (const id of ids) expect(await engine.starts(id)).toHaveLength(1);
      viewers.forEach((viewer) => viewer.destroy());
      await expectNothingLeft(product, [engine]);
    }),
  );

  it.concurrent(
    'no usable engine: a viewer that leaves while it waits leaves nothing behind',
    scoped(async () => {
      const engine = await startSimulator();
      const product = await startProduct({ engines: [engine], env: PROBES });
      await engine.control('POST', '/__sim/mode', { mode: 'hang' });
      await stateOf(product, engine, 'unhealthy');
      const id = newContentId();
      const viewer = open(product, id);
      await eventually(async () => (await product.session(id))?.client_count === 1);
      viewer.reset();
      await expectNothingLeft(product, []);
      expect(await product.session(id)).toMatchObject({ end_reason: 'no_viewers', attempts: [] });
      await engine.control('POST', '/__sim/mode', { mode: 'normal' });
      await stateOf(product, engine, 'healthy');
      expect((await engine.counters())['sessions_opened']).toBe(0);
    }),
  );

  it.concurrent(
    'no usable engine: the first viewer waits for an engine that starts after the product',
    scoped(async () => {
      const port = await freePort();
      const product = await startProduct({
        env: { ...PROBES, ENGINE_DRIVER: 'static', ENGINE_ADDRESSES: `127.0.0.1:${port}` },
        waitReady: false,
      });
      const id = newContentId();
      const viewer = open(product, id);
      await eventually(async () => (await product.session(id))?.client_count === 1);
      await startSimulator({ httpPort: port });
      await viewer.playing();
      expect(await product.session(id)).toMatchObject({ container_id: `static-127.0.0.1-${port}` });
    }),
  );

  it.concurrent(
    'addresses that were never reached: 503 with the reason after 10 s, long before ENGINE_WAIT_TIMEOUT',
    scoped(async () => {
      const ports = [await freePort(), await freePort()];
      const product = await startProduct({
        env: {
          ENGINE_DRIVER: 'static',
          ENGINE_ADDRESSES: `127.0.0.1:${ports[0]},localhost:${ports[1]}`,
          // Only the wait of 10 s can end before the test.
          ENGINE_WAIT_TIMEOUT: '10m',
        },
        waitReady: false,
      });
      const viewers = [open(product, newContentId()), open(product, newContentId())];
      for (const viewer of viewers) {
        const problem = await expectProblem(viewer, 503, 'no_engine');
        expect(problem.detail).toBe('None of 2 engines has ever answered: connect_refused (2).');
        expect(problem.retry_after).toBe(5);
        expect(viewer.headAfterMs).toBeGreaterThan(9900);
      }
    }),
  );

  it.concurrent(
    'an engine that hangs beside a healthy one: is not chosen, and a start on it continues on the other',
    scoped(async () => {
      const engines = [await startSimulator({ name: 'a' }), await startSimulator({ name: 'b' })];
      const product = await startProduct({ engines, env: PROBES });
      const [hung, good] = engines as [Simulator, Simulator];
      await hung.control('POST', '/__sim/mode', { mode: 'hang' });
      await stateOf(product, hung, 'unhealthy');
      for (let n = 0; n < 3; n += 1) {
        const id = newContentId();
        const viewer = open(product, id);
        await viewer.playing();
        expect(await product.session(id)).toMatchObject({
          container_id: good.engineId,
          attempts: [{ engine_id: good.engineId, outcome: 'playing' }],
        });
        // A wait for a broken engine is not growth: the healthy one is full, so the request is refused.
      }
      await expectProblem(open(product, newContentId()), 503, 'no_capacity');
      const changes = await product.api(
        'GET',
        `/events?type=engine_state_changed&container_id=${hung.engineId}`,
      );
      expect(changes.body.at(-1)).toMatchObject({
        engine_id: hung.engineId,
        reason: expect.stringContaining('probe missed'),
        details: { to: 'unhealthy' },
      });
      await hung.control('POST', '/__sim/mode', { mode: 'normal' });
      await stateOf(product, hung, 'healthy');
      const id = newContentId();
      await open(product, id).playing();
      expect((await product.session(id)).container_id).toBe(hung.engineId);
    }),
  );
});
