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
import {
  engineIsFree,
  expectHonest,
  expectUntouched,
  heldBytes,
  metric,
  SDT_PID,
} from './support/session-facts';

const RING_BYTES = 4 * 1024 * 1024;
/** A ring may be over by the chunk under way; one viewer may pin a batch. */
const SLACK_BYTES = 1024 * 1024;

describe('an upstream whose bytes come in the wrong way', () => {
  let engine: Simulator;
  let product: Product;

  beforeAll(async () => {
    engine = await startSimulator({ bitrateMbps: 4, burstSeconds: 2, maxSessions: 50 });
    product = await startProduct({
      engines: [engine],
      env: {
        MAX_STREAMS_PER_ENGINE: '50',
        PROXY_BUFFER_SIZE: String(RING_BYTES),
        PROXY_GRACE_PERIOD: '0s',
        PROXY_RETRY_BASE: '50ms',
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
      // What was there before the first whole packet is no loss of alignment.
      expect((await product.session(id)).resyncs).toBe(0);
    },
  );

  it.each<[string, Record<string, unknown>]>([
    ['bytes are missing', { kind: 'lost_sync', length: 77, bytes: 1_500_000 }],
    ['a page of HTML is in between', { kind: 'html_in_middle', bytes: 1_500_000 }],
  ])('is out of step because %s: alignment is found again and counted', async (_why, fault) => {
    const id = newContentId();
    await engine.fault({ ...fault, kind: String(fault['kind']), content: id });
    const viewer = watch(id);
    await viewer.playing();
    await eventually(async () => (await product.session(id)).resyncs === 1, 10_000, 'a resync');
    await viewer.receiveMore(2000);
    expect(viewer.audit.misaligned).toBe(0);
    // At most the packets that the damage touched and those before alignment was sure again.
    expect(viewer.audit.markers.lostPackets).toBeLessThanOrEqual(4);
    expect(viewer.audit.markers.repeatedPackets).toBe(0);
    const session = await product.session(id);
    expect(session).toMatchObject({ resyncs: 1, failovers: 0, state: 'live' });
  });

  it.each(['reset', 'end'])(
    'is cut in the middle of a packet by %s: same response, flagged',
    async (how) => {
      const id = newContentId();
      const viewer = watch(id);
      await viewer.playing();
      await engine.actOnReaders('cut_mid_packet', { content: id, how });
      await viewer.until((audit) => audit.flagged > 0, 10_000, 'a flagged discontinuity');
      await viewer.receiveMore(2000);
      expectHonest(viewer.audit);
      expect(viewer.audit.markers.jumps).toHaveLength(1);
      expect(viewer.audit.longestGapMs).toBeLessThan(3000);
      expect(viewer.ending).toBeNull();
      expect(await product.session(id)).toMatchObject({ state: 'live', failovers: 1, resyncs: 0 });
      expect((await engine.counters())['peak_readers_per_content']).toBe(1);
    },
  );

  it('is cut three times: every PID is flagged each time, the tables of the service included', async () => {
    const id = newContentId();
    const viewer = watch(id);
    await viewer.playing();
    for (let cuts = 1; cuts <= 3; cuts += 1) {
      await engine.actOnReaders('reset', { content: id });
      await viewer.until(({ markers }) => markers.jumps.length === cuts, 10_000, 'a splice');
      await viewer.receiveMore(1000);
    }
    expectHonest(viewer.audit);
    expect(viewer.audit.pids.get(SDT_PID)!.continuityErrors).toBe(0);
  });

  it('comes byte by byte: nothing is lost', async () => {
    const id = newContentId();
    await engine.fault({ kind: 'one_byte_chunks', content: id, bytes: 120_000 });
    const viewer = watch(id);
    await viewer.playing();
    await viewer.receiveMore(2000);
    expectBeginsWithTables(viewer);
    expectUntouched(viewer.audit);
    expect((await product.session(id)).resyncs).toBe(0);
  });

  it('begins with a burst many times the history: nothing is lost, memory stays bounded', async () => {
    const id = newContentId();
    await engine.fault({ kind: 'burst', content: id, bytes: 30_000_000 });
    const viewer = watch(id);
    let peakBytes = 0;
    const peak = (async (): Promise<void> => {
      while (viewer.audit.bytes < 30_000_000 && viewer.ending === null) {
        peakBytes = Math.max(peakBytes, await heldBytes(product));
      }
    })();
    await viewer.until((audit) => audit.bytes >= 30_000_000, 30_000, 'the burst');
    await peak;
    await viewer.receiveMore(1000);
    expectBeginsWithTables(viewer);
    expectUntouched(viewer.audit);
    expect(peakBytes).toBeGreaterThan(0);
    expect(peakBytes).toBeLessThan(RING_BYTES + SLACK_BYTES);
  });

  it('bursts faster than the only viewer reads: it waits in the engine, nothing is lost', async () => {
    const id = newContentId();
    await engine.fault({ kind: 'burst', content: id, bytes: 60_000_000 });
    const viewer = openViewer(product.url(streamPath(id)), { readRate: 2_000_000 });
    await viewer.playing();
    let peakBytes = 0;
    await viewer.until(({ bytes }) => bytes >= 8_000_000, 20_000, '8 MB of the burst');
    for (let n = 0; n < 10; n += 1) peakBytes = Math.max(peakBytes, await heldBytes(product));
    expect(peakBytes).toBeLessThan(RING_BYTES + SLACK_BYTES);
    expectUntouched(viewer.audit);
    // The engine holds back what nobody has taken yet.
    const { sessions } = await engine.state();
    const session = sessions.find(({ content_id }) => content_id === id);
    expect(session!.bytes).toBeLessThan(50_000_000);
  });

  it('runs at ten times its rate: alignment is kept, memory stays bounded', async () => {
    const id = newContentId();
    await engine.fault({ kind: 'rate', content: id, factor: 10 });
    const viewer = watch(id);
    await viewer.playing();
    await viewer.until(({ bytes }) => bytes > 20_000_000, 30_000, '20 MB at ten times the rate');
    expectUntouched(viewer.audit);
    expect(await metric(product, 'proxy_ring_bytes')).toBeLessThan(RING_BYTES + SLACK_BYTES);
  });

  afterEach(async () => {
    await engine.clearFaults();
  });

  it('leaves nothing behind', async () => {
    await engineIsFree(product, engine);
    expect((await engine.counters())['second_reader_violations']).toBe(0);
  });
});
