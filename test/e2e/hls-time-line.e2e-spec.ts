import {
  eventually,
  newContentId,
  PACKET_BYTES,
  startProduct,
  startSimulator,
  StreamAudit,
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
/** Duration of a picture of the simulated media. */
const PICTURE_S = 0.04;
/** Past media that an engine sends at once: enough segments for most of these tests. */
const BURST_S = 24;
/** The offset of a time line to the clock is fixed after 15 s at the latest. */
const SETTLED_WITHIN_MS = 40_000;
/**
 * Dates that were published during the burst would be wrong by most of its length; delays of the machine are shorter.
 */
const WRONG_BY_MS = 5000;
/** Time limit for an updated playlist. */
const LATER_WITHIN_MS = 45_000;

/** Number of segments that begin with a lower timestamp than the previous one. */
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
      bitrateMbps: 1,
      burstSeconds: BURST_S,
    });
    product = await startProduct({
      engines: [engine],
      hasUser: true,
      env: { HLS_SEGMENT_DURATION: '2s', MAX_STREAMS_PER_ENGINE: '30' },
    });
  });

  concurrently({
    'lists a window of at least six segments, and with dvr=1 all segments': async () => {
      const id = newContentId();
      const whole = await openHls(product, manifestPath(id, '&dvr=1'));
      await follow(whole, 12);
      const all = await loadPlaylist(whole.url);
      for (const segment of all.segments) await loadSegment(segment);
      // Segments of a burst stay listed until a player has had the time to fetch them.
      const early = await openHls(product, manifestPath(id));
      expect(early.segments.length).toBeGreaterThanOrEqual(12);
      const live = await eventually(
        async () => {
          const playlist = await loadPlaylist(early.url);
          return playlist.segments.length > 6 ? undefined : playlist;
        },
        LATER_WITHIN_MS,
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

    'publishes dates that agree with the wall clock and increase by EXTINF': async () => {
      const first = await openHls(product, manifestPath(newContentId(), '&dvr=1'));
      // The offset is fixed 2 s after the end of the burst.
      const settled = await eventually(
        async () => {
          const playlist = await loadPlaylist(first.url);
          return playlist.segments.filter(({ date }) => date !== null).length >= 8 && playlist;
        },
        SETTLED_WITHIN_MS,
        'dates',
      );
      const { segments, bodies } = await follow(settled, 8);
      const dated = segments.filter(({ date }) => date !== null);
      expect(dated.length).toBeGreaterThanOrEqual(8);
      dated.slice(1).forEach((segment, i) => {
        const before = dated[i]!;
        expect(segment.date! - before.date!).toBeCloseTo(before.duration * 1000, -1);
      });
      const at = segments.indexOf(dated[0]!);
      const audit = new StreamAudit();
      audit.feed(mediaOf(bodies[at]!));
      const aheadMs = Math.abs(dated[0]!.date! - audit.markers.firstBroadcastMs!);
      expect(aheadMs).toBeLessThan(WRONG_BY_MS);
    },

    'lists a cold stream with its first segment, which is one group of pictures': async () => {
      const id = newContentId();
      await engine.setContent(id, { start_delay_ms: 1000, burst_seconds: 0 });
      const { segments } = await openHls(product, manifestPath(id));
      // The simulator's groups last 1 s. A second segment may exist after a delay.
      expect(segments[0]!.duration).toBe(1);
      expect(segments.length).toBeLessThanOrEqual(2);
    },

    'continues across a new source with a discontinuity, which stays counted when it leaves the window':
      async () => {
        const id = newContentId();
        await engine.setContent(id, { burst_seconds: 6 });
        const first = await openHls(product, manifestPath(id, '&dvr=1'));
        await follow(first, 3);
        const live = await openHls(product, manifestPath(id));
        // Other timestamps prove no overlap; the burst of the new source fills a window at once.
        await engine.setContent(id, { pts_offset: 5_000_000, burst_seconds: 18 });
        await engine.actOnReaders('reset', { content: (await engine.content(id)).infohash });
        const breaks = await eventually(
          async () => {
            // A playback without requests would end.
            await loadPlaylist(live.url);
            const { segments } = await loadPlaylist(first.url);
            const found = segments.filter(({ isDiscontinuity }) => isDiscontinuity);
            return found.length > 0 && found;
          },
          LATER_WITHIN_MS,
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
          LATER_WITHIN_MS,
          'a window without the discontinuity',
        );
        expect(later.discontinuitySequence).toBe(live.discontinuitySequence + 1);
        expect(later.text).not.toContain('DISCONTINUITY\n');
        expect(later.isIndependent).toBe(true);
      },

    'lists all media when the stream stalls, and continues from there': async () => {
      const longer = await startProduct({
        engines: [engine],
        env: { HLS_SEGMENT_DURATION: '10s', MAX_STREAMS_PER_ENGINE: '30' },
      });
      const id = newContentId();
      // About 6 s of media arrive at once, in groups of 1 s.
      await engine.setContent(id, { burst_seconds: 12 });
      await engine.fault({ kind: 'stall_after', content: id, bytes: 6 * 125_000 });
      const first = await openHls(longer, manifestPath(id, '&dvr=1'));
      // The first second, and the part of the open segment of 10 s that has arrived.
      const stalled = await follow(first, 2);
      expect(stalled.segments).toMatchObject([{ duration: 1 }, {}]);
      expect(stalled.segments[1]!.duration).toBeGreaterThanOrEqual(1);
      expect(stalled.segments[1]!.duration).toBeLessThan(10);
      expect((await longer.session(id))!.state).toBe('stalled');
      await engine.actOnReaders('resume', { content: (await engine.content(id)).infohash });
      const { segments, bodies, last } = await follow(stalled.last, 3);
      // Nothing is known yet about lost lead of players, so the next segment is as short as possible.
      expect(segments[2]!.duration).toBeLessThan(10);
      expect(segments.some(({ isDiscontinuity }) => isDiscontinuity)).toBe(false);
      expectNothingLost(bodies);
      // It begins where the media stalled: within a group of pictures, unless they stalled right at the end of one.
      const stalledAtS = stalled.segments[1]!.duration;
      const isAtGroupEnd = Math.abs(stalledAtS - Math.round(stalledAtS)) < PICTURE_S / 2;
      expect(last.isIndependent).toBe(isAtGroupEnd);
    },

    'waits for the next segment while that is late, and answers at once before': async () => {
      const quick = await startProduct({
        engines: [engine],
        env: { HLS_SEGMENT_DURATION: '2s', MAX_STREAMS_PER_ENGINE: '30' },
      });
      const id = newContentId();
      await engine.setContent(id, { burst_seconds: 4 });
      await engine.fault({ kind: 'stall_after', content: id, bytes: 3 * 125_000 });
      const first = await openHls(quick, manifestPath(id));
      expect((await loadPlaylist(first.url)).text).toBe(first.text);
      // The answer is delayed for 5 s if no segment comes.
      const held = await eventually(async () => {
        const askedMs = performance.now();
        const playlist = await loadPlaylist(first.url);
        return performance.now() - askedMs > 3000 ? playlist : undefined;
      });
      const next = loadPlaylist(first.url);
      await engine.actOnReaders('resume', { content: (await engine.content(id)).infohash });
      expect((await next).segments.at(-1)!.number).toBeGreaterThan(held.segments.at(-1)!.number);
    },

    'reports the reason for a stream without segments, whose timestamps jump at every picture':
      async () => {
        const id = newContentId();
        await engine.setContent(id, { burst_seconds: 2 });
        await engine.fault({ kind: 'time_flood', content: id });
        const opened = openHls(product, manifestPath(id));
        await expect(opened).rejects.toThrow(/timeline of the stream breaks too often/);
        // The failure is remembered.
        await expect(openHls(product, manifestPath(id))).rejects.toThrow(/"code":"/);
        expect(await engine.starts(id)).toHaveLength(1);
      },

    'continues across a wrap of the timestamps': async () => {
      // In 2 s; timestamps are 0.5 s ahead of the broadcast.
      const wrapMs = Date.now() + 2000 + 500;
      const id = newContentId();
      await engine.setContent(id, { pts_offset: -((wrapMs * 90) % WRAP_TICKS) });
      const first = await openHls(product, manifestPath(id, '&dvr=1'));
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

  it('the parser of hls.js agrees with the strict one on every playlist of these tests', () => {
    const texts = loadedPlaylists.map(({ text }) => text);
    expect(texts.some((text) => text.includes('#EXT-X-DISCONTINUITY\n'))).toBe(true);
    expect(texts.some((text) => text.includes('#EXT-X-PROGRAM-DATE-TIME'))).toBe(true);
    expectReadAlike(loadedPlaylists);
  });
});
