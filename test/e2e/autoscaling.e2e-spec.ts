import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  eventually,
  expectProblem,
  newContentId,
  openViewer,
  startProduct,
  streamPath,
  type Product,
  type Viewer,
} from './support';
import { childrenOf } from './support/process-facts';
import { temporaryFolder } from './support/programs';
import { withLag } from '../../src/kernel/testing/lag.spec-support';

interface EngineBody {
  readonly id: string;
  readonly state: string;
  readonly streams: readonly string[];
}

interface DecisionBody {
  readonly kind: string;
  readonly engine_id: string | null;
  readonly why: string;
}

const QUICK = {
  ENGINE_DRIVER: 'simulator',
  AUTOSCALE_INTERVAL: '200ms',
  RECONCILE_INTERVAL: '1s',
  ENGINE_GRACE_PERIOD: '1s',
  ENGINE_PROBE_INTERVAL: '300ms',
  // An engine that is late on a busy machine must not count as hung.
  ENGINE_PROBE_TIMEOUT: '10s',
  ENGINE_REPLACEMENT_COOLDOWN: '0s',
  PROXY_GRACE_PERIOD: '200ms',
};

/** Time limit for several programs that start one after the other on a busy machine. */
const STARTED_WITHIN_MS = 60_000;
/** A request that is not refused at once waits for ENGINE_WAIT_TIMEOUT, 60 s. */
const AT_ONCE_MS = 10_000;

function open(product: Product, id = newContentId()): Viewer {
  return openViewer(product.url(streamPath(id)));
}

async function engines(product: Product): Promise<EngineBody[]> {
  return (await product.api('GET', '/engines')).body;
}

/** Resolves when there are exactly `count` engines, all of them healthy. */
async function fleetOf(product: Product, count: number): Promise<EngineBody[]> {
  return eventually(
    async () => {
      const fleet = await engines(product);
      expect(fleet.map(({ state }) => state)).toEqual(Array(count).fill('healthy'));
      expect(childrenOf(product.pid)).toHaveLength(count);
      return fleet;
    },
    STARTED_WITHIN_MS,
    `${count} healthy engines`,
  );
}

async function decisions(product: Product): Promise<DecisionBody[]> {
  return (await product.api('GET', '/orchestrator/status')).body.decisions;
}

function processOf(product: Product, id: string): number {
  return childrenOf(product.pid).find(({ command }) => command.includes(`--name ${id} `))!.pid;
}

/** A script that ends every engine before it does anything. */
function deadlyToEngines(): string {
  const file = join(temporaryFolder(), 'deadly.cjs');
  writeFileSync(
    file,
    "if (process.argv.includes('--http-port')) process.kill(process.pid, 'SIGKILL');\n",
  );
  return file;
}

