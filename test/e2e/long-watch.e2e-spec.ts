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
import { baselineOf, expectNothingLeft, type Baseline } from './support/remains';
import { withLag } from '../../src/kernel/testing/lag.spec-support';

const CHANNELS = 2;
const VIEWERS = 24;
const WATCH_MS = 12_000;
/** Half of the markers must arrive within this time; a viewer that never catches up is always 3 s behind. */
const LIVE_MS = 1500;
/** Longest stall of a busy machine. */
const LATE_MS = 4000;

function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
}

describe('a long watch', () => {
  let engine: Simulator;
  let product: Product;
  let atRest: Baseline;
  const ids = Array.from({ length: CHANNELS }, newContentId);
  const viewers: Viewer[] = [];

  beforeAll(async () => {
    engine = await startSimulator({ burstSeconds: 4, startDelayMs: 100, bitrateMbps: 3 });
    product = await startProduct({ engines: [engine], env: { PROXY_GRACE_PERIOD: '500ms' } });
    atRest = baselineOf(product);
  });

  function open(at: number): Viewer {
    return openViewer(product.url(streamPath(ids[at % CHANNELS]!)));
  }

  it('loses, repeats and reorders no packet for any viewer, while others join and leave', async () => {
    for (let n = 0; n < VIEWERS; n += 1) viewers.push(open(n));
    await Promise.all(viewers.map((viewer) => viewer.playing()));
    const watch = new AbortController();
    // Further viewers that join and leave all the time.
    const transients = (async (): Promise<Viewer[]> => {
      const seen: Viewer[] = [];
      for (let n = 0; !watch.signal.aborted && n < 60; n += 1) {
        const viewer = open(n);
        await viewer.playing();
        if (n % 3 === 0) viewer.reset();
        else viewer.destroy();
        seen.push(viewer);
      }
      return seen;
    })();
    await Promise.all(viewers.map((viewer) => viewer.receiveMore(WATCH_MS)));
    watch.abort();
    for (const { audit, ending } of [...viewers, ...(await transients)]) {
      expect(audit).toMatchObject({
        misaligned: 0,
        continuityErrors: 0,
        flagged: 0,
        crcErrors: 0,
      });
      expect(audit.markers).toMatchObject({
        lostPackets: 0,
        repeatedPackets: 0,
        outOfOrder: 0,
        jumps: [],
      });
      expect(audit.markers.infohashes).toHaveLength(1);
      if (ending === null) expect(audit.markers.receivedMs).toBeGreaterThan(WATCH_MS);
    }
    expect(await engine.counters()).toMatchObject({
      sessions_opened: CHANNELS,
      peak_readers_per_content: 1,
      second_reader_violations: 0,
    });
    for (const id of ids) {
      const session = await product.session(id);
      expect(session).toMatchObject({ continuity_errors: 0, resyncs: 0, failovers: 0 });
      await eventually(async () => {
        expect((await product.session(id)).client_count).toBe(VIEWERS / CHANNELS);
        return true;
      });
    }
  });

  it('is as live as the engine, without gaps', () => {
    for (const { audit } of viewers) {
      // The first seconds are the burst, whose media are older.
      const live = audit.markers.latenciesMs.slice(-400);
      expect(live.length).toBe(400);
      // A viewer is 3 s behind until it has caught up, and was 4 s behind at the start.
      expect(percentile(live, 0.5)).toBeLessThan(LIVE_MS);
      expect(audit.longestGapMs).toBeLessThan(withLag(LATE_MS));
    }
  });

  it('counts the bytes that it has sent', async () => {
    for (const id of ids) {
      const received = viewers
        .filter((_, n) => ids[n % CHANNELS] === id)
        .reduce((sum, { audit }) => sum + audit.bytes, 0);
      expect((await product.session(id)).bytes_out).toBeGreaterThanOrEqual(received);
    }
  });

  it('leaves nothing behind', async () => {
    viewers.forEach((viewer) => viewer.destroy());
    await expectNothingLeft(product, [engine], atRest);
    const counters = await engine.counters();
    expect(counters['sessions_opened']).toBe(counters['sessions_stopped']);
  });
});
