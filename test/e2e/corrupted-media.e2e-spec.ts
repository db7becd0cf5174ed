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
import { engineIsFree, expectUntouched, heldBytes } from './support/session-facts';
import { withLag } from '../../src/kernel/testing/lag.spec-support';

const SEEDS = [1, 2, 3, 4, 5];
const RING_BYTES = 2 * 1024 * 1024;
const SLACK_BYTES = 512 * 1024;
const BURST_S = 2;
/** The damage begins here, after 2.4 s, so that a key frame and 0.5 s are intact wherever a playback begins. */
const FROM_BYTES = 300_000;
/** Longer than any delay of the machine, so that only the damage can end a source. */
const STALL_MS = 20_000;
const INIT_MS = 10_000;
/** Half of the silence that an affected stream would have. */
const UNTOUCHED_GAP_MS = 10_000;

describe('media with wrong bytes', () => {
  let engine: Simulator;
  let product: Product;

  beforeAll(async () => {
    engine = await startSimulator({ bitrateMbps: 1, burstSeconds: BURST_S });
    product = await startProduct({
      engines: [engine],
      env: {
        MAX_STREAMS_PER_ENGINE: '50',
        PROXY_BUFFER_SIZE: String(RING_BYTES),
        PROXY_GRACE_PERIOD: '0s',
        PROXY_INIT_TIMEOUT: `${INIT_MS}ms`,
        PROXY_STALL_TIMEOUT: `${STALL_MS}ms`,
        PROXY_KEEPALIVE_AFTER: '10s',
        PROXY_OUTAGE_BUDGET: '30s',
        PROXY_RETRY_BASE: '200ms',
        LOG_LEVEL: 'info',
      },
    });
  });

  function watch(id: string): Viewer {
    return openViewer(product.url(streamPath(id)));
  }

  async function resyncsOf(ids: readonly string[]): Promise<number> {
    const sessions = await Promise.all(ids.map((id) => product.session(id)));
    return sessions.reduce((sum: number, { resyncs }) => sum + Number(resyncs), 0);
  }

  async function damage(ratio: number, seed: number, bytes: number): Promise<string> {
    const id = newContentId();
    await engine.fault({ kind: 'garbage', content: id, ratio, seed, bytes });
    return id;
  }

  /** Another stream of the same engine, watched during the whole test. */
  async function witness(): Promise<Viewer> {
    const viewer = watch(newContentId());
    await viewer.playing();
    return viewer;
  }

  function expectWitness({ audit, ending }: Viewer): void {
    expect(ending).toBeNull();
    expectUntouched(audit);
    expect(audit.longestGapMs).toBeLessThan(withLag(UNTOUCHED_GAP_MS));
  }

  it.concurrent.each([0.0001, 0.001, 0.01, 0.1])(
    'at a ratio of %d: packets are whole, resyncs are counted, another stream is not affected',
    scoped(async (ratio) => {
      const other = await witness();
      const ids = await Promise.all(SEEDS.map((seed) => damage(ratio, seed, FROM_BYTES)));
      const viewers = ids.map(watch);
      await Promise.all(viewers.map((viewer) => viewer.playing()));
      await other.receiveMore(4000);
      // One byte in 188 is a sync byte, so at the lowest ratio none may be damaged for some seconds.
      const fewest = ratio >= 0.01 ? SEEDS.length + 1 : ratio >= 0.001 ? 1 : 0;
      await eventually(
        async () => (await resyncsOf(ids)) >= fewest,
        20_000,
        `${fewest} resyncs at a ratio of ${ratio}`,
      );

      for (const [n, id] of ids.entries()) {
        const session = await product.session(id);
        expect(['live', 'stalled', 'failed']).toContain(session.state);
        expect(session.buffer.bytes).toBeLessThan(RING_BYTES + SLACK_BYTES);
        // The output consists of packets, whatever their content.
        expect(viewers[n]!.audit.misaligned).toBe(0);
        if (ratio < 0.01) {
          // Few wrong bytes do not end a stream.
          expect(viewers[n]!.ending).toBeNull();
          expect(session).toMatchObject({ state: 'live', failovers: 0 });
        }
      }
      expectWitness(other);
      for (const viewer of [...viewers, other]) viewer.destroy();
    }),
  );

  it.concurrent(
    'from the first byte on: plays or fails with a status in time, another stream is not affected',
    scoped(async () => {
      const other = await witness();
      const ids = await Promise.all(
        [0.001, 0.01, 0.05, 0.1, 0.5, 1].flatMap((ratio) =>
          [11, 12].map((seed) => damage(ratio, seed, 0)),
        ),
      );
      const viewers = ids.map(watch);
      const statuses = await Promise.all(viewers.map((viewer) => viewer.status()));
      for (const [n, status] of statuses.entries()) {
        // 501: media arrive, but their tables cannot be read.
        expect([200, 501, 502, 504]).toContain(status);
        expect(viewers[n]!.headAfterMs).toBeLessThan(withLag(INIT_MS + 15_000));
      }
      // One wrong byte in a thousand is no reason to refuse; noise is no stream.
      expect(statuses.slice(0, 2)).toEqual([200, 200]);
      expect(statuses.slice(-2)).not.toContain(200);
      expectWitness(other);
      for (const viewer of [...viewers, other]) viewer.destroy();
    }),
  );

  it.concurrent(
    'for a while only: the same response is intact again afterwards',
    scoped(async () => {
      const id = newContentId();
      await engine.fault({
        kind: 'html_in_middle',
        content: id,
        bytes: FROM_BYTES,
        html: 'x'.repeat(50_000),
      });
      const viewer = watch(id);
      await viewer.playing();
      await eventually(async () => (await product.session(id)).resyncs === 1, 20_000, 'a resync');
      await viewer.receiveMore(3000);
      expect(viewer.audit.misaligned).toBe(0);
      // The damage was at one place; the media after it are intact.
      expect(viewer.audit.markers.lostPackets).toBeLessThanOrEqual(4);
      expect(await product.session(id)).toMatchObject({ state: 'live', failovers: 0, resyncs: 1 });
      viewer.destroy();
    }),
  );

  it('leaves nothing behind', async () => {
    await engine.clearFaults();
    await eventually(async () => (await product.sessionCount()) === 0, 15_000, 'no session');
    await engineIsFree(product, engine);
    expect(await heldBytes(product)).toBe(0);
  });
});
