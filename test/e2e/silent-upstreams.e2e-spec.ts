import {
  eventually,
  newContentId,
  openViewer,
  SIM_PIDS,
  startProduct,
  startSimulator,
  streamPath,
  type Product,
  type Simulator,
  type Viewer,
} from './support';
import {
  engineIsFree,
  eventsOf,
  expectHonest,
  streamsOn,
  videoAfterFlag,
} from './support/session-facts';
import { withLag } from '../../src/kernel/testing/lag.spec-support';

/** Longer than the delays of an engine on a busy machine. */
const STALL_MS = 6000;
const KEEPALIVE_AFTER_MS = 2000;
const BUDGET_MS = 7000;
/** Tolerance for the delays of all programs. */
const LATE_MS = 3000;
/** Between the freeze of an engine and media of another one, with default settings. */
const FROZEN_MS = 7000;
/** Default limit of a stream without media. */
const DEFAULT_BUDGET_MS = 60_000;
const ENV = {
  PROXY_STALL_TIMEOUT: `${STALL_MS}ms`,
  PROXY_KEEPALIVE_AFTER: `${KEEPALIVE_AFTER_MS}ms`,
  PROXY_KEEPALIVE_INTERVAL: '200ms',
  PROXY_RETRY_BASE: '100ms',
  PROXY_RETRY_MAX: '500ms',
  PROXY_GRACE_PERIOD: '500ms',
};

function now(): number {
  return performance.now();
}

function startEngine(name: string): Promise<Simulator> {
  return startSimulator({ name, bitrateMbps: 1, burstSeconds: 2 });
}

/**
 * Waits until media stop arriving; returns since when. Bytes that this process has not read yet do not count as
 * silence.
 */
async function silence({ audit }: Viewer): Promise<number> {
  let before = 0;
  return eventually(
    () => {
      const { lastMediaMs } = audit;
      const isQuiet = lastMediaMs === before && now() - before > 500;
      before = lastMediaMs!;
      return isQuiet && before;
    },
    20_000,
    'silence',
  );
}

async function watchOn(product: Product, id: string): Promise<Viewer> {
  const viewer = openViewer(product.url(streamPath(id)), { keepBytes: 10_000_000 });
  await viewer.playing();
  return viewer;
}

describe('an upstream that becomes silent with its socket open', () => {
  let engines: Simulator[];
  let product: Product;

  beforeAll(async () => {
    engines = await Promise.all([startEngine('one'), startEngine('two')]);
    product = await startProduct({ engines, env: ENV });
  });

  async function engineOf(
    id: string,
    on = product,
  ): Promise<[playing: Simulator, other: Simulator]> {
    const { container_id: engineId } = await on.session(id);
    const playing = engines.find((engine) => engine.engineId === engineId)!;
    return [playing, engines.find((engine) => engine !== playing)!];
  }

  it('is bridged with null packets and replaced by another engine, in the same response', async () => {
    const id = newContentId();
    const viewer = await watchOn(product, id);
    const [silent, other] = await engineOf(id);
    // Without past media, so that no overlap can be proved.
    await other.setContent(id, { burst_seconds: 0 });
    await silent.actOnReaders('stall', { content: id });
    const silentFromMs = await silence(viewer);
    const { nullPackets: before } = viewer.audit;
    await viewer.until(({ nullPackets }) => nullPackets > before, 20_000, 'a null packet');
    expect(now() - silentFromMs).toBeGreaterThan(KEEPALIVE_AFTER_MS / 2);
    // Before any other packets.
    expect(viewer.audit.lastMediaMs).toBe(silentFromMs);
    await viewer.until((audit) => audit.flagged > 0, 30_000, 'a flagged splice');
    await viewer.receiveMore(3000);
    expect(await eventsOf(product, 'stream_stalled', id)).toHaveLength(1);
    expect(viewer.audit.longestGapMs).toBeGreaterThan(STALL_MS - LATE_MS);
    expect(viewer.audit.longestGapMs).toBeLessThan(withLag(STALL_MS + 2 * LATE_MS));
    expectHonest(viewer.audit);
    expect(viewer.audit.markers.jumps).toHaveLength(1);
    expect(viewer.ending).toBeNull();
    const session = await product.session(id);
    expect(session).toMatchObject({ state: 'live', failovers: 1, container_id: other.engineId });
    expect(session.attempts.map(({ outcome }: { outcome: string }) => outcome)).toEqual([
      'silence',
      'playing',
    ]);
    // Both streams can be decoded from there on, because each starts again after a flag.
    for (const pid of [SIM_PIDS.video, SIM_PIDS.audio]) {
      expect(viewer.audit.pids.get(pid)).toMatchObject({ flagged: 1, continuityErrors: 0 });
    }
    expect(videoAfterFlag(viewer.kept())).toBe('key frame');
    // The silent engine was told to stop, and its slot is free.
    await engineIsFree(product, silent);
    expect(await streamsOn(product, other)).toContain(id);
  });

  it('resumes before the stall timeout: no new session, nothing lost', async () => {
    const id = newContentId();
    const viewer = await watchOn(product, id);
    const [engine, other] = await engineOf(id);
    await engine.actOnReaders('stall', { content: id, resume_after_ms: 4000 });
    await eventually(async () => (await eventsOf(product, 'stream_stalled', id)).length === 1);
    await viewer.until(({ longestGapMs }) => longestGapMs > LATE_MS, 20_000, 'media again');
    await viewer.receiveMore(2000);
    expectHonest(viewer.audit);
    expect(viewer.audit).toMatchObject({ flagged: 0 });
    const session = await product.session(id);
    expect(session).toMatchObject({ state: 'live', failovers: 0 });
    expect(session.attempts).toHaveLength(1);
    const sessions = [...(await engine.state()).sessions, ...(await other.state()).sessions];
    expect(sessions.filter(({ content_id: content }) => content === id)).toHaveLength(1);
  });

  it('is caused by a hung engine: a probe detects it, and every viewer of every stream continues', async () => {
    const own = await startProduct({ engines });
    const ids = [newContentId(), newContentId()];
    const viewers = await Promise.all([...ids, ids[0]!].map((id) => watchOn(own, id)));
    const [frozen, other] = await engineOf(ids[0]!, own);
    const [alone] = await engineOf(ids[1]!, own);
    if (alone !== frozen) {
      const path = `/api/v1/streams/${ids[1]}/move?wait=true`;
      const moved = await own.api('POST', path, { engine_id: frozen.engineId });
      expect(moved.status).toBe(200);
    }
    await Promise.all(ids.map((id) => other.setContent(id, { burst_seconds: 0 })));
    frozen.kill('SIGSTOP');
    for (const viewer of viewers) {
      await viewer.until((audit) => audit.flagged > 0, 30_000, 'a flagged splice');
      await viewer.receiveMore(1000);
      expectHonest(viewer.audit);
      expect(viewer.audit.longestGapMs).toBeLessThan(withLag(FROZEN_MS + LATE_MS));
    }
    for (const id of ids) {
      const { container_id: engineId, attempts } = await own.session(id);
      expect(engineId).toBe(other.engineId);
      expect(attempts.at(-2)).toMatchObject({ outcome: 'engine_unresponsive' });
    }
    frozen.kill('SIGCONT');
    // The stop waits in the socket of the frozen engine.
    await eventually(async () => (await frozen.counters())['readers'] === 0, 30_000, 'no reader');
  });
});

