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
import { expectUntouched } from './support/session-facts';
import { withLag } from '../../src/kernel/testing/lag.spec-support';

/** Longer than any delay of the machine, so that immediate effects are distinguishable from those after the drain. */
const DRAIN_MS = 9000;
const AT_ONCE_MS = 6000;
/** Tolerance for the detection of any end. */
const LATE_MS = 10_000;
/** A drain that no test waits for. */
const LONG_DRAIN = '5m';

describe('SIGTERM while there are viewers', () => {
  let engine: Simulator;
  let product: Product;

  async function start(drain: string): Promise<void> {
    engine = await startSimulator({ bitrateMbps: 1, burstSeconds: 1 });
    product = await startProduct({
      engines: [engine],
      env: { SHUTDOWN_DRAIN: drain, MAX_STREAMS_PER_ENGINE: '10', PROXY_GRACE_PERIOD: '5m' },
    });
  }

  function watch(id: string): Viewer {
    return openViewer(product.url(streamPath(id)));
  }

  async function play(id: string): Promise<Viewer> {
    const viewer = watch(id);
    await viewer.playing();
    return viewer;
  }

  async function expectEngineTold(): Promise<void> {
    await eventually(
      async () => (await engine.counters())['sessions_open'] === 0,
      LATE_MS,
      'stopped',
    );
    const counters = await engine.counters();
    expect(counters['sessions_stopped']).toBe(counters['sessions_opened']);
    expect(counters['sessions_leaked']).toBe(0);
  }

  it.each(['SIGTERM', 'SIGINT'] as const)(
    '%s: readiness 503 and new requests refused at once, viewers served during the drain, then reset',
    async (signal) => {
      await start(`${DRAIN_MS}ms`);
      const ids = [newContentId(), newContentId(), newContentId()];
      const viewers = await Promise.all([...ids, ...ids, ...ids].map(play));
      const latest: number[] = viewers.map(({ audit }) => audit.markers.lastBroadcastMs!);

      const signalledMs = performance.now();
      product.kill(signal);
      await eventually(
        async () => {
          const { status, body } = await product.api('GET', '/health/ready');
          return status === 503 && body.reasons.includes('shutting_down');
        },
        AT_ONCE_MS,
        'readiness 503',
      );
      const [newcomer, joiner] = [watch(newContentId()), watch(ids[0]!)];
      for (const refused of [newcomer, joiner]) {
        const problem = await expectProblem(refused, 503, 'shutting_down');
        expect(problem.retry_after).toBeGreaterThan(0);
      }
      expect(performance.now() - signalledMs).toBeLessThan(withLag(DRAIN_MS));
      // It is alive while it drains: a supervisor must not kill it.
      expect((await product.api('GET', '/health/live')).status).toBe(200);

      const endings = await Promise.all(viewers.map(({ closed }) => closed));
      const drainedMs = performance.now() - signalledMs;
      expect(new Set(endings.map(({ how }) => how))).toEqual(new Set(['rst']));
      expect(drainedMs).toBeGreaterThan(DRAIN_MS - 200);
      expect(drainedMs).toBeLessThan(withLag(DRAIN_MS + LATE_MS));
      for (const [n, { audit }] of viewers.entries()) {
        expectUntouched(audit);
        const fedMs = audit.markers.lastBroadcastMs! - latest[n]!;
        // The reset discarded bytes in transit.
        expect(fedMs).toBeGreaterThan(DRAIN_MS / 3);
      }
      const exit = await product.exit;
      expect(exit).toEqual({ code: 0, signal: null });
      expect(performance.now() - signalledMs).toBeLessThan(withLag(DRAIN_MS + 2 * LATE_MS));
      await expectEngineTold();
      product.expectCleanLog();
    },
  );

  it('ends at once without viewers, and stops streams in their grace period', async () => {
    await start(LONG_DRAIN);
    const id = newContentId();
    const viewer = await play(id);
    viewer.destroy();
    await eventually(async () => (await product.session(id)).state === 'grace', LATE_MS, 'grace');
    expect(await product.stop()).toEqual({ code: 0, signal: null });
    await expectEngineTold();
  });

  it('ends as soon as the last viewer has left', async () => {
    await start(LONG_DRAIN);
    const viewer = await play(newContentId());
    product.kill('SIGTERM');
    await viewer.receiveMore(1000);
    viewer.destroy();
    const leftMs = performance.now();
    expect(await product.exit).toEqual({ code: 0, signal: null });
    expect(performance.now() - leftMs).toBeLessThan(withLag(LATE_MS));
    await expectEngineTold();
  });

  it('answers viewers that wait for a start with 503', async () => {
    await start('500ms');
    const id = newContentId();
    await engine.setContent(id, { start_delay_ms: 60_000 });
    const waiting = watch(id);
    await eventually(async () => (await engine.state()).sessions.length === 1, LATE_MS, 'a start');
    product.kill('SIGTERM');
    await expectProblem(waiting, 503, 'shutting_down');
    expect(await product.exit).toEqual({ code: 0, signal: null });
    await expectEngineTold();
  });

  it('a second signal ends at once', async () => {
    await start(LONG_DRAIN);
    const viewer = await play(newContentId());
    product.kill('SIGTERM');
    await eventually(
      async () => (await product.api('GET', '/health/ready')).status === 503,
      AT_ONCE_MS,
      'readiness 503',
    );
    await viewer.receiveMore(500);
    const secondMs = performance.now();
    product.wasKilled = true;
    product.kill('SIGTERM');
    const { code, signal } = await product.exit;
    expect(performance.now() - secondMs).toBeLessThan(withLag(LATE_MS));
    // The exit code that a shell reports after SIGTERM.
    expect(code ?? signal).toBe(143);
    // FIN would be a normal end, after which some players continue with the next channel.
    expect((await viewer.closed).how).toBe('rst');
    product.expectCleanLog();
  });

  it('is not delayed by an engine that does not answer', async () => {
    await start('500ms');
    const viewer = await play(newContentId());
    engine.kill('SIGSTOP');
    const signalledMs = performance.now();
    expect((await product.stop()).code).toBe(0);
    // The drain, then the 3 s limit of the stop.
    expect(performance.now() - signalledMs).toBeLessThan(withLag(500 + 3000 + LATE_MS));
    expect((await viewer.closed).how).toBe('rst');
    engine.kill('SIGCONT');
  });

  it('works the same with 200 viewers', async () => {
    await start('1s');
    const id = newContentId();
    const viewers = Array.from({ length: 200 }, () => watch(id));
    await Promise.all(viewers.map((viewer) => viewer.playing(60_000)));
    expect((await product.stop()).code).toBe(0);
    const endings = await Promise.all(viewers.map(({ closed }) => closed));
    expect(new Set(endings.map(({ how }) => how))).toEqual(new Set(['rst']));
    for (const { audit } of viewers) expectUntouched(audit);
    await expectEngineTold();
  });
});
