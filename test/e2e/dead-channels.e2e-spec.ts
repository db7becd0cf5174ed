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
import type { FaultDescription } from './support/simulator';
import { journalTimes } from './support/simulator';
import { expectNothingLeft } from './support/remains';
import { withLag } from '../../src/kernel/testing/lag.spec-support';

/** Number of simultaneous starts for viewers without media, with the default reserve of one for watched streams. */
const FIRST_STARTS = 3;
const DEAD = 100;
const PER_ENGINE = 8;
/** The share of these for streams that have no media yet. */
const STARTS_PER_ENGINE = 6;
const START_MS = 30;
const INIT_MS = 24_000;
/** A viewer that had to wait for the end of a dead start would wait longer than this. */
const DELAYED_MS = 10_000;

function open(product: Product, id: string): Viewer {
  return openViewer(product.url(streamPath(id)));
}

/**
 * The largest number of simultaneous starts that the engine was asked for; each is answered after `answerMs`, not
 * earlier.
 */
async function mostAsked(engine: Simulator, answerMs: number): Promise<number> {
  const times = await journalTimes(engine, '/ace/getstream');
  // Times are in whole milliseconds.
  const beside = times.map(
    (time) => times.filter((other) => other >= time && other < time + answerMs - 2).length,
  );
  return Math.max(...beside);
}

const DEAD_KINDS: readonly (readonly [string, FaultDescription])[] = [
  ['no data', { kind: 'no_data' }],
  ['no headers', { kind: 'never', where: 'content' }],
];

