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

describe('the beginning of a body', () => {
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
    // Before the key frame there is no padding and nothing that cannot be decoded.
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

  it('is PAT, PMT and the oldest key frame for viewers of the start', async () => {
    const id = newContentId();
    // All viewers join before the first media.
    await engine.setContent(id, { start_delay_ms: 3000 });
    const viewers = [watch(id), watch(id), watch(id)];
    await Promise.all(viewers.map((viewer) => viewer.playing()));
    await Promise.all(viewers.map((viewer) => viewer.receiveMore(8000)));
    for (const viewer of viewers) {
      expectPictureAtOnce(viewer);
      expectPerfect(viewer);
      // The burst has 6 s, with key frames every second.
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
    // Key frames are sent every second, and the oldest one is at least 7 s old.
    expect(firstBroadcastMs).toBeGreaterThan(nowMs - JOIN_BEHIND_MS - 2000);
    await Promise.all([first.receiveMore(3000), later.receiveMore(3000)]);
    expectPerfect(first);
    expectPerfect(later);
  });

  it('arrives at once for a later viewer', async () => {
    const id = newContentId();
    const first = watch(id);
    await first.receiveMore(5000);
    // From the history alone: the engine is stalled, and the limit of silence is not reached.
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
    // The fastest of some attempts, because the machine may be busy.
    expect(Math.min(...times)).toBeLessThan(withLag(2000));
  });

  it('is PAT, PMT and audio if there is no video', async () => {
    const viewer = watch(RADIO);
    await viewer.until((audit) => audit.markers.receivedMs > 3000);
    const { pat, pmt, audio, video } = viewer.audit.firstAt;
    expect([pat, pmt, audio, video]).toEqual([0, 1, 2, null]);
    expectPerfect(viewer);
  });

  it('is PAT and PMT if no key frame arrives for 3 s', async () => {
    const id = newContentId();
    await engine.fault({ kind: 'no_random_access', content: id });
    const viewer = watch(id);
    await viewer.until((audit) => audit.markers.count > 25, 40_000);
    const { pat, pmt } = viewer.audit.firstAt;
    expect([pat, pmt]).toEqual([0, 1]);
    expect(viewer.audit.misaligned).toBe(0);
  });

  it("has its times in the stream's timeline, from the request to the first key frame", async () => {
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
