import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { monotonicMs } from '../../kernel/clock';
import { pid as pidOf, TS_PACKET } from '../mpegts';
import { continuityFaults } from '../testing/continuity.spec-support';
import {
  packetsOf,
  SyntheticStream,
  type SyntheticOptions,
} from '../testing/synthetic-stream.spec-support';
import { StreamHistory } from '../upstream';
import type { Segment } from './segment';
import { MAX_OWED_BYTES } from '../buffer';
import { SegmentTrack } from './segment-track';

const WRAP_MS = 2 ** 33 / 90;
const WALL_MS = Date.UTC(2026, 0, 1);
const FRAME_MS = 40;
const FIRST_NUMBER = 1000;
const PLENTY = { maxBytes: 64 * 1024 * 1024, maxAgeMs: 3_600_000 };

/** A stream that arrives as the test says, and its segment track. */
class Stage {
  readonly history: StreamHistory;
  readonly track: SegmentTrack;
  nowMs = 0;

  constructor(limits = PLENTY) {
    this.history = new StreamHistory(limits);
    const options = {
      segmentMs: 4000,
      firstNumber: FIRST_NUMBER,
      wallMinusMonotonicMs: WALL_MS,
    };
    this.track = new SegmentTrack(this.history, options);
  }

  feed(bytes: Buffer, commit = true): void {
    this.history.append(bytes, 0, bytes.length, this.nowMs);
    if (commit) this.history.ring.commit();
  }

  /** `frames` frames at their pace, one second at a time. */
  play(stream: SyntheticStream, frames: number): void {
    for (let left = frames; left > 0; left -= 25) {
      this.nowMs += Math.min(left, 25) * FRAME_MS;
      this.feed(stream.take(Math.min(left, 25)));
      this.history.trim(this.nowMs);
    }
  }

  /** Every segment of the track. */
  get segments(): Segment[] {
    if (!this.track.isPlayable) return [];
    const numbers = this.track.playlist(true, 'x/').matchAll(/^x\/(\d+)\.ts$/gm);
    return [...numbers].map(([, number]) => this.track.find(Number(number))!);
  }

  bytesOf({ start, end }: Segment): Buffer {
    const runs: Buffer[] = [];
    for (let at = start; at < end; at += runs.at(-1)!.length) {
      const run = this.history.ring.view(at, end - at);
      if (run === null) throw new Error('a segment is not in the ring');
      runs.push(run);
    }
    return Buffer.concat(runs);
  }
}

/** What holds for every list of segments, whatever the stream. */
function expectConsistent(stage: Stage): void {
  const { segments, track } = stage;
  let end = segments[0]?.start;
  for (const segment of segments) {
    expect(segment.start).toBe(end);
    end = segment.end;
    expect(segment.start % TS_PACKET).toBe(0);
    expect(Math.round(segment.durationMs / 1000)).toBeLessThanOrEqual(track.targetMs / 1000);
    expect(packetsOf(segment.preface).map((packet) => pidOf(packet, 0))).toEqual([0, 0x1000]);
    // A player that begins here receives every counter in order.
    const whole = Buffer.concat([segment.preface, stage.bytesOf(segment)]);
    expect(continuityFaults(whole)).toEqual([]);
    expect(track.find(segment.number)).toBe(segment);
  }
}

