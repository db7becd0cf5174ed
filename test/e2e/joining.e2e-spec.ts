import {
  eventually,
  newContentId,
  openViewer,
  scoped,
  PAT_PID,
  SIM_PIDS,
  startProduct,
  startSimulator,
  streamPath,
  type Product,
  type Simulator,
  type Viewer,
} from './support';
import { withLag } from '../../src/kernel/testing/lag.spec-support';

const RADIO = '7e57ca4d00000000000000000000000000000004';
/** Key frames are sent every second, markers every 20 ms. */
const GROUP_MS = 1000 + 100;
const JOINERS = 4;
/** A request just before a key frame may be late enough to begin with that key frame. */
const MOST_JOINERS = 20;

/** A later viewer, and the position of the first one when it sent its request. */
interface Joiner {
  readonly viewer: Viewer;
  readonly askedAtMs: number;
}

/** True if its first pictures existed at its request, so that it did not wait for any. */
function beganAtOnce({ viewer, askedAtMs }: Joiner): boolean {
  return viewer.audit.markers.firstBroadcastMs! <= askedAtMs;
}

function open(product: Product, id: string): Viewer {
  return openViewer(product.url(streamPath(id)));
}

/** Asserts that the tables come first, then only media that can be decoded, and that every counter continues. */
function expectCleanStart({ audit }: Viewer): void {
  const { pat, pmt, video, randomAccess } = audit.firstAt;
  expect([pat, pmt]).toEqual([0, 1]);
  expect(randomAccess).toBe(video);
  expect(audit).toMatchObject({ misaligned: 0, continuityErrors: 0, flagged: 0, crcErrors: 0 });
  expect(audit.markers).toMatchObject({ lostPackets: 0, repeatedPackets: 0, jumps: [] });
  for (const pid of [PAT_PID, SIM_PIDS.pmt]) {
    const tables = audit.pids.get(pid)!;
    expect(tables.duplicates).toBe(0);
    expect(tables.versions).toHaveLength(1);
    expect(tables.packets).toBeGreaterThan(3);
  }
}

describe('joining a running stream', () => {
  it.concurrent.each([
    ['0s', 0],
    ['1s', 1000],
    ['3s', 3000],
    ['6s', 6000],
  ])(
    'with PROXY_JOIN_BEHIND=%s begins at once at a key frame that far behind live',
    scoped(async (setting, behindMs) => {
      const engine = await startSimulator({ burstSeconds: 9, startDelayMs: 50 });
      const product = await startProduct({
        engines: [engine],
        env: { PROXY_JOIN_BEHIND: setting },
      });
      const id = newContentId();
      const first = open(product, id);
      await first.playing();
      // A viewer of the start gets the whole history.
      expect(first.audit.markers.firstLatencyMs).toBeGreaterThan(7500);
      await first.until(({ markers }) => markers.lastLatencyMs! < 1000, 40_000, 'end of the burst');
      const joiners: Joiner[] = [];
      do {
        const askedAtMs = first.audit.markers.lastBroadcastMs!;
        const viewer = open(product, id);
        await viewer.playing();
        joiners.push({ viewer, askedAtMs });
        await first.receiveMore(250);
      } while (
        joiners.length < JOINERS ||
        (joiners.length < MOST_JOINERS && !joiners.some(beganAtOnce))
      );
      expect(joiners.some(beganAtOnce)).toBe(true);
      await Promise.all(joiners.map(({ viewer }) => viewer.receiveMore(behindMs + 1500)));
      for (const { viewer, askedAtMs } of joiners) {
        const { markers } = viewer.audit;
        expect(markers.firstLatencyMs!).toBeGreaterThan(behindMs - 250);
        // At the newest key frame that is old enough.
        expect(markers.firstBroadcastMs!).toBeGreaterThan(askedAtMs - behindMs - GROUP_MS);
        // It stays behind only until it has caught up; then it is live like the others.
        const isLive = (): boolean => markers.lastLatencyMs! < 1000;
        await viewer.until(isLive, 40_000, 'the live edge');
        expectCleanStart(viewer);
      }
      expectCleanStart(first);
    }),
  );
});

describe('joining when the history is shorter than PROXY_JOIN_BEHIND', () => {
  it.concurrent(
    'begins at the oldest key frame',
    scoped(async () => {
      const engine = await startSimulator({ burstSeconds: 2, startDelayMs: 50 });
      const product = await startProduct({ engines: [engine], env: { PROXY_JOIN_BEHIND: '30s' } });
      const id = newContentId();
      const first = open(product, id);
      await first.playing();
      await first.receiveMore(2000);
      const later = open(product, id);
      await later.playing();
      expect(later.audit.markers.firstMediaNumber).toBe(first.audit.markers.firstMediaNumber);
      expectCleanStart(later);
    }),
  );
});

describe('streams without key frames', () => {
  let engine: Simulator;
  let product: Product;

  beforeAll(async () => {
    engine = await startSimulator({ burstSeconds: 0, startDelayMs: 50 });
    product = await startProduct({ engines: [engine] });
  });

  it.concurrent(
    'can be joined after 3 s of media, right after PAT and PMT',
    scoped(async () => {
      const id = newContentId();
      await engine.fault({ kind: 'no_random_access', content: id });
      const first = open(product, id);
      await first.until(({ markers }) => markers.count > 25, 20_000, 'media');
      expect(first.headAfterMs).toBeGreaterThan(2800);
      // PROXY_INIT_TIMEOUT is 60 s.
      expect(first.headAfterMs).toBeLessThan(withLag(20_000));
      expect(first.audit.firstAt).toMatchObject({ pat: 0, pmt: 1, randomAccess: null });
      await eventually(async () => (await product.session(id)).state === 'live');
      const askedAtMs = first.audit.markers.lastBroadcastMs!;
      const later = open(product, id);
      await later.until(({ markers }) => markers.count > 25, 30_000, 'media');
      expect(beganAtOnce({ viewer: later, askedAtMs })).toBe(true);
      expect(later.audit.firstAt).toMatchObject({ pat: 0, pmt: 1, randomAccess: null });
      expect(later.audit).toMatchObject({ misaligned: 0, crcErrors: 0 });
    }),
  );

  it.concurrent(
    'can be joined at once if they are radio, also later',
    scoped(async () => {
      const listeners: Viewer[] = [];
      for (let n = 0; n < 2; n += 1) {
        const listener = open(product, RADIO);
        await listener.until(({ markers }) => markers.receivedMs > 1500, 30_000, 'sound');
        listeners.push(listener);
      }
      // No wait for a picture, which would take 3 s.
      const { timeline, started_at: startedAt } = await product.session(RADIO);
      const waitedMs = Date.parse(startedAt) - Date.parse(timeline.first_pat_at);
      expect(waitedMs).toBeLessThan(withLag(2000));
      for (const { audit } of listeners) {
        expect(audit.firstAt).toMatchObject({ pat: 0, pmt: 1, audio: 2, video: null });
        expect(audit).toMatchObject({
          misaligned: 0,
          continuityErrors: 0,
          flagged: 0,
          crcErrors: 0,
        });
        expect(audit.markers).toMatchObject({ lostPackets: 0, repeatedPackets: 0, jumps: [] });
      }
    }),
  );
});
