import {
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
import { withLag } from '../../src/kernel/testing/lag.spec-support';

const RADIO = '7e57ca4d00000000000000000000000000000004';
const JOIN_BEHIND_MS = 3000;

describe('what a body begins with', () => {
  let engine: Simulator;
  let product: Product;

  beforeAll(async () => {
    engine = await startSimulator({ burstSeconds: 6 });
    product = await startProduct({ engines: [engine], env: { PROXY_STALL_TIMEOUT: '60s' } });
  });

  function watch(id: string): Viewer {
    return openViewer(product.url(streamPath(id)));
  }

  function expectPictureAtOnce({ audit }: Viewer): void {
    const { pat, pmt, video, randomAccess } = audit.firstAt;
    expect([pat, pmt]).toEqual([0, 1]);
    expect(randomAccess).toBe(video);
    // Nothing that cannot be decoded comes before the key frame, and no padding.
    const before = audit.firstPids.slice(0, randomAccess!);
    expect(before.filter((pid) => pid !== 0 && pid !== SIM_PIDS.pmt)).toEqual([]);
    expect(audit.crcErrors).toBe(0);
  }

  function expectPerfect({ audit }: Viewer): void {
    expect(audit).toMatchObject({
      misaligned: 0,
      continuityErrors: 0,
      tableContinuityErrors: 0,
      flagged: 0,
      crcErrors: 0,
    });
    expect(audit.markers).toMatchObject({
      lostPackets: 0,
      repeatedPackets: 0,
      outOfOrder: 0,
      jumps: [],
    });
  }

  it('is PAT, PMT and the oldest key frame for those who waited for the start', async () => {
    const id = newContentId();
    // All of them are there before the first media.
    await engine.setContent(id, { start_delay_ms: 3000 });
    const viewers = [watch(id), watch(id), watch(id)];
    await Promise.all(viewers.map((viewer) => viewer.playing()));
    await Promise.all(viewers.map((viewer) => viewer.receiveMore(8000)));
    for (const viewer of viewers) {
      expectPictureAtOnce(viewer);
      expectPerfect(viewer);
      // The burst is 6 s, key frames come every second.
      expect(viewer.audit.markers.firstLatencyMs).toBeGreaterThan(4500);
    }
    expect((await engine.counters())['peak_readers_per_content']).toBe(1);
  });

  it('is PAT, PMT and a key frame some seconds old for a later viewer', async () => {
    const id = newContentId();
    const first = watch(id);
    await first.receiveMore(7000);
    const nowMs = first.audit.markers.lastBroadcastMs!;
    const later = watch(id);
    await later.playing();
    expectPictureAtOnce(later);
    const { firstLatencyMs, firstBroadcastMs } = later.audit.markers;
    expect(firstLatencyMs).toBeGreaterThan(JOIN_BEHIND_MS - 200);
    // A key frame comes each second; the oldest one is seven and more.
    expect(firstBroadcastMs).toBeGreaterThan(nowMs - JOIN_BEHIND_MS - 2000);
    await Promise.all([first.receiveMore(3000), later.receiveMore(3000)]);
    expectPerfect(first);
    expectPerfect(later);
  });

  it('comes at once for a later viewer', async () => {
    const id = newContentId();
    const first = watch(id);
    await first.receiveMore(5000);
    // Out of the history alone: nothing comes from the engine meanwhile, and its silence is not acted on yet.
    await engine.actOnReaders('stall', { content: id });
    const times: number[] = [];
    for (let n = 0; n < 5; n += 1) {
      const askedMs = performance.now();
      const later = watch(id);
      await later.playing();
      expectPictureAtOnce(later);
      times.push(later.audit.firstMediaMs! - askedMs);
    }
    expect(await engine.starts(id)).toHaveLength(1);
    // The fastest of a few: the machine may be busy.
    expect(Math.min(...times)).toBeLessThan(withLag(2000));
  });

  it('is PAT, PMT and sound where there is no video', async () => {
    const viewer = watch(RADIO);
    await viewer.until((audit) => audit.markers.receivedMs > 3000);
    const { pat, pmt, audio, video } = viewer.audit.firstAt;
    expect([pat, pmt, audio, video]).toEqual([0, 1, 2, null]);
    expectPerfect(viewer);
  });

  it('is PAT and PMT when no key frame comes for three seconds', async () => {
    const id = newContentId();
    await engine.fault({ kind: 'no_random_access', content: id });
    const viewer = watch(id);
    await viewer.until((audit) => audit.markers.count > 25, 40_000);
    const { pat, pmt } = viewer.audit.firstAt;
    expect([pat, pmt]).toEqual([0, 1]);
    expect(viewer.audit.misaligned).toBe(0);
  });

  it('is timed in the session, from the request to the first key frame', async () => {
    const id = newContentId();
    await watch(id).playing();
    const { timeline } = await product.session(id);
    const moments = [
      timeline.requested_at,
      timeline.engine_answered_at,
      timeline.first_byte_at,
      timeline.first_pat_at,
      timeline.first_keyframe_at,
    ].map((time) => Date.parse(time));
    expect(moments).toEqual([...moments].sort((a, b) => a - b));
    expect(moments).not.toContain(NaN);
  });
});
