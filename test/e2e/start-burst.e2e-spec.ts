import {
  newContentId,
  openViewer,
  startProduct,
  startSimulator,
  streamPath,
  type Product,
  type Simulator,
  type Viewer,
} from './support';
import { engineIsFree, expectUntouched, heldBytes } from './support/session-facts';

const RING_BYTES = 4 * 1024 * 1024;
/** The newest chunk may exceed the ring's limit, and one viewer may pin a batch. */
const SLACK_BYTES = 1024 * 1024;
/** Bytes per second of the stream. */
const RATE = 500_000;

describe('an engine that delivers far faster than real time', () => {
  let engine: Simulator;

  beforeAll(async () => {
    engine = await startSimulator({ bitrateMbps: 4, maxSessions: 50 });
  });

  async function start(env: Record<string, string>): Promise<Product> {
    return startProduct({ engines: [engine], env: { PROXY_GRACE_PERIOD: '0s', ...env } });
  }

  async function burst(bytes: number): Promise<string> {
    const id = newContentId();
    await engine.fault({ kind: 'burst', content: id, bytes });
    return id;
  }

  /** Waits until the viewer has `bytes`; returns the largest memory held meanwhile. */
  async function peakUntil(product: Product, viewer: Viewer, bytes: number): Promise<number> {
    let peak = 0;
    await viewer.until(({ firstAt }) => firstAt.pat !== null, 30_000, 'the first packet');
    while (viewer.audit.bytes < bytes && viewer.ending === null) {
      peak = Math.max(peak, await heldBytes(product));
    }
    await viewer.until((audit) => audit.bytes >= bytes, 1000, `${bytes} bytes`);
    return peak;
  }

  function expectBounded(peakBytes: number): void {
    expect(peakBytes).toBeGreaterThan(0);
    expect(peakBytes).toBeLessThan(RING_BYTES + SLACK_BYTES);
  }

  afterEach(() => engine.clearFaults());

  it('has a start burst many times the history: nothing is lost, memory is bounded', async () => {
    const product = await start({ PROXY_BUFFER_SIZE: String(RING_BYTES) });
    const viewer = openViewer(product.url(streamPath(await burst(30_000_000))));
    expectBounded(await peakUntil(product, viewer, 30_000_000));
    await viewer.receiveMore(1000);
    expect([viewer.audit.firstAt.pat, viewer.audit.firstAt.pmt]).toEqual([0, 1]);
    expectUntouched(viewer.audit);
  });

  it('bursts faster than its only viewer reads: the burst waits in the engine, nothing is lost', async () => {
    const product = await start({ PROXY_BUFFER_SIZE: String(RING_BYTES) });
    const id = await burst(60_000_000);
    const viewer = openViewer(product.url(streamPath(id)), { readRate: 4 * RATE });
    expectBounded(await peakUntil(product, viewer, 10_000_000));
    expectUntouched(viewer.audit);
    // Most of the burst, apart from kernel buffers and the history.
    expect((await product.session(id)).bytes_in).toBeLessThan(45_000_000);
  });

  it('bursts more than a viewer may lag behind: the burst does not count as lag', async () => {
    const product = await start({ PROXY_CLIENT_MAX_LAG: '4s' });
    const viewer = openViewer(product.url(streamPath(await burst(60_000_000))), {
      readRate: 2 * RATE,
    });
    await viewer.until(({ bytes }) => bytes >= 6_000_000, 40_000, '6 MB');
    expectUntouched(viewer.audit);
  });

  it('has a short burst that exceeds the history: nothing is lost', async () => {
    const product = await start({
      PROXY_BUFFER_SIZE: String(RING_BYTES),
      PROXY_STALL_TIMEOUT: '100s',
      PROXY_OUTAGE_BUDGET: '200s',
    });
    const id = newContentId();
    // The history is full before 2 s of media have shown the bit rate.
    await engine.setContent(id, { bitrate_mbps: 50, burst_seconds: 3.9 });
    // Nothing follows the burst: at this rate a reader that is late would be too slow for the history.
    await engine.fault({ kind: 'stall_after', content: id, bytes: 24_000_000 });
    const viewer = openViewer(product.url(streamPath(id)), { readRate: 16 * RATE });
    expectBounded(await peakUntil(product, viewer, 16_000_000));
    expectUntouched(viewer.audit);
  });

  it('runs at ten times its rate: alignment is kept, memory is bounded', async () => {
    const product = await start({ PROXY_BUFFER_SIZE: String(RING_BYTES) });
    const id = newContentId();
    await engine.fault({ kind: 'rate', content: id, factor: 10 });
    const viewer = openViewer(product.url(streamPath(id)));
    expectBounded(await peakUntil(product, viewer, 20_000_000));
    expectUntouched(viewer.audit);
    viewer.destroy();
    await engineIsFree(product, engine);
  });
});
