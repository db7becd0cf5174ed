import { request } from 'node:http';
import {
  API_KEY,
  call,
  eventually,
  newContentId,
  openViewer,
  startProduct,
  startSimulator,
  streamPath,
  type Answer,
  type Product,
  type Simulator,
} from './support';
import { childrenOf } from './support/process-facts';

interface EngineBody {
  readonly id: string;
  readonly state: string;
  readonly port: number;
  readonly streams: readonly string[];
  readonly starts: number;
  readonly first_seen: string;
  readonly labels: Readonly<Record<string, string>>;
}

interface EventBody {
  readonly type: string;
  readonly time: string;
  readonly details: Readonly<Record<string, unknown>>;
}

const PROVISION = '/provision/acestream';

async function enginesOf(product: Product): Promise<EngineBody[]> {
  return (await product.api('GET', '/engines')).body;
}

/** Resolves with the engines when there are exactly `count`, all of them healthy. */
async function healthyEngines(product: Product, count: number): Promise<EngineBody[]> {
  return eventually(
    async () => {
      const engines = await enginesOf(product);
      expect(engines.map(({ state }) => state)).toEqual(Array<string>(count).fill('healthy'));
      return engines;
    },
    60_000,
    `${count} healthy engines`,
  );
}

async function eventsOf(product: Product, type: string): Promise<EventBody[]> {
  return (await product.api('GET', `/events?type=${type}&limit=1000`)).body;
}

/** A call whose client disconnects as soon as `after` returns true. */
async function abandon(
  product: Product,
  path: string,
  after: () => Promise<boolean>,
): Promise<void> {
  const outgoing = request({
    host: '127.0.0.1',
    port: product.port,
    method: 'POST',
    path,
    agent: false,
    headers: { 'X-API-Key': API_KEY },
  });
  outgoing.on('error', () => undefined);
  outgoing.end();
  await eventually(after, 30_000);
  outgoing.destroy();
}

