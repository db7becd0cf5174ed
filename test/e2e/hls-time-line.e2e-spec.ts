import {
  eventually,
  newContentId,
  openViewer,
  PACKET_BYTES,
  startProduct,
  startSimulator,
  StreamAudit,
  streamPath,
  type Product,
  type Simulator,
} from './support';
import { concurrently } from './support/concurrently';
import {
  expectNothingLost,
  follow,
  loadedPlaylists,
  loadPlaylist,
  loadSegment,
  manifestPath,
  mediaOf,
  openHls,
} from './support/hls';
import { expectReadAlike } from './support/hls-js-parser';
import { decodeTimeOf } from './support/ts-packet';

const WRAP_TICKS = 2 ** 33;
/** A broadcast of the simulator repeats its clip after this. */
const LOOP_MS = 8000;
/** What an engine sends at once: enough to cut what most of these tests want. */
const BURST_S = 24;
/** A machine of two cores that runs other tests meanwhile. */
const SLACK_MS = 400;

/** How many segments begin with a lower time than the one before. */
function wrapsIn(bodies: readonly Buffer[]): number {
  const begins = bodies.map((body) => decodeTimeOf(body, 2 * PACKET_BYTES)!);
  return begins.slice(1).filter((time, i) => time < begins[i]!).length;
}

describe('the time of HLS', () => {
  let engine: Simulator;
  let product: Product;

  beforeAll(async () => {
    engine = await startSimulator({
      startDelayMs: 300,
      bitrateMbps: 4,
      burstSeconds: BURST_S,
    });
    product = await startProduct({
      engines: [engine],
      env: { HLS_SEGMENT_DURATION: '2s', MAX_STREAMS_PER_ENGINE: '30' },
    });
  });

  concurrently({
    'holds a window of six segments or more, and with dvr=1 all that there is': async () => {
      const id = newContentId();
      const whole = await openHls(product, manifestPath(id, '&dvr=1'));
      await follow(whole, 12);
      const all = await loadPlaylist(whole.url);
      for (const segment of all.segments) await loadSegment(segment);
      // What came at once stays listed until a player has had the time to follow.
      const early = await openHls(product, manifestPath(id));
      expect(early.segments.length).toBeGreaterThanOrEqual(12);
      const live = await eventually(
        async () => {
          const playlist = await loadPlaylist(early.url);
          return playlist.segments.length > 6 ? undefined : playlist;
        },
        30_000,
        'the usual window',
      );
      expect(live.segments.length).toBe(6);
      expect(live.segments.reduce((sum, { duration }) => sum + duration, 0)).toBeGreaterThanOrEqual(
        12,
      );
      expect(all.segments.length).toBeGreaterThanOrEqual(12);
      expect(all.sequence).toBe(whole.sequence);
      expect(live.sequence).toBeGreaterThan(all.sequence + 4);
      expect(all.discontinuitySequence).toBe(live.discontinuitySequence);
    },

    'tells dates that agree with the wall clock and go on by EXTINF': async () => {
      const id = newContentId();
      const viewer = openViewer(product.url(streamPath(id)));
      await viewer.playing();
      // A time line is tied to the clock when its burst has been over for two seconds.
      const { markers } = viewer.audit;
      const settledMs = Date.now() + 6000;
      await eventually(
        () => markers.lastBroadcastMs! > settledMs,
        10_000,
        'what came after the burst',
      );
      const first = await openHls(product, manifestPath(id, '&dvr=1'));
      const { segments, bodies } = await follow(first, 8);
      const dated = segments.filter(({ date }) => date !== null);
      expect(dated.length).toBeGreaterThanOrEqual(8);
      dated.slice(1).forEach((segment, i) => {
        const before = dated[i]!;
        expect(segment.date! - before.date!).toBeCloseTo(before.duration * 1000, -1);
      });
      const at = segments.indexOf(dated[0]!);
      const audit = new StreamAudit();
      audit.feed(mediaOf(bodies[at]!));
      expect(Math.abs(dated[0]!.date! - audit.markers.firstBroadcastMs!)).toBeLessThan(500);
    },

    'has a cold stream within the start, two groups of pictures and a second': async () => {
      const id = newContentId();
      await engine.setContent(id, { start_delay_ms: 1000, burst_seconds: 0 });
      const startedMs = performance.now();
      const { segments } = await openHls(product, manifestPath(id));
      const tookMs = performance.now() - startedMs;
      expect(segments.length).toBeGreaterThan(0);
      // The simulator's groups last a second.
      expect(tookMs).toBeLessThan(1000 + 2000 + 1000 + SLACK_MS);
    },

    'goes on over a new source, set apart by a discontinuity that is counted when it leaves':
      async () => {
        const id = newContentId();
        await engine.setContent(id, { bitrate_mbps: 2, burst_seconds: 6 });
        const first = await openHls(product, manifestPath(id, '&dvr=1'));
        await follow(first, 3);
        const live = await openHls(product, manifestPath(id));
        // Other times prove no place where the new source would go on; its burst fills a window at once.
        await engine.setContent(id, { pts_offset: 5_000_000, burst_seconds: 18 });
        await engine.actOnReaders('reset', { content: (await engine.content(id)).infohash });
        const breaks = await eventually(
          async () => {
            const { segments } = await loadPlaylist(first.url);
            const found = segments.filter(({ isDiscontinuity }) => isDiscontinuity);
            return found.length > 0 && found;
          },
          30_000,
          'the discontinuity',
        );
        expect(breaks).toHaveLength(1);
        const later = await eventually(
          async () => {
            const playlist = await loadPlaylist(live.url);
            return playlist.discontinuitySequence > live.discontinuitySequence
              ? playlist
              : undefined;
          },
          30_000,
          'a window without the discontinuity',
        );
        expect(later.discontinuitySequence).toBe(live.discontinuitySequence + 1);
        expect(later.text).not.toContain('DISCONTINUITY\n');
        expect(later.isIndependent).toBe(true);
      },

    'takes a wrap of the time stamps for what it is': async () => {
      // The loop on air has begun already: two seconds from now the time stamps wrap.
      const near = WRAP_TICKS - (2000 + (Date.now() % LOOP_MS)) * 90;
      const wrapping = await startSimulator({
        startDelayMs: 100,
        burstSeconds: 30,
        args: ['--pts-start', String(near)],
      });
      const own = await startProduct({
        engines: [wrapping],
        env: { HLS_SEGMENT_DURATION: '2s' },
      });
      const first = await openHls(own, manifestPath(newContentId(), '&dvr=1'));
      const { segments, bodies } = await eventually(
        async () => {
          const so = await follow(first, 6);
          return wrapsIn(so.bodies) > 0 ? so : undefined;
        },
        30_000,
        'the wrap',
      );
      expect(wrapsIn(bodies)).toBe(1);
      expect(segments[0]!.duration).toBe(1);
      expect(new Set(segments.slice(1).map(({ duration }) => duration))).toEqual(new Set([2]));
      expect(segments.some(({ isDiscontinuity }) => isDiscontinuity)).toBe(false);
      expectNothingLost(bodies);
    },
  });

  it('is read by the parser of hls.js as by ours: every playlist of these tests', () => {
    const texts = loadedPlaylists.map(({ text }) => text);
    expect(texts.some((text) => text.includes('#EXT-X-DISCONTINUITY\n'))).toBe(true);
    expect(texts.some((text) => text.includes('#EXT-X-PROGRAM-DATE-TIME'))).toBe(true);
    expectReadAlike(loadedPlaylists);
  });
});