describe('SegmentTrack', () => {
  it.each<[string, Partial<SyntheticOptions>, number, number[]]>([
    ['groups of half a second', { gop: 13 }, 400, [1040, 4160, 4160]],
    ['groups of a second', { gop: 25 }, 400, [1000, 4000, 4000]],
    ['groups of twelve seconds', { gop: 300 }, 1000, [12_000, 12_000]],
    ['no key frame at all', { gop: 0 }, 1000, [12_000, 12_000]],
    ['a wrap', { gop: 25, startMs: WRAP_MS - 6000 }, 400, [1000, 4000, 4000]],
  ])('makes segments of %s', (_, options, frames, durations) => {
    const stage = new Stage();
    stage.play(new SyntheticStream(options), frames);
    stage.track.listen();
    const { segments } = stage;
    expect(segments.slice(0, durations.length).map(({ durationMs }) => durationMs)).toEqual(
      durations,
    );
    expect(segments.some(({ isBreak }) => isBreak)).toBe(false);
    expectConsistent(stage);
  });

  it('has the same segments for a late player, however bytes arrived', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 12, max: 330 }),
        fc.nat(Math.floor(WRAP_MS)),
        fc.array(fc.tuple(fc.integer({ min: 1, max: 90 }), fc.boolean()), { maxLength: 20 }),
        (gop, startMs, bursts) => {
          const [early, late] = [new Stage(), new Stage()];
          early.track.listen();
          const stream = new SyntheticStream({ gop, startMs, frameBytes: 300 });
          for (const [frames, commit] of bursts) {
            const bytes = stream.take(frames);
            early.nowMs += frames * FRAME_MS;
            early.feed(bytes, commit);
            late.feed(bytes);
          }
          early.history.ring.commit();
          early.track.advance();
          late.track.listen();
          const cuts = ({ segments }: Stage): number[] => segments.map(({ start }) => start);
          expectConsistent(early);
          expectConsistent(late);
          // The track that was requested late knows the length of groups before it fixes its target.
          const same = Math.min(cuts(early).length, cuts(late).length);
          if (gop <= 200) expect(cuts(early).slice(0, same)).toEqual(cuts(late).slice(0, same));
          for (const { start, isIndependent } of early.segments) {
            if (isIndependent) expect(stream.keyframes).toContain(start);
          }
        },
      ),
      { numRuns: 30 },
    );
  });

  it('has a break where the timeline has one', () => {
    const stage = new Stage();
    stage.track.listen();
    stage.play(new SyntheticStream(), 300);
    stage.play(new SyntheticStream({ startMs: 900_000 }), 300);
    const at = stage.segments.findIndex(({ isBreak }) => isBreak);
    expect(at).toBeGreaterThan(1);
    expect(stage.segments.filter(({ isBreak }) => isBreak)).toHaveLength(1);
    const text = stage.track.playlist(true, '');
    expect(text.match(/#EXT-X-DISCONTINUITY\n/g)).toHaveLength(1);
    expect(text).toContain('INDEPENDENT-SEGMENTS');
  });

  it('makes segments of radio', () => {
    const bytes = readFileSync(join(__dirname, '../mpegts/fixtures/audio-only.m2t'));
    const stage = new Stage();
    stage.feed(bytes);
    stage.track.listen();
    const { segments } = stage;
    expect(segments[0]!.durationMs).toBeGreaterThanOrEqual(975);
    expect(segments[0]!.durationMs).toBeLessThan(1100);
    expect(segments.every(({ isIndependent }) => isIndependent)).toBe(true);
  });

  it('publishes dates once the burst is over, and never changes them', () => {
    const stage = new Stage();
    stage.track.listen();
    const stream = new SyntheticStream();
    stage.feed(stream.take(125));
    const early = stage.track.playlist(false, '');
    expect(early).not.toContain('PROGRAM-DATE-TIME');
    stage.play(stream, 400);
    const later = stage.track.playlist(false, '');
    // Frames are presented 200 ms after decoding. The first second arrived at 0, with 5 s of old media.
    const dates = [...later.matchAll(/DATE-TIME:(.*)\n#EXTINF:(.*),/g)];
    expect(dates.length).toBeGreaterThan(2);
    dates.slice(1).forEach(([, date], i) => {
      const [, before, duration] = dates[i]!;
      expect(Date.parse(date!) - Date.parse(before!)).toBe(Number(duration) * 1000);
    });
    stage.play(stream, 100);
    const last = stage.track.playlist(true, '');
    for (const line of later.matchAll(/(?:#EXT-X-PROGRAM.*\n)?#EXTINF.*\n\d+\.ts\n/g)) {
      expect(last).toContain(line[0]);
    }
  });

  it('drops segments that have left the ring, and continues their numbers', () => {
    const stage = new Stage({ maxBytes: 1024 * 1024, maxAgeMs: 3_600_000 });
    stage.track.listen();
    const stream = new SyntheticStream({ frameBytes: 3000 });
    stage.play(stream, 100);
    const first = stage.segments[0]!;
    stage.play(stream, 1500);
    expect(stage.track.find(first.number)).toBeNull();
    expect(stage.segments[0]!.number).toBeGreaterThan(first.number + 5);
    expectConsistent(stage);
  });

  it("keeps the media of its playlist beyond the ring's bounds until it stops listening", () => {
    const stage = new Stage({ maxBytes: 256 * 1024, maxAgeMs: 2000 });
    const stream = new SyntheticStream({ frameBytes: 5000 });
    stage.play(stream, 100);
    stage.track.listen();
    stage.play(stream, 1500);
    const { ring } = stage.history;
    const text = stage.track.playlist(false, '');
    expect(text.match(/#EXTINF/g)!.length).toBeGreaterThanOrEqual(6);
    expect(ring.allocatedBytes).toBeGreaterThan(2 * 1024 * 1024);
    expect(ring.allocatedBytes).toBeLessThan(8 * 1024 * 1024);
    stage.track.stopListening();
    stage.history.trim(stage.nowMs);
    expect(ring.allocatedBytes).toBeLessThan(1024 * 1024);
  });

  it('keeps at most the maximum number of segments', () => {
    const stage = new Stage({ maxBytes: 256 * 1024, maxAgeMs: 2000 });
    stage.track.listen();
    for (let second = 0; second < 14; second++) {
      const startMs = second * 1000;
      stage.play(new SyntheticStream({ frameBytes: 400_000, gop: 0, startMs }), 25);
      expect(stage.history.ring.allocatedBytes).toBeLessThan(MAX_OWED_BYTES + 1024 * 1024);
    }
    expect(stage.history.ring.allocatedBytes).toBeGreaterThan(MAX_OWED_BYTES / 2);
  });

  it('continues with higher numbers and a break after a period without requests', () => {
    const stage = new Stage({ maxBytes: 512 * 1024, maxAgeMs: 3_600_000 });
    stage.track.listen();
    const stream = new SyntheticStream({ frameBytes: 3000 });
    stage.play(stream, 300);
    const before = stage.segments.at(-1)!;
    stage.track.stopListening();
    stage.play(stream, 800);
    stage.track.listen();
    stage.play(stream, 400);
    const after = stage.segments;
    expect(after[0]!.number).toBe(before.number + 1);
    expect(after[0]!.isBreak).toBe(true);
    expect(after.slice(1).some(({ isBreak }) => isBreak)).toBe(false);
    expectConsistent(stage);
  });

  it('lists all media once when the stream stalls, and continues from there', () => {
    const stage = new Stage();
    stage.track.listen();
    const stream = new SyntheticStream();
    stage.play(stream, 200);
    const before = stage.segments;
    stage.track.stalled(2000);
    const { segments } = stage;
    expect(segments).toHaveLength(before.length + 1);
    const playedMs = segments.reduce((sum, { durationMs }) => sum + durationMs, 0);
    // All pictures but the last one, which may be incomplete.
    expect(playedMs).toBe(199 * FRAME_MS);
    stage.track.stalled(2000);
    expect(stage.segments).toHaveLength(segments.length);
    stage.play(stream, 300);
    expect(stage.segments.some(({ isBreak }) => isBreak)).toBe(false);
    expectConsistent(stage);
  });

  it.each([
    ['is missing', 9000, (9000 + FRAME_MS) * 90],
    ['jumps to another clock', 3_600_000, 0],
    ['leaps back', -7000, 0],
  ])('measures the gap before a segment if the time %s', (_, leapMs, gapTicks) => {
    const stage = new Stage();
    stage.track.listen();
    const startMs = 100_000;
    stage.play(new SyntheticStream({ startMs }), 300);
    stage.play(new SyntheticStream({ startMs: startMs + 300 * FRAME_MS + leapMs }), 300);
    const [first, ...others] = stage.segments.filter(({ isBreak }) => isBreak);
    expect(others).toEqual([]);
    expect(first!.gapTicks).toBe(gapTicks);
    const continuous = stage.segments.filter(({ isBreak }) => !isBreak);
    expect(continuous.map((segment) => segment.gapTicks)).toEqual(continuous.map(() => 0));
  });

  it('renders a playlist once for all players, each with its own folder', () => {
    const stage = new Stage();
    stage.track.listen();
    const stream = new SyntheticStream();
    stage.play(stream, 400);
    const mine = stage.track.playlist(false, 'hls/mine/');
    expect(mine).toMatch(/^hls\/mine\/1000\.ts$/m);
    expect(stage.track.playlist(false, 'hls/yours/')).toBe(mine.replaceAll('/mine/', '/yours/'));
    expect(stage.track.nextNumber).toBe(FIRST_NUMBER + stage.segments.length);
    stage.play(stream, 100);
    const later = stage.track.playlist(false, 'hls/mine/');
    expect(later.startsWith(mine)).toBe(true);
    expect(later.length).toBeGreaterThan(mine.length);
  });

  it('reports when the next segment is late', () => {
    const stage = new Stage();
    const { track } = stage;
    track.listen();
    expect(track.isLateAt(monotonicMs() + 3_600_000)).toBe(false);
    stage.play(new SyntheticStream(), 300);
    expect(track.isLateAt(monotonicMs() + 4000)).toBe(false);
    expect(track.isLateAt(monotonicMs() + 6100)).toBe(true);
  });

  it('resolves waits for the next segment when it exists, or when listening stops', async () => {
    const stage = new Stage();
    stage.track.listen();
    const stream = new SyntheticStream();
    stage.play(stream, 300);
    await stage.track.whenAvailable(stage.track.nextNumber - 1);
    for (const end of [() => stage.play(stream, 110), () => stage.track.stopListening()]) {
      const number = stage.track.nextNumber;
      let isOver = false;
      const waiting = stage.track.whenAvailable(number).then(() => (isOver = true));
      stage.play(stream, 1);
      await Promise.resolve();
      expect(isOver).toBe(false);
      end();
      await waiting;
    }
    await stage.track.whenAvailable(Infinity);
  });

  it('resolves waits for the first segment', async () => {
    const stage = new Stage();
    stage.track.listen();
    let isPlayable = false;
    const waiting = stage.track.whenPlayable().then(() => (isPlayable = true));
    const stream = new SyntheticStream();
    stage.play(stream, 25);
    await Promise.resolve();
    expect(isPlayable).toBe(false);
    stage.play(stream, 10);
    stage.play(stream, 1);
    await waiting;
    expect(stage.segments).toHaveLength(1);
  });
});
