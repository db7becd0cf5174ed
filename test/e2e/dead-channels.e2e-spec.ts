import {
  eventually,
  newContentId,
  openViewer,
  startProduct,
  startSimulator,
  streamPath,
  type Product,
  type Simulator,
  type Viewer,
} from './support';
import { expectNothingLeft } from './support/remains';

const PER_ENGINE = 4;
/** What is left of it when one turn is kept for streams that are watched. */
const FIRST_STARTS = 3;
const DEAD = 100;

function open(product: Product, id: string): Viewer {
  return openViewer(product.url(streamPath(id)));
}

/** Watches the engine until `isOver`: the most sessions that were without a reader or media at once. */
async function mostStarting(
  engine: Simulator,
  living: number,
  isOver: () => boolean,
): Promise<number> {
  let most = 0;
  await eventually(
    async () => {
      const { sessions_open: sessions = 0 } = await engine.counters();
      most = Math.max(most, sessions - living);
      return isOver();
    },
    90_000,
    'the end of the dead channels',
  );
  return most;
}

describe('a hundred dead channels beside a living one', () => {
  it.each<[string, { kind: string } & Record<string, unknown>]>([
    ['no data', { kind: 'no_data' }],
    ['no headers', { kind: 'never', where: 'content' }],
  ])('%s: the living one does not feel it, its engine sees few at a time', async (_, fault) => {
    const engine = await startSimulator({ startDelayMs: 50, burstSeconds: 2 });
    const product = await startProduct({
      engines: [engine],
      env: {
        MAX_STREAMS_PER_ENGINE: '200',
        PROXY_STARTS_PER_ENGINE: String(PER_ENGINE),
        PROXY_INIT_TIMEOUT: '700ms',
        ENGINE_WAIT_TIMEOUT: '6s',
        PROXY_RETRY_BASE: '100ms',
        NEGATIVE_CACHE_TTL: '2m',
      },
    });
    const id = newContentId();
    const living = open(product, id);
    await living.playing();
    const ids = Array.from({ length: DEAD }, newContentId);
    for (const dead of ids) await engine.fault({ ...fault, content: dead });
    const viewers = ids.map((dead) => open(product, dead));
    let isOver = false;
    const watching = mostStarting(engine, 1, () => isOver);
    const statuses = await Promise.all(viewers.map((viewer) => viewer.status()));
    isOver = true;
    const most = await watching;
    expect(most).toBeGreaterThan(0);
    expect(most).toBeLessThanOrEqual(FIRST_STARTS);
    // Some had their turn and were silent; the others did not stand in line for ever.
    expect(new Set(statuses)).toEqual(new Set([503, 504]));
    for (const viewer of viewers) expect(viewer.headAfterMs).toBeLessThan(10_000);
    const turns = statuses.filter((status) => status === 504).length;
    expect(turns).toBeGreaterThanOrEqual(FIRST_STARTS * 3);
    // In the order in which they came.
    expect(statuses.slice(0, FIRST_STARTS)).toEqual([504, 504, 504]);
    await living.receiveMore(1000);
    expect(living.audit.longestGapMs).toBeLessThan(1000);
    expect(living.audit).toMatchObject({ continuityErrors: 0, misaligned: 0, flagged: 0 });
    expect(living.audit.markers).toMatchObject({ lostPackets: 0, repeatedPackets: 0 });
    expect(await product.session(id)).toMatchObject({ state: 'live', failovers: 0 });
    const { body } = await product.api('GET', `/engines/${engine.engineId}`);
    expect(body.state).toBe('healthy');
    living.destroy();
    await expectNothingLeft(product, [engine]);
  });

  it('starts that viewers abandon count as long as the engine is busy with them', async () => {
    const engine = await startSimulator({ startDelayMs: 50 });
    const product = await startProduct({
      engines: [engine],
      env: { MAX_STREAMS_PER_ENGINE: '200', PROXY_GRACE_PERIOD: '0s' },
    });
    const ids = Array.from({ length: 30 }, newContentId);
    for (const id of ids) await engine.fault({ kind: 'delay', ms: 1500, content: id });
    for (const id of ids) {
      const viewer = open(product, id);
      await eventually(async () => (await product.sessionCount()) >= 1);
      viewer.destroy();
      await eventually(async () => (await product.sessionCount()) === 0);
    }
    const asked = async (): Promise<number> => (await engine.journal('/ace/getstream')).length;
    expect(await asked()).toBeLessThanOrEqual(FIRST_STARTS);
    await expectNothingLeft(product, [engine]);
  });
});

describe('a watched stream that needs another engine', () => {
  it('goes first: a dead start in the last slot gives way to it', async () => {
    const [one, two] = [
      await startSimulator({ startDelayMs: 50, name: 'one' }),
      await startSimulator({ startDelayMs: 50, name: 'two' }),
    ];
    const product = await startProduct({
      engines: [one, two],
      env: { MAX_STREAMS_PER_ENGINE: '3', PROXY_RETRY_BASE: '100ms' },
    });
    const id = newContentId();
    const living = open(product, id);
    await living.playing();
    const home = (await one.starts(id)).length > 0 ? one : two;
    const ids = Array.from({ length: 5 }, newContentId);
    for (const dead of ids) {
      for (const engine of [one, two]) await engine.fault({ kind: 'no_data', content: dead });
    }
    const viewers = ids.map((dead) => open(product, dead));
    await eventually(async () => {
      const fleet = (await product.api('GET', '/engines')).body as { streams: string[] }[];
      return fleet.every(({ streams }) => streams.length === 3);
    });
    home.kill();
    await eventually(async () => (await product.session(id)).failovers === 1, 15_000, 'failover');
    await living.receiveMore(1500);
    expect(living.ending).toBeNull();
    expect(living.audit.longestGapMs).toBeLessThan(5000);
    // Whose place it was is told so, and need not wait for its start to fail.
    const gone = await Promise.race(viewers.map((viewer) => viewer.status()));
    expect(gone).toBe(503);
  });
});
