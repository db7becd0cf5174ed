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

/** The simulator's clip. */
const LOOP_MS = 8000;
const WRAP_AFTER_MS = 13_000;
const WRAP_TICKS = 2 ** 33;

/** Whether the decode times of the video go through 2^33 in what the viewer has kept. */
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

describe('timestamps that wrap while people watch', () => {
  let engine: Simulator;
  let product: Product;
  let wrapsAtMs = 0;

  beforeAll(async () => {
    // The loop on air at the start has these timestamps; another must not begin in between.
    await eventually(() => Date.now() % LOOP_MS < LOOP_MS - 3000, LOOP_MS);
    wrapsAtMs = Math.floor(Date.now() / LOOP_MS) * LOOP_MS + WRAP_AFTER_MS;
    const start = WRAP_TICKS - WRAP_AFTER_MS * 90;
    engine = await startSimulator({
      burstSeconds: 5,
      startDelayMs: 50,
      bitrateMbps: 2,
      args: ['--pts-start', String(start)],
    });
    product = await startProduct({ engines: [engine], env: { PROXY_JOIN_BEHIND: '3s' } });
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

  it('pass unchanged; nobody jumps, and later viewers join as far behind as ever', async () => {
    const id = newContentId();
    const watched = open(id);
    await watched.playing();
    expect(watched.audit.markers.firstBroadcastMs!).toBeLessThan(wrapsAtMs);
    const rateBefore = await eventually(
      async () => (await product.session(id)).bitrate_bps ?? undefined,
    );
    const joiners: Viewer[] = [];
    // Before, across and after the wrap: their three seconds of history lie on either side of it.
    for (const at of [-1000, 500, 1500, 4500]) {
      await watched.until(
        ({ markers }) => markers.lastBroadcastMs! > wrapsAtMs + at,
        25_000,
        `media ${at} ms from the wrap`,
      );
      const viewer = open(id);
      await viewer.playing();
      expect(viewer.audit.markers.firstLatencyMs!).toBeGreaterThan(2800);
      expect(viewer.audit.markers.firstLatencyMs!).toBeLessThan(4700);
      joiners.push(viewer);
    }
    await joiners.at(-1)!.receiveMore(4000);
    expect(sawWrap(watched)).toBe(true);
    expect(joiners.map(sawWrap)).toEqual([true, true, true, false]);
    for (const viewer of [watched, ...joiners]) expectUntouched(viewer);
    const session = await product.session(id);
    expect(session).toMatchObject({ continuity_errors: 0, failovers: 0, resyncs: 0 });
    expect(session.buffer.seconds).toBeGreaterThan(10);
    expect(session.buffer.seconds).toBeLessThan(40);
    expect(Math.abs(session.bitrate_bps - rateBefore)).toBeLessThan(rateBefore * 0.1);
  });
});