describe('a managed fleet', () => {
  const env = {
    ENGINE_DRIVER: 'simulator',
    MIN_REPLICAS: '1',
    MIN_FREE_REPLICAS: '0',
    MAX_REPLICAS: '4',
    ENGINE_PROBE_INTERVAL: '300ms',
    RECONCILE_INTERVAL: '1s',
    AUTOSCALE_INTERVAL: '500ms',
    ENGINE_GRACE_PERIOD: '1h',
    PROXY_GRACE_PERIOD: '300ms',
    PROXY_RETRY_BASE: '100ms',
  };

  describe('POST /provision/acestream', () => {
    let product: Product;

    beforeEach(async () => {
      product = await startProduct({ env });
      await healthyEngines(product, 1);
    });

    it('answers at once, and the engine starts later', async () => {
      const { status, body, headers } = await product.api('POST', PROVISION, {
        labels: { a: 'b' },
      });
      expect(status).toBe(202);
      expect(body).toEqual({
        status: 'provisioning',
        order: expect.stringMatching(/^[0-9a-f]{12}$/),
        ignored: ['labels'],
      });
      await healthyEngines(product, 2);
      const ordered = await eventsOf(product, 'engine_ordered');
      expect(ordered.map(({ details }) => details['order'])).toContain(body.order);
      // By the product's own clock it answered before the engine existed.
      const told = await eventually(() =>
        product.logs().find((line) => line['request_id'] === headers['x-request-id']),
      );
      const changes = await eventsOf(product, 'engine_state_changed');
      const healthy = changes.filter(({ details }) => details['to'] === 'healthy').at(-1)!;
      expect(new Date(told['time'] as string | number).getTime()).toBeLessThanOrEqual(
        Date.parse(healthy.time),
      );
    });

    it('with wait, answers when the engine is healthy', async () => {
      const { status, body } = await product.api('POST', `/api/v1${PROVISION}?wait=true`);
      expect(status).toBe(201);
      expect(body).toMatchObject({ status: 'ready' });
      const { id, port, container_name: name } = body.engine;
      const engine = (await enginesOf(product)).find((one) => one.id === id);
      expect(engine).toMatchObject({ state: 'healthy', port });
      const path = '/webui/api/service?method=get_version';
      expect((await call({ port, path })).status).toBe(200);
      expect((await product.api('GET', `/containers/${id}`)).body).toMatchObject({
        id,
        name,
        status: 'running',
        ports: { http: port },
      });
    });

    it('creates the engine even if the waiting client has disconnected', async () => {
      const isOrdered = async () => (await eventsOf(product, 'engine_ordered')).length >= 2;
      await abandon(product, `${PROVISION}?wait=true`, isOrdered);
      await healthyEngines(product, 2);
      expect((await product.api('POST', `${PROVISION}?wait=true`)).status).toBe(201);
      await healthyEngines(product, 3);
    });

    it('never creates more than MAX_REPLICAS for simultaneous requests', async () => {
      const answers = await Promise.all(
        Array.from({ length: 8 }, () => product.api('POST', `${PROVISION}?wait=true`)),
      );
      const statuses = answers.map(({ status }) => status).sort();
      expect(statuses).toEqual([201, 201, 201, 503, 503, 503, 503, 503]);
      const refused = answers.find(({ status }) => status === 503)!;
      expect(refused.body).toMatchObject({ code: 'no_capacity', retry_after: 10 });
      expect(refused.headers['retry-after']).toBe('10');
      const ids = answers
        .filter(({ status }) => status === 201)
        .map((one) => one.body.container_id);
      expect(new Set(ids).size).toBe(3);
      await healthyEngines(product, 4);
      expect(childrenOf(product.pid)).toHaveLength(4);
      expect((await product.api('GET', '/orchestrator/status')).body.provisioning).toMatchObject({
        can_provision: false,
        blocked_reason_details: { code: 'max_capacity' },
      });
    });

    it('refuses unknown fields, and any image but the configured one', async () => {
      for (const body of [{ image: 'evil:1' }, { command: 'sh' }, { host_port: 0 }, [], 'x']) {
        const answer = await product.api('POST', PROVISION, body);
        expect([body, answer.status]).toEqual([body, 400]);
      }
      const foreign = await product.api('POST', '/provision', { image: 'evil:1' });
      expect([foreign.status, foreign.body.code]).toEqual([403, 'forbidden']);
      const { reference } = (await product.api('GET', '/orchestrator/status')).body.image;
      const ours = await product.api('POST', '/provision?wait=true', { image: reference });
      expect(ours.status).toBe(201);
      await healthyEngines(product, 2);
    });
  });

  it('has the number of engines that /scale sets, up and down', async () => {
    const product = await startProduct({ env: { ...env, ENGINE_GRACE_PERIOD: '500ms' } });
    await healthyEngines(product, 1);
    expect((await product.api('POST', '/scale/3')).body).toEqual({
      scaled_to: 3,
      requested: 3,
      min: 1,
      max: 4,
    });
    await healthyEngines(product, 3);
    expect((await product.api('POST', '/api/v1/scale/50')).body).toMatchObject({ scaled_to: 4 });
    await healthyEngines(product, 4);
    for (const n of ['-1', 'many', '1.5', '99999999']) {
      expect((await product.api('POST', `/scale/${n}`)).body).toMatchObject({
        status: 400,
        code: 'invalid_request',
      });
    }
    expect((await product.api('POST', '/scale/0')).body).toMatchObject({ scaled_to: 1 });
    await healthyEngines(product, 1);
    await eventually(() => childrenOf(product.pid).length === 1, 20_000);
    const body = await eventually(async () => {
      const { body: now } = await product.api('GET', '/orchestrator/status');
      expect(now).toMatchObject({ wanted: 1, present: 1, status: 'healthy' });
      return now;
    }, 20_000);
    const told = (body.decisions as { kind: string; why: string }[]).filter(
      ({ why }) => why !== '',
    );
    expect(new Set(told.map(({ kind }) => kind))).toEqual(
      new Set(['scale', 'provision', 'remove']),
    );
  });

  describe('one of its engines', () => {
    let product: Product;

    beforeAll(async () => {
      product = await startProduct({ env: { ...env, MIN_REPLICAS: '2' } });
      await healthyEngines(product, 2);
    });

    it('is described with its usage', async () => {
      const [engine] = await healthyEngines(product, 2);
      const { id } = engine!;
      const container = await product.api('GET', `/api/v1/containers/${id}`);
      expect(container.body).toEqual({
        id,
        name: expect.any(String),
        image: expect.any(String),
        created: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
        status: 'running',
        status_detail: expect.any(String),
        labels: expect.any(Object),
        ports: { http: engine!.port, api: null },
      });
      const stats = await product.api('GET', `/engines/${id}/stats`);
      expect(stats.status).toBe(200);
      expect(stats.body.memory_usage_bytes).toBeGreaterThan(1_000_000);
      expect(stats.body.cpu_percent).toBeGreaterThanOrEqual(0);
    });

    it('returns the requested number of log lines', async () => {
      const [engine] = await healthyEngines(product, 2);
      for (const path of [`/engines/${engine!.id}/logs`, `/containers/${engine!.id}/logs`]) {
        const all = await product.api('GET', path);
        expect(all.status).toBe(200);
        expect(all.body).toMatchObject({ container_id: engine!.id });
        expect((all.body.logs as string).split('\n').filter(Boolean)).toHaveLength(all.body.lines);
        const last = (await product.api('GET', `${path}?lines=1`)).body;
        expect(last.lines).toBeLessThanOrEqual(1);
        expect(last.logs).not.toContain('\n');
        expect((await product.api('GET', `${path}?lines=2001`)).status).toBe(400);
      }
    });

    it('is found by its labels', async () => {
      const [engine, other] = await healthyEngines(product, 2);
      const [key, value] = Object.entries(engine!.labels).find(
        ([name, text]) => other!.labels[name] !== text,
      )!;
      const query = new URLSearchParams({ key, value }).toString();
      expect((await product.api('GET', `/by-label?${query}`)).body).toMatchObject([
        { id: engine!.id },
      ]);
      expect((await product.api('GET', '/by-label')).status).toBe(400);
      const noKey = await product.api('GET', `/by-label?${query}`, undefined, {});
      expect(noKey.status).toBe(401);
    });

    it('is restarted under its id, and its viewer continues', async () => {
      const id = newContentId();
      const viewer = openViewer(product.url(streamPath(id)));
      await viewer.playing();
      const { container_id: used } = await product.session(id);
      const before = (await product.api('GET', `/engines/${used}`)).body as EngineBody;
      expect(before).toMatchObject({ starts: 1, streams: [expect.any(String)] });
      const pidsBefore = childrenOf(product.pid).map(({ pid }) => pid);
      const answer = await product.api('POST', `/engines/${used}/restart`);
      expect([answer.status, answer.body]).toEqual([
        200,
        { status: 'restarted', container_id: used },
      ]);
      await healthyEngines(product, 2);
      const after = (await product.api('GET', `/engines/${used}`)).body as EngineBody;
      // A new process, which may have the old port by chance.
      expect(after.id).toBe(before.id);
      const pids = childrenOf(product.pid).map(({ pid }) => pid);
      expect(pids.filter((pid) => pidsBefore.includes(pid))).toHaveLength(1);
      await viewer.receiveMore(2000, 40_000);
      expect(viewer.ending).toBeNull();
    });

    it('is removed, and a successor is created', async () => {
      for (const room of ['engines', 'containers']) {
        const [engine] = await healthyEngines(product, 2);
        const { id } = engine!;
        const answer = await product.api('DELETE', `/${room}/${id}`);
        expect([answer.status, answer.body]).toEqual([
          202,
          { status: 'removing', container_id: id },
        ]);
        await eventually(async () => {
          const removed = await eventsOf(product, 'engine_removed');
          return removed.some(({ details }) => details['engine_id'] === id);
        }, 30_000);
        const engines = await healthyEngines(product, 2);
        // Port and name may be reused, so they do not identify it.
        expect(engines.map((one) => one.first_seen)).not.toContain(engine!.first_seen);
      }
      await eventually(() => childrenOf(product.pid).length === 2, 20_000);
    });

    it('leaves nothing for /gc when its process is killed', async () => {
      await healthyEngines(product, 2);
      const { pid } = childrenOf(product.pid)[0]!;
      process.kill(pid, 'SIGKILL');
      await eventually(() => {
        const pids = childrenOf(product.pid).map((child) => child.pid);
        return pids.length === 2 && !pids.includes(pid);
      }, 40_000);
      await healthyEngines(product, 2);
      expect((await product.api('POST', '/gc')).body).toEqual({ status: 'done', removed: 0 });
      expect((await product.api('POST', '/api/v1/gc')).status).toBe(200);
    });

    it('is unknown under another id', async () => {
      for (const answer of await onEach(product, 'nobody')) {
        expect([answer.status, answer.body.code]).toEqual([404, 'not_found']);
      }
    });
  });

  it('shows its state to everybody, and its actions with the key only', async () => {
    const product = await startProduct({ env });
    await healthyEngines(product, 1);
    for (const path of ['/health/status', '/api/v1/health/status']) {
      const { status, body } = await product.api('GET', path, undefined, {});
      expect(status).toBe(200);
      expect(body).toMatchObject({
        total_engines: 1,
        healthy_engines: 1,
        minimum_required: 1,
        health_check_interval_s: 0.3,
        circuit_breakers: { general: { state: 'closed', failure_threshold: 5 } },
      });
    }
    const reset = '/health/circuit-breaker/reset';
    for (const [method, path] of [
      ['GET', '/orchestrator/status'],
      ['POST', PROVISION],
      ['POST', '/scale/3'],
      ['POST', '/gc'],
      ['POST', reset],
      ['POST', `/api/v1${reset}`],
    ] as const) {
      expect([path, (await product.api(method, path, undefined, {})).status]).toEqual([path, 401]);
    }
    expect((await product.api('POST', `${reset}?operation_type=general`)).status).toBe(200);
    expect(await enginesOf(product)).toHaveLength(1);
    expect((await product.api('GET', '/api/v1/orchestrator/status')).body).toMatchObject({
      driver: { kind: 'simulator', why: 'ENGINE_DRIVER=simulator', is_stopgap: false },
      engines: { total: 1, healthy: 1 },
      capacity: { total: 3, used: 0, available: 3, min_replicas: 1, max_replicas: 4 },
      provisioning: { can_provision: true },
      breaker: { state: 'closed' },
      link: { state: 'connected' },
      image: { state: 'present' },
      vpn: { enabled: false },
    });
  });
});

