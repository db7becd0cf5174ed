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
import { expectNothingLeft } from './support/remains';
import { withLag } from '../../src/kernel/testing/lag.spec-support';

/** A request that is not refused at once waits for ENGINE_WAIT_TIMEOUT or the end of a grace period, 60 s each. */
const AT_ONCE_MS = 10_000;

function open(product: Product, id: string): Viewer {
  return openViewer(product.url(streamPath(id)));
}

async function expectFull(product: Product, id: string): Promise<void> {
  const viewer = open(product, id);
  const problem = await expectProblem(viewer, 503, 'no_capacity');
  expect(viewer.headAfterMs).toBeLessThan(withLag(AT_ONCE_MS));
  expect(problem.retry_after).toBeGreaterThan(0);
}

describe('a fleet without a free slot', () => {
  it('takes the slot of a running stream whose address nobody has opened', async () => {
    const engine = await startSimulator();
    const product = await startProduct({ engines: [engine], env: { MAX_STREAMS_PER_ENGINE: '1' } });
    const held = newContentId();
    const { status } = await product.api('GET', streamPath(held, '&format=json'));
    expect(status).toBe(200);
    await eventually(async () => (await product.session(held)).state === 'live');
    const viewer = open(product, newContentId());
    await viewer.playing();
    expect(viewer.headAfterMs).toBeLessThan(withLag(AT_ONCE_MS));
    await eventually(async () => (await product.session(held)).end_reason === 'reclaimed');
    await viewer.receiveMore(1000);
  });

  it('refuses further contents at once, but no further viewers of a running stream', async () => {
    const engines = [await startSimulator({ name: 'a' }), await startSimulator({ name: 'b' })];
    const product = await startProduct({
      engines,
      env: { MAX_STREAMS_PER_ENGINE: '2', PROXY_GRACE_PERIOD: '300ms' },
    });
    const ids = Array.from({ length: 4 }, newContentId);
    const viewers = ids.map((id) => open(product, id));
    await Promise.all(viewers.map((viewer) => viewer.playing()));
    const { body } = await product.api('GET', '/engines');
    for (const engine of body) expect(engine).toMatchObject({ max_streams: 2 });
    expect(body.flatMap(({ streams }: { streams: string[] }) => streams).sort()).toEqual(
      [...ids].sort(),
    );
    const refused = newContentId();
    await Promise.all(Array.from({ length: 10 }, () => expectFull(product, refused)));
    for (const engine of engines) expect(await engine.starts(refused)).toEqual([]);
    await open(product, ids[0]!).playing();
    await viewers[0]!.receiveMore(500);
    for (const { audit } of viewers) {
      expect(audit).toMatchObject({ misaligned: 0, continuityErrors: 0, flagged: 0 });
      expect(audit.markers).toMatchObject({ lostPackets: 0, repeatedPackets: 0, jumps: [] });
      expect(audit.longestGapMs).toBeLessThan(withLag(AT_ONCE_MS));
    }
    for (const id of ids) expect((await product.session(id)).attempts).toHaveLength(1);
    // The released slot can be used by the next stream.
    viewers[1]!.destroy();
    await eventually(async () => {
      const { body: now } = await product.api('GET', '/engines');
      return !now.some(({ streams }: { streams: string[] }) => streams.includes(ids[1]!));
    });
    await open(product, refused).playing();
  });

  it('refuses contents at the limit of streams as well', async () => {
    const engine = await startSimulator();
    const product = await startProduct({ engines: [engine], env: { PROXY_MAX_SESSIONS: '1' } });
    const first = open(product, newContentId());
    await first.playing();
    await expectFull(product, newContentId());
    await first.receiveMore(500);
    expect(first.ending).toBeNull();
  });
});

