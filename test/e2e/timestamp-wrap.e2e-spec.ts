import {
  eventually,
  newContentId,
  openViewer,
  PACKET_BYTES,
  SIM_PIDS,
  startProduct,
  startSimulator,
  streamPath,
  type Product,
  type Simulator,
  type Viewer,
} from './support';
import { decodeTimeOf, pidOf } from './support/ts-packet';

/** Time from the first viewer to the wrap, and media that are sent before it at once. */
const WRAP_AFTER_MS = 8000;
const BURST_S = 5;
const WRAP_TICKS = 2 ** 33;
/** Timestamps of the simulator are 0.5 s ahead of its broadcast. */
const AHEAD_MS = 500;
const BEHIND_MS = 3000;
/** Key frames are sent every second, markers every 20 ms. */
const GROUP_MS = 1000 + 100;

/** True if the decoding times of the kept video pass 2^33. */
function sawWrap(viewer: Viewer): boolean {
  const data = viewer.kept();
  let before: number | null = null;
  for (let at = 0; at + PACKET_BYTES <= data.length; at += PACKET_BYTES) {
    const time = pidOf(data, at) === SIM_PIDS.video ? decodeTimeOf(data, at) : null;
    if (time === null) continue;
    if (before !== null && before - time > WRAP_TICKS / 2) return true;
    before = time;
  }
  return false;
}

describe('timestamps that wrap while viewers watch', () => {
  let engine: Simulator;
  let product: Product;

  beforeAll(async () => {
    engine = await startSimulator({ burstSeconds: BURST_S, startDelayMs: 50, bitrateMbps: 2 });
    const env = { PROXY_JOIN_BEHIND: `${BEHIND_MS}ms` };
    product = await startProduct({ engines: [engine], env });
  });

  function open(id: string): Viewer {
    return openViewer(product.url(streamPath(id)), { keepBytes: 20_000_000 });
  }

  function expectUntouched({ audit }: Viewer): void {
    expect(audit).toMatchObject({ misaligned: 0, continuityErrors: 0, flagged: 0, crcErrors: 0 });
    expect(audit.markers).toMatchObject({ lostPackets: 0, repeatedPackets: 0, jumps: [] });
    const video = audit.pids.get(SIM_PIDS.video)!;
    expect(video.backSteps).toBe(0);
    expect(video.largestStepMs).toBeLessThan(200);
  }

  it('pass unchanged without a jump, and later viewers join at the usual distance', async () => {
    const id = newContentId();
    const wrapsAtMs = Date.now() + WRAP_AFTER_MS;
    const offset = -(((wrapsAtMs + AHEAD_MS) * 90) % WRAP_TICKS);
    await engine.setContent(id, { pts_offset: offset });
    const watched = open(id);
    await watched.playing();
    expect(watched.audit.markers.firstBroadcastMs!).toBeLessThan(wrapsAtMs);
    const rateBefore = await eventually(
      async () => (await product.session(id)).bitrate_bps ?? undefined,
    );
    const joiners: Viewer[] = [];
    // Before, across and after the wrap, which is within their 3 s of history.
    for (const at of [-1000, 500, 1500, 4500]) {
      await watched.until(
        ({ markers }) => markers.lastBroadcastMs! > wrapsAtMs + at,
        40_000,
        `media ${at} ms from the wrap`,
      );
      const askedAtMs = watched.audit.markers.lastBroadcastMs!;
      const viewer = open(id);
      await viewer.playing();
      // At the newest key frame that is old enough.
      const { markers } = viewer.audit;
      expect(markers.firstLatencyMs!).toBeGreaterThan(BEHIND_MS - 200);
      expect(markers.firstBroadcastMs!).toBeGreaterThan(askedAtMs - BEHIND_MS - GROUP_MS);
      joiners.push(viewer);
    }
    await joiners.at(-1)!.receiveMore(4000);
    expect(sawWrap(watched)).toBe(true);
    for (const viewer of joiners) {
      const { firstBroadcastMs } = viewer.audit.markers;
      // Decoding times wrap some pictures after presentation times.
      if (firstBroadcastMs! < wrapsAtMs - 500) expect(sawWrap(viewer)).toBe(true);
      if (firstBroadcastMs! > wrapsAtMs + 500) expect(sawWrap(viewer)).toBe(false);
    }
    expect(sawWrap(joiners[0]!)).toBe(true);
    expect(sawWrap(joiners.at(-1)!)).toBe(false);
    for (const viewer of [watched, ...joiners]) expectUntouched(viewer);
    const receivedMs = watched.audit.markers.receivedMs;
    const session = await product.session(id);
    await watched.receiveMore(100);
    expect(session).toMatchObject({ continuity_errors: 0, failovers: 0, resyncs: 0 });
    // Everything that the first viewer has received.
    expect(session.buffer.seconds).toBeGreaterThan(receivedMs / 1000 - 1);
    expect(session.buffer.seconds).toBeLessThan(60);
    expect(Math.abs(session.bitrate_bps - rateBefore)).toBeLessThan(rateBefore * 0.1);
  });
});
