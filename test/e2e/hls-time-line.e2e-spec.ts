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
/** What an engine sends at once: enough to cut what most of these tests want. */
const BURST_S = 24;
/** A time line is tied to the clock after 15 s at the latest. */
const SETTLED_WITHIN_MS = 40_000;
/** Dates that were told in the midst of the burst would be wrong by most of it, those of a late machine by less. */
const WRONG_BY_MS = 5000;
/** Of waits for a playlist that has moved on. */
const LATER_WITHIN_MS = 45_000;

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
      bitrateMbps: 1,
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

    'tells dates that agree with the wall clock and go on by EXTINF': async () => {
      const first = await openHls(product, manifestPath(newContentId(), '&dvr=1'));
      // A time line is tied to the clock when its burst has been over for two seconds.
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

    'has a cold stream with its first segment, which is one group of pictures': async () => {
      const id = newContentId();
      await engine.setContent(id, { start_delay_ms: 1000, burst_seconds: 0 });
      const { segments } = await openHls(product, manifestPath(id));
      // The simulator's groups last a second. A second segment may have come while one of us was late.
      expect(segments[0]!.duration).toBe(1);
      expect(segments.length).toBeLessThanOrEqual(2);
    },

    'goes on over a new source, set apart by a discontinuity that is counted when it leaves':
      async () => {
        const id = newContentId();
        await engine.setContent(id, { burst_seconds: 6 });
        const first = await openHls(product, manifestPath(id, '&dvr=1'));
        await follow(first, 3);
        const live = await openHls(product, manifestPath(id));
        // Other times prove no place where the new source would go on; its burst fills a window at once.
        await engine.setContent(id, { pts_offset: 5_000_000, burst_seconds: 18 });
        await engine.actOnReaders('reset', { content: (await engine.content(id)).infohash });
        const breaks = await eventually(
          async () => {
            // Who asks for nothing is taken for gone.
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

    'gives players what it has when the media stall, and goes on from there': async () => {
      const longer = await startProduct({
        engines: [engine],
        env: { HLS_SEGMENT_DURATION: '10s', MAX_STREAMS_PER_ENGINE: '30' },
      });
      const id = newContentId();
      // About six of the seconds that come at once; groups of pictures last one.
      await engine.setContent(id, { burst_seconds: 12 });
      await engine.fault({ kind: 'stall_after', content: id, bytes: 6 * 125_000 });
      const first = await openHls(longer, manifestPath(id, '&dvr=1'));
      // One second and what the segment that was open had of the ten it wants.
      const stalled = await follow(first, 2);
      expect(stalled.segments).toMatchObject([{ duration: 1 }, {}]);
      expect(stalled.segments[1]!.duration).toBeGreaterThanOrEqual(1);
      expect(stalled.segments[1]!.duration).toBeLessThan(10);
      expect((await longer.session(id))!.state).toBe('stalled');
      await engine.actOnReaders('resume', { content: (await engine.content(id)).infohash });
      const { segments, bodies, last } = await follow(stalled.last, 3);
      // Nothing is known yet of what players have lost: the next one is as short as can be.
      expect(segments[2]!.duration).toBeLessThan(10);
      expect(segments.some(({ isDiscontinuity }) => isDiscontinuity)).toBe(false);
      expectNothingLost(bodies);
      // It begins where the media stalled, which is in the midst of a group of pictures.
      expect(last.isIndependent).toBe(false);
    },

    'answers with the next segment when that is late, and at once before': async () => {
      const quick = await startProduct({
        engines: [engine],
        env: { HLS_SEGMENT_DURATION: '2s', MAX_STREAMS_PER_ENGINE: '30' },
      });
      const id = newContentId();
      await engine.setContent(id, { burst_seconds: 4 });
      await engine.fault({ kind: 'stall_after', content: id, bytes: 3 * 125_000 });
      const first = await openHls(quick, manifestPath(id));
      expect((await loadPlaylist(first.url)).text).toBe(first.text);
      // Held back for 5 s when nothing comes.
      const held = await eventually(async () => {
        const askedMs = performance.now();
        const playlist = await loadPlaylist(first.url);
        return performance.now() - askedMs > 3000 ? playlist : undefined;
      });
      const next = loadPlaylist(first.url);
      await engine.actOnReaders('resume', { content: (await engine.content(id)).infohash });
      expect((await next).segments.at(-1)!.number).toBeGreaterThan(held.segments.at(-1)!.number);
    },

    'says why it has nothing of a stream whose time leaps at every picture': async () => {
      const id = newContentId();
      await engine.setContent(id, { burst_seconds: 2 });
      await engine.fault({ kind: 'time_flood', content: id });
      const opened = openHls(product, manifestPath(id));
      await expect(opened).rejects.toThrow(/timeline of the stream breaks too often/);
      // Remembered.
      await expect(openHls(product, manifestPath(id))).rejects.toThrow(/"code":"/);
      expect(await engine.starts(id)).toHaveLength(1);
    },

    'takes a wrap of the time stamps for what it is': async () => {
      // Two seconds from now; time stamps are half a second ahead of the broadcast.
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

  it('is read by the parser of hls.js as by ours: every playlist of these tests', () => {
    const texts = loadedPlaylists.map(({ text }) => text);
    expect(texts.some((text) => text.includes('#EXT-X-DISCONTINUITY\n'))).toBe(true);
    expect(texts.some((text) => text.includes('#EXT-X-PROGRAM-DATE-TIME'))).toBe(true);
    expectReadAlike(loadedPlaylists);
  });
});
