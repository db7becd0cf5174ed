import {
  eventually,
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
import { childrenOf } from './support/process-facts';
import { withLag } from '../../src/kernel/testing/lag.spec-support';

/** Time limit for a process start and some probes on a busy machine. */
const COMES_WITHIN_MS = 40_000;

interface EngineBody {
  readonly id: string;
  readonly state: string;
  readonly port: number;
  readonly labels: Readonly<Record<string, string>>;
}

function open(product: Product, id: string): Viewer {
  return openViewer(product.url(streamPath(id)));
}

async function engineOf(product: Product, id: string): Promise<EngineBody> {
  return (await product.api('GET', `/engines/${id}`)).body;
}

describe('managed simulated engines', () => {
  let product: Product;

  beforeAll(async () => {
    product = await startProduct({
      env: {
        ENGINE_DRIVER: 'simulator',
        MIN_REPLICAS: '2',
        MAX_REPLICAS: '2',
        ENGINE_PROBE_INTERVAL: '500ms',
        PROXY_RETRY_BASE: '100ms',
        PROXY_GRACE_PERIOD: '500ms',
      },
    });
    await eventually(async () => {
      const { body } = await product.api('GET', '/engines');
      expect(body).toMatchObject([
        { id: 'sim-1', container_id: 'sim-1', state: 'healthy' },
        { id: 'sim-2', container_id: 'sim-2', state: 'healthy' },
      ]);
      return true;
    }, COMES_WITHIN_MS);
  });

  function processOf(id: string): number {
    const child = childrenOf(product.pid).find(({ command }) => command.includes(`--name ${id} `));
    return child!.pid;
  }

  it('have one process each, and play any id', async () => {
    expect(childrenOf(product.pid)).toHaveLength(2);
    const id = newContentId();
    await open(product, id).playing();
    expect((await product.session(id)).container_id).toMatch(/^sim-[12]$/);
  });

  it('are restarted under the same id after their end, and the viewer continues', async () => {
    const id = newContentId();
    const viewer = open(product, id);
    await viewer.playing();
    const { container_id: engineId } = await product.session(id);
    const before = await engineOf(product, engineId);
    const oldPid = processOf(engineId);
    process.kill(oldPid, 'SIGKILL');
    const after = await eventually(async () => {
      const engine = await engineOf(product, engineId);
      return engine.state === 'healthy' && engine.port !== before.port ? engine : undefined;
    }, COMES_WITHIN_MS);
    expect(after.id).toBe(engineId);
    expect(processOf(engineId)).not.toBe(oldPid);
    expect(childrenOf(product.pid)).toHaveLength(2);
    const { body: changes } = await product.api(
      'GET',
      `/events?type=engine_state_changed&engine_id=${engineId}`,
    );
    const why = (changes as { details: { to: string }; reason: string }[])
      .filter(({ details }) => details.to === 'starting')
      .map(({ reason }) => reason);
    expect(why.join()).toMatch(/SIGKILL/);
    await viewer.receiveMore(3000, COMES_WITHIN_MS);
    expect(viewer.ending).toBeNull();
    expect(viewer.audit.misaligned).toBe(0);
    const broken = [...viewer.audit.pids].filter(
      ([, pid]) => !pid.isTable && pid.continuityErrors > 0,
    );
    expect(broken.map(([pid, { continuityErrors }]) => ({ pid, continuityErrors }))).toEqual([]);
    expect((await product.session(id)).failovers).toBeGreaterThan(0);
  });

  it('are restarted repeatedly, and chosen again', async () => {
    for (const id of ['sim-1', 'sim-2']) {
      const { port } = await engineOf(product, id);
      process.kill(processOf(id), 'SIGKILL');
      await eventually(async () => {
        const engine = await engineOf(product, id);
        return engine.state === 'healthy' && engine.port !== port;
      }, COMES_WITHIN_MS);
    }
    await open(product, newContentId()).playing();
    expect((await product.api('GET', '/health/ready', undefined, {})).status).toBe(200);
  });

  it('end with the product', async () => {
    const pids = childrenOf(product.pid).map(({ pid }) => pid);
    await product.stop();
    for (const pid of pids) expect(() => process.kill(pid, 0)).toThrow(/ESRCH/);
  });
});

describe('draining an engine', () => {
  let engines: [Simulator, Simulator];
  let product: Product;

  beforeAll(async () => {
    engines = [await startSimulator({ name: 'a' }), await startSimulator({ name: 'b' })];
    product = await startProduct({
      engines,
      env: { MAX_STREAMS_PER_ENGINE: '10', PROXY_GRACE_PERIOD: '300ms' },
    });
  });

  async function drain(engine: Simulator, reason?: string): Promise<void> {
    const body = reason === undefined ? undefined : { reason };
    const answer = await product.api('POST', `/engines/${engine.engineId}/drain`, body);
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({ id: engine.engineId, state: 'draining' });
  }

  async function undrain(engine: Simulator): Promise<void> {
    expect((await product.api('DELETE', `/engines/${engine.engineId}/drain`)).status).toBe(200);
    await eventually(
      async () => (await engineOf(product, engine.engineId)).state === 'healthy',
      COMES_WITHIN_MS,
    );
  }

  it('excludes new streams and keeps its present ones', async () => {
    const [one, other] = engines;
    const ids = [newContentId(), newContentId()];
    const viewers = ids.map((id) => open(product, id));
    await Promise.all(viewers.map((viewer) => viewer.playing()));
    await drain(one, 'new cable');
    expect(await engineOf(product, one.engineId)).toMatchObject({
      drain_reason: 'operator',
      drain_detail: 'new cable',
    });
    for (let n = 0; n < 3; n += 1) {
      const id = newContentId();
      await open(product, id).playing();
      expect((await product.session(id)).container_id).toBe(other.engineId);
    }
    await Promise.all(viewers.map((viewer) => viewer.receiveMore(500)));
    for (const viewer of viewers) {
      expect(viewer.ending).toBeNull();
      expect(viewer.audit).toMatchObject({ continuityErrors: 0, flagged: 0 });
    }
    const { body: events } = await product.api(
      'GET',
      `/events?type=engine_state_changed&engine_id=${one.engineId}`,
    );
    expect(events.at(-1)).toMatchObject({ reason: 'new cable', details: { to: 'draining' } });
    await undrain(one);
    const id = newContentId();
    await open(product, id).playing();
    expect((await product.session(id)).container_id).toBe(one.engineId);
    expect(await engineOf(product, one.engineId)).toMatchObject({ drain_reason: null });
  });

  it('of all engines refuses at once', async () => {
    await Promise.all(engines.map((engine) => drain(engine)));
    const viewer = open(product, newContentId());
    await expectProblem(viewer, 503, 'no_engine');
    // ENGINE_WAIT_TIMEOUT is a minute.
    expect(viewer.headAfterMs).toBeLessThan(withLag(15_000));
    await Promise.all(engines.map(undrain));
    await open(product, newContentId()).playing();
  });

  it('of an unknown engine is 404, with an invalid body 400, without a key 401', async () => {
    const path = `/engines/${engines[0].engineId}/drain`;
    expect((await product.api('POST', '/engines/nobody/drain')).status).toBe(404);
    expect((await product.api('POST', path, { reason: 5 })).status).toBe(400);
    expect((await product.api('POST', path, undefined, {})).status).toBe(401);
    expect(await engineOf(product, engines[0].engineId)).toMatchObject({ state: 'healthy' });
  });
});

describe('GET /engines/selection', () => {
  it('shows which engine would be chosen, with the scores of each', async () => {
    const engines = [await startSimulator({ name: 'a' }), await startSimulator({ name: 'b' })];
    const product = await startProduct({
      engines,
      env: {
        ENGINE_PROBE_INTERVAL: '300ms',
        ENGINE_PROBE_TIMEOUT: '10s',
        ENGINE_UNHEALTHY_AFTER: '2',
        MAX_STREAMS_PER_ENGINE: '2',
        SELECTION_WEIGHT_ACTIVE_STREAM: '-7',
      },
    });
    await eventually(async () => {
      const { body } = await product.api('GET', '/engines');
      return (body as EngineBody[]).every(({ state }) => state === 'healthy');
    }, COMES_WITHIN_MS);
    const id = newContentId();
    await open(product, id).playing();
    const { container_id: used } = await product.session(id);
    const free = engines.find(({ engineId }) => engineId !== used)!;
    const busy = engines.find(({ engineId }) => engineId === used)!;
    const explained = await product.api('GET', '/api/v1/engines/selection');
    expect(explained.body).toMatchObject({
      chosen: free.engineId,
      weights: { forwarded: 1000, active_stream: -7, unhealthy: -1000 },
      engines: [
        {
          id: free.engineId,
          chosen: true,
          filters: [],
          total: 0,
          active_streams: 0,
          max_streams: 2,
        },
        { id: busy.engineId, chosen: false, filters: [], total: -7, active_streams: 1 },
      ],
    });
    const named = (explained.body.engines[1].scores as { name: string; value: number }[]).filter(
      ({ value }) => value !== 0,
    );
    expect(named).toMatchObject([{ value: -7 }]);
    await free.control('POST', '/__sim/mode', { mode: 'refuse' });
    await eventually(
      async () => (await engineOf(product, free.engineId)).state === 'unhealthy',
      COMES_WITHIN_MS,
    );
    const { body } = await product.api('GET', '/engines/selection');
    expect(body).toMatchObject({
      chosen: busy.engineId,
      engines: [
        { id: busy.engineId, filters: [] },
        { id: free.engineId, state: 'unhealthy', filters: ['unhealthy'], total: -1000 },
      ],
    });
    await open(product, newContentId()).playing();
    const full = await product.api('GET', '/engines/selection');
    expect(full.body).toMatchObject({ chosen: null });
    expect(full.body.engines.map(({ filters }: { filters: string[] }) => filters)).toEqual([
      ['full'],
      ['unhealthy'],
    ]);
    expect((await product.api('GET', '/engines/selection', undefined, {})).status).toBe(401);
  });
});