describe('a stream without viewers', () => {
  /** Long enough to request the stream's state meanwhile on a busy machine. */
  const GRACE_MS = 5000;
  let engine: Simulator;
  let product: Product;

  beforeAll(async () => {
    engine = await startSimulator();
    product = await startProduct({
      engines: [engine],
      env: { PROXY_GRACE_PERIOD: `${GRACE_MS}ms`, MAX_STREAMS_PER_ENGINE: '10' },
    });
  });

  beforeEach(async () => {
    await expectNothingLeft(product, [engine]);
    await engine.clear();
  });

  it('is kept for the grace period, then ended: one start, one stop', async () => {
    const id = newContentId();
    const viewer = open(product, id);
    await viewer.playing();
    viewer.destroy();
    await eventually(async () => (await product.session(id)).idle_seconds > 0.3);
    const counters = await engine.counters();
    // Requested after the engine's answer, so both are from the grace period.
    const resting = await product.session(id);
    expect(resting).toMatchObject({ is_active: true, client_count: 0, ended_at: null });
    expect(resting.state).toBe('grace');
    expect(counters).toMatchObject({ sessions_open: 1, readers: 1 });
    const over = await eventually(async () => {
      const session = await product.session(id);
      return session.is_active ? undefined : session;
    });
    expect(over).toMatchObject({ state: 'ended', end_reason: 'no_viewers', error: null });
    expect(over.idle_seconds).toBeGreaterThanOrEqual(GRACE_MS / 1000 - 0.1);
    // The default grace period would be 10 s.
    expect(over.idle_seconds).toBeLessThan(withLag(GRACE_MS + 4000) / 1000);
    await expectNothingLeft(product, [engine]);
    expect(await engine.counters()).toMatchObject({ sessions_opened: 1, sessions_stopped: 1 });
  });

  it('continues from the same history for a viewer that comes back in time, and the grace period begins again', async () => {
    const id = newContentId();
    const first = open(product, id);
    await first.playing();
    const { playback_session_id: session } = await product.session(id);
    let last = first;
    for (let round = 0; round < 3; round += 1) {
      last.destroy();
      await eventually(async () => (await product.session(id)).idle_seconds >= 0.9);
      const next = open(product, id);
      await next.playing();
      // The history reaches back before the start of a new stream.
      expect(next.audit.markers.firstLatencyMs!).toBeGreaterThan(2500);
      expect(next.audit.markers.firstMediaNumber!).toBeGreaterThanOrEqual(
        first.audit.markers.firstMediaNumber!,
      );
      expect(await product.session(id)).toMatchObject({
        is_active: true,
        client_count: 1,
        idle_seconds: 0,
        playback_session_id: session,
      });
      last = next;
    }
    expect(await engine.starts(id)).toHaveLength(1);
    expect(await engine.counters()).toMatchObject({ sessions_opened: 1, sessions_stopped: 0 });
    last.destroy();
    await expectNothingLeft(product, [engine]);
  });

  it('survives many viewers that join and leave at the end of the grace period', async () => {
    const graceMs = 1500;
    const engine = await startSimulator();
    const product = await startProduct({
      engines: [engine],
      env: { PROXY_GRACE_PERIOD: `${graceMs}ms` },
    });
    const id = newContentId();
    for (let round = 0; round < 4; round += 1) {
      const viewer = open(product, id);
      await viewer.playing();
      viewer.destroy();
      await eventually(async () => {
        const session = await product.session(id);
        return session.idle_seconds >= graceMs / 1000 - 0.05 * (round + 1) || !session.is_active;
      });
      const next = open(product, id);
      await next.playing();
      next.destroy();
    }
    await expectNothingLeft(product, [engine]);
    const counters = await engine.counters();
    expect(counters['sessions_opened']).toBe(counters['sessions_stopped']);
  });
});

describe('a stream in its grace period whose slot is needed', () => {
  it('releases it at once: the stream that is idle longest ends, watched ones stay', async () => {
    const engine = await startSimulator();
    const product = await startProduct({
      engines: [engine],
      env: { PROXY_GRACE_PERIOD: '60s', MAX_STREAMS_PER_ENGINE: '3' },
    });
    const ids = Array.from({ length: 3 }, newContentId);
    const viewers = ids.map((id) => open(product, id));
    await Promise.all(viewers.map((viewer) => viewer.playing()));
    for (const at of [1, 0]) {
      viewers[at]!.destroy();
      await eventually(async () => (await product.session(ids[at]!)).state === 'grace');
      await eventually(async () => (await product.session(ids[at]!)).idle_seconds > 0.2);
    }
    const wanted = [newContentId(), newContentId()];
    for (const [at, id] of wanted.entries()) {
      const viewer = open(product, id);
      await viewer.playing();
      expect(viewer.headAfterMs).toBeLessThan(withLag(AT_ONCE_MS));
      const gone = [1, 0][at]!;
      expect(await product.session(ids[gone]!)).toMatchObject({
        is_active: false,
        state: 'ended',
        end_reason: 'reclaimed',
      });
    }
    await expectFull(product, newContentId());
    expect(await product.session(ids[2]!)).toMatchObject({ is_active: true, client_count: 1 });
    expect((await product.session(ids[2]!)).attempts).toHaveLength(1);
    await eventually(async () => {
      const counters = await engine.counters();
      expect(counters).toMatchObject({ sessions_stopped: 2, sessions_leaked: 0 });
      return true;
    });
    await viewers[2]!.receiveMore(500);
    expect(viewers[2]!.audit.markers).toMatchObject({ lostPackets: 0, jumps: [] });
    const ended = await product.api('GET', '/events?type=stream_ended');
    expect(ended.body).toMatchObject([
      { stream_id: ids[1], reason: 'reclaimed' },
      { stream_id: ids[0], reason: 'reclaimed' },
    ]);
  });

  it('ends for a new stream at the limit of streams too', async () => {
    const engine = await startSimulator();
    const product = await startProduct({
      engines: [engine],
      env: { PROXY_GRACE_PERIOD: '60s', PROXY_MAX_SESSIONS: '1' },
    });
    const id = newContentId();
    const first = open(product, id);
    await first.playing();
    first.destroy();
    await eventually(async () => (await product.session(id)).state === 'grace');
    await open(product, newContentId()).playing();
    expect(await product.session(id)).toMatchObject({ end_reason: 'reclaimed' });
  });
});
