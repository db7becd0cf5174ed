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
import { engineIsFree, expectHonest, expectUntouched } from './support/session-facts';
import { withLag } from '../../src/kernel/testing/lag.spec-support';

/**
 * Long, so that silence never ends these upstreams. A cut that is detected by silence would take longer than any delay
 * of the machine.
 */
const STALL_MS = 20_000;
const MUCH_SOONER_MS = 8000;
const PAST_S = 12;

describe('an upstream with damaged framing', () => {
  let engine: Simulator;
  let product: Product;

  beforeAll(async () => {
    engine = await startSimulator({ bitrateMbps: 4, burstSeconds: 2, maxSessions: 50 });
    product = await startProduct({
      engines: [engine],
      env: {
        MAX_STREAMS_PER_ENGINE: '50',
        PROXY_GRACE_PERIOD: '0s',
        PROXY_RETRY_BASE: '50ms',
        PROXY_STALL_TIMEOUT: `${STALL_MS}ms`,
        PROXY_KEEPALIVE_AFTER: '10s',
      },
    });
  });

  function watch(id: string): Viewer {
    return openViewer(product.url(streamPath(id)));
  }

  function expectBeginsWithTables({ audit }: Viewer): void {
    expect([audit.firstAt.pat, audit.firstAt.pmt]).toEqual([0, 1]);
    expect(audit.firstAt.randomAccess).toBe(audit.firstAt.video);
  }

  it.each([1, 94, 187, 188 * 7 + 100])(
    'starts %d bytes late: the body is aligned',
    async (bytes) => {
      const id = newContentId();
      await engine.fault({ kind: 'misaligned_start', content: id, bytes });
      const viewer = watch(id);
      await viewer.playing();
      await viewer.receiveMore(1000);
      expectBeginsWithTables(viewer);
      expectUntouched(viewer.audit);
      // Bytes before the first whole packet are not a loss of alignment.
      expect((await product.session(id)).resyncs).toBe(0);
    },
  );

  it.each<[string, Record<string, unknown>]>([
    ['bytes are missing', { kind: 'lost_sync', length: 77, bytes: 1_500_000 }],
    ['a page of HTML is in between', { kind: 'html_in_middle', bytes: 1_500_000 }],
  ])('loses alignment because %s: alignment is found again and counted', async (_why, fault) => {
    const id = newContentId();
    await engine.fault({ ...fault, kind: String(fault['kind']), content: id });
    const viewer = watch(id);
    await viewer.playing();
    await eventually(async () => (await product.session(id)).resyncs === 1, 20_000, 'a resync');
    await viewer.receiveMore(2000);
    expect(viewer.audit.misaligned).toBe(0);
    // At most the damaged packets, and those before alignment was proved again.
    expect(viewer.audit.markers.lostPackets).toBeLessThanOrEqual(4);
    expect(viewer.audit.markers.repeatedPackets).toBe(0);
    const session = await product.session(id);
    expect(session).toMatchObject({ resyncs: 1, failovers: 0, state: 'live' });
  });

  it.each(['reset', 'end'])(
    'is cut in the middle of a packet by %s: the same response continues, nothing is lost or repeated',
    async (how) => {
      const id = newContentId();
      // The burst of the new session must reach back before the cut, even if it comes late.
      await engine.setContent(id, { bitrate_mbps: 1, burst_seconds: PAST_S });
      const viewer = watch(id);
      await viewer.playing();
      await engine.actOnReaders('cut_mid_packet', { content: id, how });
      await eventually(async () => (await product.session(id)).failovers === 1, 20_000, 'a source');
      await viewer.receiveMore(2000);
      // The overlap was proved.
      expectUntouched(viewer.audit);
      expect(viewer.audit.longestGapMs).toBeLessThan(withLag(MUCH_SOONER_MS));
      expect(viewer.ending).toBeNull();
      expect(await product.session(id)).toMatchObject({ state: 'live', failovers: 1, resyncs: 0 });
      expect((await engine.counters())['peak_readers_per_content']).toBe(1);
    },
  );

  it('is cut three times: each time every PID is flagged, or its counter continues', async () => {
    const id = newContentId();
    const viewer = watch(id);
    await viewer.playing();
    // Without a burst new sessions begin at the present, so the media in between are missing.
    await engine.setContent(id, { burst_seconds: 0 });
    for (let cuts = 1; cuts <= 3; cuts += 1) {
      await engine.actOnReaders('reset', { content: id });
      await viewer.until(({ markers }) => markers.jumps.length === cuts, 20_000, 'a splice');
      await viewer.receiveMore(1000);
    }
    expectHonest(viewer.audit);
  });

  it('arrives byte by byte: nothing is lost', async () => {
    const id = newContentId();
    await engine.fault({ kind: 'one_byte_chunks', content: id, bytes: 120_000 });
    const viewer = watch(id);
    await viewer.playing(40_000);
    await viewer.receiveMore(2000);
    expectBeginsWithTables(viewer);
    expectUntouched(viewer.audit);
    expect((await product.session(id)).resyncs).toBe(0);
  });

  afterEach(async () => {
    await engine.clearFaults();
  });

  it('leaves nothing behind', async () => {
    await engineIsFree(product, engine);
    expect((await engine.counters())['second_reader_violations']).toBe(0);
  });
});
