import {
  eventually,
  newContentId,
  onScopeEnd,
  openViewer,
  PACKET_BYTES,
  startProduct,
  startSimulator,
  streamPath,
  type Product,
  type Simulator,
  type Viewer,
} from './support';
import { loadPlaylist, loadSegment, manifestPath, mediaOf, openHls } from './support/hls';
import { expectUntouched } from './support/session-facts';
import { markerOf } from './support/ts-packet';
import { withLag } from '../../src/kernel/testing/lag.spec-support';

/** Delay, interval and number of null packets. */
const AFTER_MS = 6000;
const INTERVAL_MS = 500;
const PACKETS_AT_ONCE = 7;
const SILENCE_MS = 13_000;
/** Tolerance for the delays of a busy machine. */
const LATE_MS = 3000;

/**
 * Null packets in a body that are not part of the broadcast, counted separately between each two markers. The engine's
 * own padding is part of the broadcast, and its packet numbers show it.
 */
function packetsOfOurs(body: Buffer): number {
  let ours = 0;
  let before: { readonly at: number; readonly number: number } | null = null;
  for (let at = 0; at + PACKET_BYTES <= body.length; at += PACKET_BYTES) {
    if (markerOf(body, at) === null) continue;
    const number = Number(body.readBigUInt64BE(at + 12));
    if (before !== null) ours += (at - before.at) / PACKET_BYTES - (number - before.number);
    before = { at, number };
  }
  expect(before).not.toBeNull();
  return ours;
}

describe('null packets', () => {
  let engine: Simulator;
  let product: Product;

  beforeAll(async () => {
    engine = await startSimulator({ bitrateMbps: 1, burstSeconds: 3 });
    product = await startProduct({
      engines: [engine],
      env: {
        PROXY_INIT_TIMEOUT: `${AFTER_MS + 2 * INTERVAL_MS + LATE_MS}ms`,
        PROXY_KEEPALIVE_AFTER: `${AFTER_MS}ms`,
        PROXY_KEEPALIVE_INTERVAL: `${INTERVAL_MS}ms`,
        PROXY_STALL_TIMEOUT: '30s',
        PROXY_EARLY_HEADERS_AFTER: '200ms',
      },
    });
  });

  function watch(id: string, more = ''): Viewer {
    return openViewer(product.url(streamPath(id, more)), { keepBytes: 10_000_000 });
  }

  /**
   * Waits until media stop arriving; returns since when. Bytes that this process has not read yet do not count as
   * silence.
   */
  async function silence({ audit }: Viewer): Promise<number> {
    let before = 0;
    return eventually(
      () => {
        const { lastMediaMs } = audit;
        const isQuiet = lastMediaMs === before && performance.now() - before > 1000;
        before = lastMediaMs!;
        return isQuiet && before;
      },
      20_000,
      'silence',
    );
  }

  it('are sent from some time after the last media on to viewers at the live edge, and never in the history or in HLS', async () => {
    const id = newContentId();
    const viewer = watch(id);
    await viewer.playing();
    const playlist = await openHls(product, manifestPath(id));
    // A playback without requests would end.
    const asking = setInterval(() => void fetch(playlist.url).catch(() => undefined), 2000);
    onScopeEnd(() => clearInterval(asking));
    await viewer.receiveMore(1000);
    expect(packetsOfOurs(viewer.kept())).toBe(0);

    await engine.actOnReaders('stall', { content: id, resume_after_ms: SILENCE_MS });
    const { audit } = viewer;
    const silentFromMs = await silence(viewer);
    const { nullPackets: before } = audit;
    await viewer.until(({ nullPackets }) => nullPackets > before, 20_000, 'a null packet');
    const afterMs = performance.now() - silentFromMs;
    expect(afterMs).toBeGreaterThan(AFTER_MS - LATE_MS);
    expect(afterMs).toBeLessThan(withLag(AFTER_MS + INTERVAL_MS + LATE_MS));
    await viewer.until(({ longestGapMs }) => longestGapMs > AFTER_MS, 30_000, 'media again');
    const later = watch(id, '&behind=30');
    await viewer.receiveMore(6000);
    expectUntouched(audit);

    const ours = packetsOfOurs(viewer.kept());
    const times = (audit.longestGapMs - AFTER_MS) / INTERVAL_MS;
    expect(ours % PACKETS_AT_ONCE).toBe(0);
    expect(ours / PACKETS_AT_ONCE).toBeGreaterThan(times / 2);
    expect(ours / PACKETS_AT_ONCE).toBeLessThan(times + 1 + LATE_MS / INTERVAL_MS);

    // A viewer that reads the silence from the history gets the broadcast and nothing else.
    await later.receiveMore(1000);
    expect(later.audit.markers.firstBroadcastMs!).toBeLessThan(
      audit.markers.lastBroadcastMs! - SILENCE_MS - 1000,
    );
    expect(packetsOfOurs(later.kept())).toBe(0);
    const { segments } = await eventually(
      async () => {
        const now = await loadPlaylist(playlist.url);
        return now.segments.length >= 3 ? now : false;
      },
      30_000,
      'segments from before and after the silence',
    );
    // One after the other like a player, because a playback may fetch eight at a time.
    for (const segment of segments) {
      expect(packetsOfOurs(mediaOf(await loadSegment(segment)))).toBe(0);
    }
  });

  it('are not sent during a start', async () => {
    const id = newContentId();
    await engine.fault({ kind: 'no_data', content: id });
    const viewer = openViewer(product.url(streamPath(id)), {
      headers: { 'User-Agent': 'ExoPlayer' },
    });
    expect(await viewer.status()).toBe(200);
    const { how, afterMs } = await viewer.closed;
    expect(how).toBe('rst');
    expect(afterMs).toBeGreaterThan(AFTER_MS + 2 * INTERVAL_MS);
    expect(viewer.audit.bytes).toBe(0);
  });
});