describe('100 dead channels beside a working one', () => {
  it.concurrent.each(DEAD_KINDS)(
    '%s: they affect neither the working channel, nor a new one, nor their engine',
    scoped(async (_: string, fault: FaultDescription) => {
      const engine = await startSimulator({ startDelayMs: 20, burstSeconds: 2 });
      const product = await startProduct({
        engines: [engine],
        env: {
          MAX_STREAMS_PER_ENGINE: '200',
          PROXY_STARTS_PER_ENGINE: String(PER_ENGINE),
          PROXY_INIT_TIMEOUT: `${INIT_MS}ms`,
          PROXY_GRACE_PERIOD: '0s',
          PROXY_RETRY_BASE: '100ms',
          NEGATIVE_CACHE_TTL: '2m',
        },
      });
      await engine.fault({ kind: 'delay', ms: START_MS });
      const id = newContentId();
      const living = open(product, id);
      await living.playing();
      const ids = Array.from({ length: DEAD }, newContentId);
      for (const dead of ids) await engine.fault({ ...fault, content: dead });
      const viewers = ids.map((dead) => open(product, dead));
      // It is the last in the queue, and none of the dead ones before it keeps it waiting.
      const later = open(product, newContentId());
      await later.playing(60_000);
      expect(later.headAfterMs).toBeLessThan(withLag(DELAYED_MS));
      const statuses = await Promise.all(viewers.map((viewer) => viewer.status()));
      // There are slots for all, so each has its whole budget.
      expect(new Set(statuses)).toEqual(new Set([504]));
      expect(await mostAsked(engine, START_MS)).toBeLessThanOrEqual(STARTS_PER_ENGINE);
      expect(await engine.starts(ids.at(-1)!)).toHaveLength(1);
      await living.receiveMore(1000);
      expect(living.audit.longestGapMs).toBeLessThan(withLag(DELAYED_MS));
      expect(living.audit).toMatchObject({ continuityErrors: 0, misaligned: 0, flagged: 0 });
      expect(living.audit.markers).toMatchObject({ lostPackets: 0, repeatedPackets: 0 });
      expect(await product.session(id)).toMatchObject({ is_active: true, failovers: 0 });
      const { body } = await product.api('GET', `/engines/${engine.engineId}`);
      expect(body.state).toBe('healthy');
      living.destroy();
      later.destroy();
      await expectNothingLeft(product, [engine]);
    }),
  );

  it.concurrent(
    'in all slots: a new one waits until the oldest has used half of its budget',
    scoped(async () => {
      const engine = await startSimulator({ startDelayMs: 20 });
      const product = await startProduct({
        engines: [engine],
        env: {
          MAX_STREAMS_PER_ENGINE: '3',
          PROXY_INIT_TIMEOUT: '12s',
          PROXY_GRACE_PERIOD: '0s',
        },
      });
      const ids = Array.from({ length: 3 }, newContentId);
      for (const dead of ids) await engine.fault({ kind: 'no_data', content: dead });
      const viewers: Viewer[] = [];
      for (const dead of ids) {
        viewers.push(open(product, dead));
        await eventually(async () => (await engine.starts(dead)).length === 1);
      }
      const living = open(product, newContentId());
      await living.playing();
      expect(await viewers[0]!.status()).toBe(503);
      expect(viewers[0]!.headAfterMs).toBeGreaterThan(5900);
      expect(await Promise.all(viewers.slice(1).map((viewer) => viewer.status()))).toEqual([
        504, 504,
      ]);
      living.destroy();
      await expectNothingLeft(product, [engine]);
    }),
  );

  it.concurrent(
    'on two engines with three slots: a playing stream is unaffected, a slow start plays, a new one is next',
    scoped(async () => {
      const engines = [
        await startSimulator({ startDelayMs: 20, bitrateMbps: 1, name: 'one' }),
        await startSimulator({ startDelayMs: 20, bitrateMbps: 1, name: 'two' }),
      ];
      const halfMs = 6000;
      const product = await startProduct({
        engines,
        env: {
          MAX_STREAMS_PER_ENGINE: '3',
          PROXY_INIT_TIMEOUT: `${2 * halfMs}ms`,
          ENGINE_WAIT_TIMEOUT: '20s',
        },
      });
      const watching = [open(product, newContentId()), open(product, newContentId())];
      await Promise.all(watching.map((viewer) => viewer.playing()));
      const slowId = newContentId();
      const ids = Array.from({ length: DEAD }, newContentId);
      for (const engine of engines) {
        await engine.setContent(slowId, { start_delay_ms: halfMs - 1000 });
        for (const dead of ids) await engine.fault({ kind: 'no_data', content: dead });
      }
      const slow = open(product, slowId);
      await eventually(async () => (await product.session(slowId))?.is_active === true);
      const dead = ids.map((id) => open(product, id));
      await eventually(async () => (await product.sessionCount()) >= DEAD);
      const livingId = newContentId();
      const living = open(product, livingId);
      await living.playing(halfMs + 8000);
      // Half of the start budget, at most 3 s for the stop of the preempted start, and the new start.
      expect(living.headAfterMs).toBeLessThan(withLag(halfMs + 3000 + 1000));
      expect(await slow.status()).toBe(200);
      expect(slow.headAfterMs).toBeLessThan(withLag(halfMs));
      // Only the preempted start has an answer yet, with the reason.
      expect(await Promise.race(dead.map((viewer) => viewer.status()))).toBe(503);
      for (const viewer of dead) viewer.destroy();
      await Promise.all([...watching, slow, living].map((viewer) => viewer.receiveMore(1000)));
      for (const { audit } of [...watching, slow, living]) {
        expect(audit).toMatchObject({ continuityErrors: 0, misaligned: 0, flagged: 0 });
        expect(audit.longestGapMs).toBeLessThan(withLag(1500));
      }
      for (const viewer of [...watching, slow, living]) viewer.destroy();
      await expectNothingLeft(product, engines);
    }),
  );

  it.concurrent(
    'that engines refuse soon pass their slots on, and a new one does not wait for all of them',
    scoped(async () => {
      const engine = await startSimulator({ startDelayMs: 20, bitrateMbps: 1 });
      const product = await startProduct({
        engines: [engine],
        env: { MAX_STREAMS_PER_ENGINE: '2', ENGINE_WAIT_TIMEOUT: '90s' },
      });
      const ids = Array.from({ length: DEAD }, newContentId);
      for (const dead of ids) {
        await engine.fault({ kind: 'json_error', content: dead });
        await engine.fault({ kind: 'delay', ms: 100, content: dead });
      }
      const dead = ids.map((id) => open(product, id));
      await eventually(async () => (await product.sessionCount()) >= DEAD / 2);
      const living = open(product, newContentId());
      await living.playing();
      expect(living.headAfterMs).toBeLessThan(withLag(5000));
      const statuses = await Promise.all(dead.map((viewer) => viewer.status()));
      expect(new Set(statuses)).toEqual(new Set([404]));
      living.destroy();
      await expectNothingLeft(product, [engine]);
    }),
  );

  it.concurrent(
    'abandoned starts count as long as the engine is busy with them',
    scoped(async () => {
      const engine = await startSimulator({ startDelayMs: 50 });
      const product = await startProduct({
        engines: [engine],
        env: { MAX_STREAMS_PER_ENGINE: '200', PROXY_GRACE_PERIOD: '0s' },
      });
      const ids = Array.from({ length: 30 }, newContentId);
      const answerMs = 1500;
      for (const id of ids) await engine.fault({ kind: 'delay', ms: answerMs, content: id });
      for (const id of ids) {
        const viewer = open(product, id);
        await eventually(async () => (await product.sessionCount()) >= 1);
        viewer.destroy();
        await eventually(async () => (await product.sessionCount()) === 0);
      }
      await expectNothingLeft(product, [engine]);
      const most = await mostAsked(engine, answerMs);
      expect(most).toBeGreaterThan(0);
      expect(most).toBeLessThanOrEqual(FIRST_STARTS);
    }),
  );

  it.concurrent(
    'abandoned starts without an answer release the engine for a new start',
    scoped(async () => {
      const engine = await startSimulator({ startDelayMs: 20 });
      const product = await startProduct({ engines: [engine] });
      const ids = Array.from({ length: 4 }, newContentId);
      for (const id of ids) await engine.fault({ kind: 'never', content: id });
      for (const id of ids) {
        const viewer = open(product, id);
        await eventually(async () => (await product.session(id))?.is_active === true);
        viewer.destroy();
        await eventually(async () => (await product.session(id)).client_count === 0);
      }
      const living = open(product, newContentId());
      await living.playing();
      // One of them is cut when it is 5 s old, and occupies the engine for 2 s more.
      expect(living.headAfterMs).toBeLessThan(withLag(8000));
      living.destroy();
      await expectNothingLeft(product, [engine]);
    }),
  );
});

describe('a watched stream that needs another engine', () => {
  it.concurrent(
    'is served first: it preempts a dead start in the last slot',
    scoped(async () => {
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
      await eventually(async () => (await product.session(id)).failovers === 1, 30_000, 'failover');
      await living.receiveMore(1500);
      expect(living.ending).toBeNull();
      // A dead start has a budget of 60 s.
      expect(living.audit.longestGapMs).toBeLessThan(withLag(15_000));
      // The preempted start gets its reason at once, without waiting for its failure.
      const gone = await Promise.race(viewers.map((viewer) => viewer.status()));
      expect(gone).toBe(503);
    }),
  );
});
