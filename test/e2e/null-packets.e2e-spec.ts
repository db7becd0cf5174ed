import {
  eventually,
  newContentId,
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

/** The defaults: from here on, and so often, so many at once. */
const AFTER_MS = 2000;
const INTERVAL_MS = 500;
const PACKETS_AT_ONCE = 7;
const SILENCE_MS = 5000;

/**
 * Packets in a body that the broadcast does not have, each stretch between two markers for itself. The engine's own
 * padding is part of the broadcast, and counted by its packet numbers.
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
        PROXY_STALL_TIMEOUT: '12s',
        PROXY_INIT_TIMEOUT: '5s',
        PROXY_EARLY_HEADERS_AFTER: '200ms',
      },
    });
  });

  function watch(id: string, more = ''): Viewer {
    return openViewer(product.url(streamPath(id, more)), { keepBytes: 10_000_000 });
  }

  it('come from 2 s after the last media on, to who has everything; never into the past or into HLS', async () => {
    const id = newContentId();
    const viewer = watch(id);
    await viewer.playing();
    const playlist = await openHls(product, manifestPath(id));
    await viewer.receiveMore(1000);
    expect(packetsOfOurs(viewer.kept())).toBe(0);

    await engine.actOnReaders('stall', { content: id, resume_after_ms: SILENCE_MS });
    const { audit } = viewer;
    await eventually(() => performance.now() - audit.lastMediaMs! > 500, 5000, 'silence');
    const { lastMediaMs: silentFromMs, nullPackets: before } = audit;
    await viewer.until(({ nullPackets }) => nullPackets > before, 5000, 'a null packet');
    const afterMs = performance.now() - silentFromMs!;
    expect(afterMs).toBeGreaterThan(AFTER_MS - 100);
    expect(afterMs).toBeLessThan(AFTER_MS + INTERVAL_MS + 800);
    await viewer.until(({ longestGapMs }) => longestGapMs > 4000, 10_000, 'media again');
    const later = watch(id, '&behind=12');
    await viewer.receiveMore(6000);
    expectUntouched(audit);

    const ours = packetsOfOurs(viewer.kept());
    const times = (audit.longestGapMs - AFTER_MS) / INTERVAL_MS;
    expect(ours % PACKETS_AT_ONCE).toBe(0);
    expect(ours / PACKETS_AT_ONCE).toBeGreaterThan(times / 2);
    expect(ours / PACKETS_AT_ONCE).toBeLessThan(times + 2);

    // Who gets the silence from the history gets the broadcast and nothing else.
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
      10_000,
      'segments from before and behind the silence',
    );
    const bodies = await Promise.all(segments.map(loadSegment));
    expect(packetsOfOurs(Buffer.concat(bodies.map(mediaOf)))).toBe(0);
  });

  it('are not what a stream begins with: who waits for a start gets none', async () => {
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
