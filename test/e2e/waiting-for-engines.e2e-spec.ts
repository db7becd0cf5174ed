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
  type Product,
  type Simulator,
  type Viewer,
} from './support';
import { expectNothingLeft } from './support/remains';

const PROBES = {
  ENGINE_PROBE_INTERVAL: '300ms',
  ENGINE_PROBE_TIMEOUT: '300ms',
  ENGINE_UNHEALTHY_AFTER: '2',
  PROXY_GRACE_PERIOD: '500ms',
};

function open(product: Product, id: string): Viewer {
  return openViewer(product.url(streamPath(id)));
}

async function stateOf(product: Product, engine: Simulator, state: string): Promise<void> {
  await eventually(
    async () => (await product.api('GET', `/engines/${engine.engineId}`)).body.state === state,
    10_000,
    `${engine.engineId} ${state}`,
  );
}

describe('waiting for engines', () => {
  it.concurrent.each(['hang', 'refuse'])(
    'no engine that works: the only one is in mode "%s": 503 after the wait',
    scoped(async (mode) => {
      const engine = await startSimulator();
      const product = await startProduct({
        engines: [engine],
        env: { ...PROBES, ENGINE_WAIT_TIMEOUT: '1200ms' },
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
        expect(viewer.headAfterMs).toBeGreaterThan(1100);
        expect(viewer.headAfterMs).toBeLessThan(2500);
      }
      expect((await engine.counters())['sessions_opened']).toBe(0);
      const failures = product
        .logs()
        .filter((line) => line['streamId'] === id && Number(line['level']) >= 40);
      expect(failures).toHaveLength(1);
      expect(String(failures[0]!.msg)).toMatch(/no_engine/);
      // It is nobody's fault: nothing is remembered.
      await engine.control('POST', '/__sim/mode', { mode: 'normal' });
      await stateOf(product, engine, 'healthy');
      await open(product, id).playing();
      expect((await product.api('GET', '/health/ready', undefined, {})).status).toBe(200);
    }),
  );

  it.concurrent(
    'no engine that works: who waits is served the moment one becomes healthy, with the whole start budget',
    scoped(async () => {
      const engine = await startSimulator({ startDelayMs: 1200 });
      const product = await startProduct({
        engines: [engine],
        env: { ...PROBES, ENGINE_WAIT_TIMEOUT: '20s', PROXY_INIT_TIMEOUT: '2500ms' },
      });
      await engine.control('POST', '/__sim/mode', { mode: 'hang' });
      await stateOf(product, engine, 'unhealthy');
      const ids = [newContentId(), newContentId()];
      const viewers = [ids[0]!, ids[0]!, ids[1]!].map((id) => open(product, id));
      await eventually(async () => (await product.session(ids[1]!))?.client_count === 1);
      await eventually(
        async () => {
          const { created_at: created } = await product.session(ids[1]!);
          return Date.now() - Date.parse(created) > 2000;
        },
        5000,
        'a wait that would have eaten the start budget',
      );
      const backAt = performance.now();
      await engine.control('POST', '/__sim/mode', { mode: 'normal' });
      await Promise.all(viewers.map((viewer) => viewer.playing()));
      for (const { audit } of viewers) {
        // Probed at most 2 s later, then the engine's own 1.2 s.
        expect(audit.firstMediaMs! - backAt).toBeLessThan(4500);
      }
      for (const id of ids) expect(await engine.starts(id)).toHaveLength(1);
      viewers.forEach((viewer) => viewer.destroy());
      await expectNothingLeft(product, [engine]);
    }),
  );

  it.concurrent(
    'no engine that works: who leaves while waiting leaves nothing behind',
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
    'no engine that works: an engine that is started after the product: the first viewer waits for it',
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
    'an engine that hangs beside one that works: is not chosen, and a start on it goes elsewhere',
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
        expect(viewer.headAfterMs).toBeLessThan(1500);
        expect((await product.session(id)).container_id).toBe(good.engineId);
        // The wait for a broken engine is not growth: the good one is full, and that is that.
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