/** Every call for one managed engine. */
function onEach(product: Product, id: string): Promise<Answer[]> {
  return Promise.all([
    product.api('DELETE', `/engines/${id}`),
    product.api('POST', `/engines/${id}/restart`),
    product.api('GET', `/engines/${id}/logs`),
    product.api('GET', `/engines/${id}/stats`),
    product.api('GET', `/containers/${id}`),
    product.api('DELETE', `/containers/${id}`),
    product.api('GET', `/containers/${id}/logs`),
  ]);
}

describe('engines that are not managed', () => {
  let engine: Simulator;
  let product: Product;

  beforeAll(async () => {
    engine = await startSimulator();
    product = await startProduct({ engines: [engine] });
  });

  it('are not changed', async () => {
    for (const answer of [
      ...(await onEach(product, engine.engineId)),
      await product.api('POST', PROVISION),
      await product.api('POST', `${PROVISION}?wait=true`),
      await product.api('POST', '/provision', { image: 'any:1' }),
      await product.api('POST', '/scale/2'),
      await product.api('POST', '/gc'),
      await product.api('POST', '/health/circuit-breaker/reset'),
    ]) {
      expect([answer.status, answer.body.code]).toEqual([409, 'not_managed']);
    }
    const id = newContentId();
    await openViewer(product.url(streamPath(id))).playing();
    expect((await product.session(id)).container_id).toBe(engine.engineId);
  });

  it('that do not exist are unknown', async () => {
    for (const answer of await onEach(product, 'nobody')) {
      expect([answer.status, answer.body.code]).toEqual([404, 'not_found']);
    }
  });

  it('are shown as not managed', async () => {
    expect((await product.api('GET', '/orchestrator/status')).body).toMatchObject({
      status: 'healthy',
      driver: { kind: 'static' },
      engines: { total: 1, healthy: 1, unhealthy: 0 },
      provisioning: {
        can_provision: false,
        blocked_reason_details: { code: 'not_managed', can_retry: false },
      },
      link: null,
      image: null,
    });
    expect((await product.api('GET', '/health/status')).body).toMatchObject({
      total_engines: 1,
      minimum_required: 0,
    });
  });
});