describe('an upstream that becomes silent without an alternative', () => {
  let engine: Simulator;
  let product: Product;

  beforeAll(async () => {
    engine = await startEngine('only');
    product = await startProduct({
      engines: [engine],
      env: {
        ...ENV,
        PROXY_STALL_TIMEOUT: '2s',
        PROXY_KEEPALIVE_AFTER: '600ms',
        PROXY_OUTAGE_BUDGET: `${BUDGET_MS}ms`,
      },
    });
  });

  async function expectReset(viewers: Viewer[], silentFromMs: number): Promise<void> {
    const endings = await Promise.all(viewers.map(({ closed }) => closed));
    const afterMs = now() - silentFromMs;
    expect(endings.map(({ how }) => how)).toEqual(viewers.map(() => 'rst'));
    expect(afterMs).toBeGreaterThan(BUDGET_MS - LATE_MS);
    expect(afterMs).toBeLessThan(withLag(DEFAULT_BUDGET_MS / 2));
  }

  it('ends with the outage budget: sockets reset, state failed, slot free', async () => {
    const id = newContentId();
    const viewers = await Promise.all([1, 2].map(() => watchOn(product, id)));
    // Every new session on it is silent too.
    await engine.fault({ kind: 'no_data', content: id });
    await engine.actOnReaders('stall', { content: id });
    await expectReset(viewers, await silence(viewers[0]!));
    for (const { audit } of viewers) {
      // Null packets are sent until the end.
      expect(audit.nullPackets).toBeGreaterThan(10);
      expect(audit.lastByteMs! - audit.lastMediaMs!).toBeGreaterThan(BUDGET_MS - LATE_MS);
      expect(audit.misaligned).toBe(0);
    }
    const session = await product.session(id);
    expect(session).toMatchObject({ state: 'failed', is_active: false, client_count: 0 });
    expect(session.error).toMatch(/^engine_failed: /);
    expect(session.ended_at).toEqual(expect.any(String));
    expect(await product.sessionCount()).toBe(0);
    await engineIsFree(product, engine);
    // One log line has the reason and the ids.
    const why = (await product.logsSoFar()).filter(
      ({ msg, streamId }) => streamId === id && msg?.startsWith('stream failed: engine_failed'),
    );
    expect(why).toHaveLength(1);
    expect(why[0]).toMatchObject({ engineId: engine.engineId });
  });

  it('plays again on request as soon as the engine sends media', async () => {
    const id = newContentId();
    const viewer = await watchOn(product, id);
    await engine.fault({ kind: 'no_data', content: id });
    await engine.actOnReaders('stall', { content: id });
    expect((await viewer.closed).how).toBe('rst');
    await engine.clearFaults();
    const again = await watchOn(product, id);
    await again.receiveMore(1000);
    expectHonest(again.audit);
  });

  it('is caused by the frozen engine itself: the same end', async () => {
    const id = newContentId();
    const viewer = await watchOn(product, id);
    engine.kill('SIGSTOP');
    await expectReset([viewer], await silence(viewer));
    expect(await product.session(id)).toMatchObject({ state: 'failed' });
    engine.kill('SIGCONT');
    await engineIsFree(product, engine);
  });
});
