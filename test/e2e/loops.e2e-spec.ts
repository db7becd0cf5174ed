import {
  eventually,
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
import { expectUntouched, metric } from './support/session-facts';

/** Length of the loop, and time of repetition after which it is reported. */
const LOOP_SECONDS = 6;
const AFTER_MS = 3000;
/** One key frame interval, one poll of 2 s, and tolerance for a busy machine. */
const FOUND_WITHIN_MS = LOOP_SECONDS * 1000 + AFTER_MS + 3000 + 10_000;
const STALE_MS = 5000;

interface Stage {
  readonly engines: readonly [Simulator, Simulator];
  readonly product: Product;
}

async function stage(mode: string): Promise<Stage> {
  const options = { bitrateMbps: 4, burstSeconds: 5 };
  const engines = [await startSimulator(options), await startSimulator(options)] as const;
  const product = await startProduct({
    engines,
    env: {
      LOOP_DETECTION: mode,
      LOOP_DETECTION_AFTER: `${AFTER_MS}ms`,
      LOOP_STALE_AFTER: `${STALE_MS}ms`,
      PROXY_GRACE_PERIOD: '0s',
      PROXY_RETRY_BASE: '50ms',
    },
  });
  return { engines: [...engines], product };
}

async function watch({ product }: Stage, id: string): Promise<Viewer> {
  const viewer = openViewer(product.url(streamPath(id)));
  await viewer.playing();
  return viewer;
}

/** The engine that plays a content, and the other one. */
async function enginesOf({ engines, product }: Stage, id: string): Promise<[Simulator, Simulator]> {
  const { container_id: at } = await product.session(id);
  return engines[0].engineId === at ? [engines[0], engines[1]] : [engines[1], engines[0]];
}

/** The events about loops of a content, oldest first. */
async function loopEvents({ product }: Stage, id: string): Promise<Record<string, unknown>[]> {
  const query = `type=stream_looping&stream_id=${id}`;
  const { body } = await product.api('GET', `/api/v1/events?${query}`);
  return body.map(({ details }: { details: Record<string, unknown> }) => details);
}

/** Waits until this many more seconds of media have arrived; in a loop the viewer's own markers cannot show that. */
async function playOn({ product }: Stage, id: string, seconds: number): Promise<void> {
  const bytes = async (): Promise<number> => (await product.session(id)).bytes_in;
  const wanted = (await bytes()) + seconds * (4e6 / 8);
  await eventually(async () => (await bytes()) >= wanted, seconds * 2000 + 30_000, 'more media');
}

describe('loops and stale positions', () => {
  it.concurrent(
    'a stream that repeats itself: is reported once within the promised time, and continues',
    scoped(async () => {
      const here = await stage('report');
      const id = newContentId();
      const viewer = await watch(here, id);
      const [engine] = await enginesOf(here, id);
      await viewer.receiveMore(2000);
      await engine.actOnReaders('loop_back', { content: id, seconds: LOOP_SECONDS });
      const session = await eventually(
        async () => {
          const now = await here.product.session(id);
          return now.looping === null ? false : now;
        },
        FOUND_WITHIN_MS,
        'a loop',
      );
      expect(session.looping.cause).toBe('media_repeats');
      expect(session.looping.period_s).toBeGreaterThan(LOOP_SECONDS - 1);
      expect(session.looping.period_s).toBeLessThan(LOOP_SECONDS + 1);
      await eventually(async () => (await loopEvents(here, id)).length > 0);
      await playOn(here, id, 4);
      const events = await loopEvents(here, id);
      expect(events).toHaveLength(1);
      expect(events[0]).toMatchObject({
        engine_id: engine.engineId,
        cause: 'media_repeats',
        action: 'report',
      });
      expect(await here.product.session(id)).toMatchObject({ is_active: true, failovers: 0 });
      expect(viewer.ending).toBeNull();
      const labels = { cause: 'media_repeats', action: 'report' };
      expect(await metric(here.product, 'acefleet_loops_total', labels)).toBe(1);
      expect(await metric(here.product, 'acefleet_streams_looping')).toBe(1);
    }),
  );

  it.concurrent(
    'a stream that repeats itself: is left for another engine in the same response, with failover',
    scoped(async () => {
      const here = await stage('failover');
      const id = newContentId();
      const viewer = await watch(here, id);
      const [engine, other] = await enginesOf(here, id);
      await viewer.receiveMore(2000);
      await engine.actOnReaders('loop_back', { content: id, seconds: LOOP_SECONDS });
      await eventually(
        async () => (await here.product.session(id)).container_id === other.engineId,
        FOUND_WITHIN_MS,
        'another engine',
      );
      await playOn(here, id, 8);
      await eventually(async () => (await here.product.session(id)).looping === null);
      expect(await here.product.session(id)).toMatchObject({
        is_active: true,
        failovers: 1,
        looping: null,
        attempts: [{ outcome: 'looping' }, { outcome: 'playing' }],
      });
      expect(await loopEvents(here, id)).toMatchObject([{ action: 'failover' }]);
      expect(viewer.ending).toBeNull();
      await eventually(async () => (await engine.counters())['sessions_open'] === 0);
    }),
  );

  it.concurrent(
    'a stream that repeats itself: is ended with its reason and its viewers reset, with stop',
    scoped(async () => {
      const here = await stage('stop');
      const id = newContentId();
      const viewer = await watch(here, id);
      const [engine] = await enginesOf(here, id);
      await engine.actOnReaders('loop_back', { content: id, seconds: LOOP_SECONDS });
      await eventually(() => viewer.ending !== null, FOUND_WITHIN_MS, 'the end');
      expect(viewer.ending?.how).toBe('rst');
      expect(await here.product.session(id)).toMatchObject({
        state: 'ended',
        end_reason: 'looping',
        looping: null,
      });
      expect(await loopEvents(here, id)).toMatchObject([{ action: 'stop' }]);
    }),
  );

  it.concurrent.each([
    ['position_stands_still', { kind: 'stat_position_stuck' }, STALE_MS],
    ['position_behind', { kind: 'stat_stale', seconds: 7200 }, 0],
  ])(
    'a live position that is stale: a live position that is stale: is reported as %s',
    scoped(async (cause, fault, afterMs) => {
      const here = await stage('report');
      const id = newContentId();
      for (const engine of here.engines) await engine.fault({ ...fault, content: id });
      const viewer = await watch(here, id);
      await eventually(
        async () => (await here.product.session(id)).looping?.cause === cause,
        afterMs + 25_000,
        cause,
      );
      await eventually(async () => (await loopEvents(here, id)).length > 0);
      expect(await loopEvents(here, id)).toMatchObject([
        { cause, action: 'report', period_s: null },
      ]);
      expect(viewer.ending).toBeNull();
    }),
  );

  it.concurrent(
    'an intact stream: is never reported as a loop: start burst, wrap of the clock, splice with overlap, jump of the clock',
    scoped(async () => {
      const options = { bitrateMbps: 4, burstSeconds: 15 };
      // The clock wraps shortly after the start.
      const wrapsSoon = String(2 ** 33 - 20 * 90_000);
      const engine = await startSimulator({ ...options, args: ['--pts-start', wrapsSoon] });
      const product = await startProduct({
        engines: [engine],
        env: { LOOP_DETECTION: 'stop', LOOP_DETECTION_AFTER: '2s', PROXY_RETRY_BASE: '50ms' },
      });
      const here: Stage = { engines: [engine, engine], product };
      const id = newContentId();
      const viewer = await watch(here, id);
      await viewer.receiveMore(5000);
      expectUntouched(viewer.audit);
      // The burst of the new session repeats 15 s of media that were sent before.
      await engine.actOnReaders('reset', { content: id });
      await eventually(async () => (await product.session(id)).failovers === 1, 30_000, 'a splice');
      await viewer.receiveMore(6000);
      await engine.actOnReaders('pcr_jump', { content: id, seconds: -60 });
      await viewer.receiveMore(12_000);
      expect(viewer.ending).toBeNull();
      expect(await product.session(id)).toMatchObject({
        is_active: true,
        failovers: 1,
        looping: null,
      });
      expect(await loopEvents(here, id)).toEqual([]);
    }),
  );

  it.concurrent(
    'an intact stream: is not checked when the checks are off',
    scoped(async () => {
      const here = await stage('off');
      const id = newContentId();
      for (const engine of here.engines) await engine.fault({ kind: 'stat_stale', content: id });
      await watch(here, id);
      const [engine] = await enginesOf(here, id);
      await engine.actOnReaders('loop_back', { content: id, seconds: 3 });
      await playOn(here, id, 12);
      expect((await here.product.session(id)).looping).toBeNull();
      expect(await loopEvents(here, id)).toEqual([]);
    }),
  );
});