describe('a fleet that follows its viewers', () => {
  it('starts without an engine: the first viewer causes the first start, and waits for it', async () => {
    const product = await startProduct({
      env: {
        ...QUICK,
        // Only the waiting viewer may cause the start, so no periodic decision comes during the test.
        AUTOSCALE_INTERVAL: '10m',
        RECONCILE_INTERVAL: '10m',
        ENGINE_WAIT_TIMEOUT: '100s',
        MIN_REPLICAS: '0',
        MIN_FREE_REPLICAS: '0',
        MAX_REPLICAS: '1',
      },
      waitReady: false,
    });
    await eventually(async () => (await decisions(product)).length > 0);
    expect(await engines(product)).toEqual([]);
    const viewer = open(product);
    await viewer.playing(STARTED_WITHIN_MS);
    expect((await engines(product)).map(({ id }) => id)).toEqual(['sim-1']);
    expect((await decisions(product)).map(({ why }) => why).join()).toMatch(/wait for a slot/);
  });

  it('grows up to MAX_REPLICAS, refuses at once when all engines are full, and shrinks after the grace period', async () => {
    const product = await startProduct({
      env: {
        ...QUICK,
        MIN_REPLICAS: '1',
        MIN_FREE_REPLICAS: '0',
        MAX_REPLICAS: '3',
        MAX_STREAMS_PER_ENGINE: '1',
      },
    });
    await fleetOf(product, 1);
    // All at once: two of them find no slot, wait, and are served by new engines.
    const viewers = [open(product), open(product), open(product)];
    await Promise.all(viewers.map((viewer) => viewer.playing(STARTED_WITHIN_MS)));
    const fleet = await fleetOf(product, 3);
    expect(fleet.map(({ streams }) => streams.length)).toEqual([1, 1, 1]);
    const refused = open(product);
    await expectProblem(refused, 503, 'no_capacity');
    expect(refused.headAfterMs).toBeLessThan(withLag(AT_ONCE_MS));
    expect(await engines(product)).toHaveLength(3);
    await Promise.all(viewers.map((viewer) => viewer.receiveMore(500)));
    for (const { audit } of viewers) {
      expect(audit).toMatchObject({ continuityErrors: 0, flagged: 0 });
    }
    viewers.forEach((viewer) => viewer.destroy());
    await fleetOf(product, 1);
    const removals = (await decisions(product)).filter(({ kind }) => kind === 'remove');
    expect(removals).toHaveLength(2);
    for (const { why } of removals) expect(why).toMatch(/not needed.*no stream/);
  });

  it('keeps free engines ready, and starts further ones before the last ones are full', async () => {
    const product = await startProduct({
      env: {
        ...QUICK,
        ENGINE_GRACE_PERIOD: '10m',
        MIN_REPLICAS: '1',
        MIN_FREE_REPLICAS: '1',
        MAX_REPLICAS: '6',
        MAX_STREAMS_PER_ENGINE: '3',
      },
    });
    await fleetOf(product, 1);
    await open(product).playing();
    const [first] = await fleetOf(product, 2);
    expect(first).toBeDefined();
    // Until one engine has one slot left, because two others then have more.
    await eventually(async () => {
      if ((await engines(product)).some(({ streams }) => streams.length >= 2)) return true;
      await open(product).playing();
      return false;
    }, STARTED_WITHIN_MS);
    await eventually(async () => {
      const fleet = await engines(product);
      const near = fleet.filter(({ streams }) => streams.length >= 2).length;
      expect(fleet.length).toBeGreaterThanOrEqual(near + 2);
      const { body } = await product.api('GET', '/orchestrator/status');
      expect((body.why as string[]).join()).toMatch(/look-ahead/);
      const events = await product.api('GET', '/events?type=fleet_scaled');
      expect(events.body.length).toBeGreaterThan(1);
      return true;
    }, STARTED_WITHIN_MS);
  });

  it('replaces an engine that hangs: its successor starts first, then the frozen one is removed', async () => {
    const product = await startProduct({
      env: {
        ...QUICK,
        ENGINE_PROBE_TIMEOUT: '2s',
        MIN_REPLICAS: '1',
        MIN_FREE_REPLICAS: '0',
        MAX_REPLICAS: '2',
      },
    });
    await fleetOf(product, 1);
    const known = (await product.api('GET', '/events?limit=1')).body[0].id as number;
    const pid = processOf(product, 'sim-1');
    process.kill(pid, 'SIGSTOP');
    const [other] = await eventually(async () => {
      const fleet = await engines(product);
      expect(fleet).toMatchObject([{ id: 'sim-2', state: 'healthy' }]);
      return fleet;
    }, STARTED_WITHIN_MS);
    expect(other!.id).toBe('sim-2');
    await eventually(() => childrenOf(product.pid).length === 1);
    expect(() => process.kill(pid, 0)).toThrow(/ESRCH/);
    const query = `type=engine_state_changed&engine_id=sim-1&since=${known}`;
    const changes = await product.api('GET', `/events?${query}`);
    expect(
      (changes.body as { details: { to: string } }[]).map(({ details: { to } }) => to),
    ).toEqual(['suspect', 'unhealthy', 'draining', 'gone']);
    await open(product).playing();
  });
});

describe('a fleet whose engines cannot start', () => {
  it('refuses viewers at once, with the reason and a retry time', async () => {
    const product = await startProduct({
      env: {
        ...QUICK,
        MIN_REPLICAS: '1',
        CIRCUIT_BREAKER_FAILURE_THRESHOLD: '3',
        ENGINE_RETRY_BASE: '50ms',
        // The product passes its environment to the engines.
        NODE_OPTIONS: `--require ${deadlyToEngines()}`,
      },
      waitReady: false,
    });
    const breaker = async () =>
      (await product.api('GET', '/orchestrator/status')).body.breaker as { state: string };
    await eventually(async () => (await breaker()).state === 'open', STARTED_WITHIN_MS);
    const viewer = open(product);
    const problem = await expectProblem(viewer, 503, 'no_engine');
    expect(viewer.headAfterMs).toBeLessThan(withLag(AT_ONCE_MS));
    expect(problem.detail).toMatch(/3 starts of engines in a row have failed.*SIGKILL/);
    expect(problem.retry_after).toBeGreaterThan(200);
    expect((await product.api('GET', '/health/ready', undefined, {})).status).toBe(503);
    expect(childrenOf(product.pid)).toEqual([]);
  });
});
