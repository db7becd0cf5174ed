import fc from 'fast-check';
import {
  discontinuityIndicator,
  payloadOffset,
  payloadUnitStart,
  pid,
  ticksBetween,
  TS_PACKET,
} from '../mpegts';
import { broadcast, PLAIN, unitsIn } from '../testing/broadcast.spec-support';
import { continuityFaults } from '../testing/continuity.spec-support';
import { packetsOf, SyntheticStream } from '../testing/synthetic-stream.spec-support';
import type { SilenceLimits } from './splice-types';
import { StagedIntake } from './staged-intake';
import { StreamHistory } from './stream-history';
import { StreamIngest } from './stream-ingest';

const VIDEO = 0x100;
const AUDIO = 0x101;
const FRAME_MS = 40;
/** The end of the outgoing media, where the source is lost. */
const RECEIVED_MS = 40_000;
const MOST_MS = RECEIVED_MS + 20_000;
const TICKS_PER_MS = 90;
const RELAXED: SilenceLimits = { silenceMs: 15_000, outageMs: 60_000 };

/**
 * Frames of broadcasts from time 0 on, by frame size. Another frame size makes another content with the same
 * timestamps.
 */
const made = new Map<string, readonly Buffer[]>();

/** The frames of a broadcast between two times. */
function stretch(fromMs: number, toMs: number, frameBytes: number, gop = 25): readonly Buffer[] {
  const key = `${frameBytes} ${gop}`;
  let frames = made.get(key);
  if (frames === undefined) {
    const bytes = new SyntheticStream({ frameBytes, gop }).take(MOST_MS / FRAME_MS);
    const starts = unitStarts(bytes);
    frames = starts.map((at, n) => bytes.subarray(n === 0 ? 0 : at, starts[n + 1] ?? bytes.length));
    made.set(key, frames);
  }
  return frames.slice(Math.round(fromMs / FRAME_MS), Math.round(toMs / FRAME_MS));
}

/** Positions at which frames begin; tables belong to the frame before them. */
function unitStarts(bytes: Buffer): number[] {
  const starts: number[] = [];
  for (let at = 0; at < bytes.length; at += TS_PACKET) {
    if (pid(bytes, at) === VIDEO && payloadUnitStart(bytes, at)) starts.push(at);
  }
  return starts;
}

/** The frame without its picture's timestamp, as some encoders send occasionally. */
function untimed(frame: Buffer): Buffer {
  const copy = Buffer.from(frame);
  for (const at of unitStarts(copy)) {
    const flags = at + payloadOffset(copy, at) + 7;
    copy.writeUInt8(copy.readUInt8(flags) & 0x3f, flags);
  }
  return copy;
}

class Stage {
  readonly history = new StreamHistory({ maxBytes: 128 * 1024 * 1024, maxAgeMs: 600_000 });
  readonly ingest: StreamIngest;
  lostAt = 0;

  constructor(had: Buffer, silenceLimits: SilenceLimits = RELAXED) {
    this.ingest = new StreamIngest(
      this.history,
      { appended: () => undefined, joinable: () => undefined },
      silenceLimits,
    );
    this.ingest.beginSource();
    this.ingest.push(had, 0);
    this.lostAt = this.history.ring.end;
    this.ingest.beginSource();
  }

  /**
   * Sends the frames at this pace, from `atMs` on. Returns the time at which the first of them was forwarded, or null.
   */
  play(frames: readonly Buffer[], pace: number, atMs = 0): number | null {
    let enteredMs: number | null = null;
    frames.forEach((frame, n) => {
      const nowMs = atMs + (n * FRAME_MS) / pace;
      this.ingest.push(frame, nowMs);
      if (this.history.ring.end > this.lostAt) enteredMs ??= nowMs;
    });
    return enteredMs;
  }

  out(): Buffer {
    return Buffer.concat(this.history.ring.newest(Infinity).map(({ bytes }) => bytes));
  }
}

/** Differences between successive decoding times of the outgoing video, or of another stream. */
function stepsOf(out: Buffer, of = VIDEO): number[] {
  const units = unitsIn(out, of);
  return units.slice(1).map(({ dts }, n) => ticksBetween(units[n]!.dts, dts) / TICKS_PER_MS);
}

const flagged = (out: Buffer): number =>
  packetsOf(out).filter((packet) => discontinuityIndicator(packet, 0)).length;

const USUAL = 1500;
const OTHER = 1800;
const had = Buffer.concat(stretch(0, RECEIVED_MS, USUAL));

describe('a source that begins with old media', () => {
  it.each<[string, number, number]>([
    ['24 s in six seconds', 24_000, 4],
    ['24 s in three seconds', 24_000, 8],
    ['4.8 s in 2.4 seconds', 4800, 2],
    ['24 s in nine seconds', 24_000, 2.7],
  ])('that catches up (%s) is waited for, and no packet is repeated', (_, pastMs, pace) => {
    const stage = new Stage(had);
    const frames = stretch(RECEIVED_MS - pastMs, RECEIVED_MS + 4000, USUAL);
    const enteredMs = stage.play(frames, pace);
    expect(enteredMs).toBeGreaterThanOrEqual(pastMs / pace - FRAME_MS);
    expect(enteredMs).toBeLessThan(pastMs / pace + 200);
    const out = stage.out();
    const whole = Buffer.concat(stretch(0, RECEIVED_MS + 4000, USUAL));
    expect(out.length).toBeGreaterThan(whole.length - 10_000);
    expect(out.equals(whole.subarray(0, out.length))).toBe(true);
    expect(flagged(out)).toBe(0);
    expect(new Set(stepsOf(out))).toEqual(new Set([FRAME_MS]));
    expect(continuityFaults(out)).toEqual([]);
  });

  it('is waited for although it exceeds the staging limit', () => {
    // 4 Mbit/s.
    const frameBytes = 20_000;
    const stage = new Stage(Buffer.concat(stretch(0, 30_000, frameBytes)));
    const past = stretch(6000, 30_000, frameBytes);
    expect(Buffer.concat([...past]).length).toBeGreaterThan(11_000_000);
    expect(stage.play([...past, ...stretch(30_000, 31_000, frameBytes)], 4)).not.toBeNull();
    const whole = Buffer.concat(stretch(0, 31_000, frameBytes));
    const out = stage.out();
    expect(out.length).toBeGreaterThan(whole.length - 50_000);
    expect(out.equals(whole.subarray(0, out.length))).toBe(true);
  });

  it('that arrives whole before the first search continues where the old one ended, at any distance', () => {
    const stage = new Stage(Buffer.concat(stretch(0, 10_000, USUAL)));
    const whole = Buffer.concat(stretch(0, MOST_MS, USUAL));
    const from = Buffer.concat(stretch(0, 5000, USUAL)).length;
    stage.ingest.push(whole.subarray(from), 0);
    expect(stage.out().equals(whole)).toBe(true);
  });

  it('and whose first picture has no timestamp is measured by later pictures', () => {
    const stage = new Stage(had);
    const [first, ...others] = stretch(RECEIVED_MS - 12_000, RECEIVED_MS + 4000, USUAL);
    const enteredMs = stage.play([untimed(first!), ...others], 4);
    expect(enteredMs).toBeGreaterThanOrEqual(3000 - FRAME_MS);
    const out = stage.out();
    const whole = Buffer.concat(stretch(0, RECEIVED_MS + 4000, USUAL));
    expect(out.length).toBeGreaterThan(had.length);
    expect(out.equals(whole.subarray(0, out.length))).toBe(true);
  });

  // From the start, in the upper half of the timestamp's range, and across its wrap.
  it.each([0, 47_730_000, 95_433_000])(
    'with pictures without timestamps, also right before the break, repeats none: from %d ms on',
    (startMs) => {
      const frames = (frameBytes: number): Buffer[] => {
        const bytes = new SyntheticStream({ frameBytes, startMs }).take(600);
        const starts = unitStarts(bytes);
        return starts.map((at, n) => {
          const frame = bytes.subarray(n === 0 ? 0 : at, starts[n + 1] ?? bytes.length);
          return n % 25 === 24 ? untimed(frame) : frame;
        });
      };
      const stage = new Stage(Buffer.concat(frames(USUAL).slice(0, 400)));
      expect(stage.play(frames(OTHER).slice(275), 4)).not.toBeNull();
      const timed = unitsIn(stage.out(), VIDEO).filter(({ dts }) => dts >= 0);
      const steps = timed.slice(1).map(({ dts }, n) => ticksBetween(timed[n]!.dts, dts));
      expect(Math.min(...steps)).toBeGreaterThan(0);
      expect(timed.length).toBeGreaterThan(384 + 150);
    },
  );

  it('without overlap is entered at the first key frame after the outgoing media', () => {
    const stage = new Stage(had);
    const enteredMs = stage.play(stretch(RECEIVED_MS - 20_000, RECEIVED_MS + 6000, OTHER), 4);
    expect(enteredMs).toBeGreaterThanOrEqual(5000 - FRAME_MS);
    const out = stage.out();
    expect(flagged(out)).toBeGreaterThan(0);
    const steps = stepsOf(out);
    expect(Math.min(...steps)).toBe(FRAME_MS);
    expect(Math.max(...steps)).toBeLessThanOrEqual(1000 + FRAME_MS);
    expect(continuityFaults(out)).toEqual([]);
  });
});

describe('a source that never catches up', () => {
  it('is entered at its newest key frame with new timestamps, after the usual wait or slightly more', () => {
    const stage = new Stage(had);
    const enteredMs = stage.play(stretch(10_000, 20_000, USUAL), 1);
    expect(enteredMs).toBeGreaterThanOrEqual(1500);
    expect(enteredMs).toBeLessThanOrEqual(2000);
    const out = stage.out();
    const entered = unitStarts(out.subarray(had.length)).length;
    // Of its 10 s, the media that were staged for too long are left out.
    expect(entered).toBeGreaterThan(8000 / FRAME_MS);
    expect(entered).toBeLessThan(9100 / FRAME_MS);
    const steps = stepsOf(out);
    expect(Math.min(...steps)).toBe(FRAME_MS);
    expect(Math.max(...steps)).toBe(FRAME_MS);
    expect(continuityFaults(out)).toEqual([]);
  });

  it.each<[string, SilenceLimits, number, number]>([
    ['the usual', RELAXED, 1500, 1800],
    ['a stall time-out of 4 s', { silenceMs: 4000, outageMs: 60_000 }, 1500, 1800],
  ])('that lags too much is given up at once: %s', (_, silenceLimits, from, to) => {
    const stage = new Stage(had, silenceLimits);
    const enteredMs = stage.play(stretch(0, 30_000, OTHER), 2.5);
    expect(enteredMs).toBeGreaterThanOrEqual(from);
    expect(enteredMs).toBeLessThanOrEqual(to);
  });

  it('is not waited for until viewers are disconnected', () => {
    // The source begins after 5 s without media, and would need 6 s more to catch up.
    const play = (outageMs: number): number | null =>
      new Stage(had, { silenceMs: 15_000, outageMs }).play(
        stretch(RECEIVED_MS - 24_000, RECEIVED_MS + 4000, USUAL),
        4,
        5000,
      );
    expect(play(60_000)! - 5000).toBeGreaterThan(5900);
    expect(play(14_000)! - 5000).toBeGreaterThan(5900);
    const hurried = play(12_000)! - 5000;
    expect(hurried).toBeGreaterThanOrEqual(1500);
    expect(hurried).toBeLessThan(2000);
    expect(play(1000)! - 5000).toBeGreaterThanOrEqual(1500);
  });

  it('that slows down is given up once the slower pace is measurable', () => {
    const stage = new Stage(had);
    const frames = stretch(RECEIVED_MS - 24_000, RECEIVED_MS, OTHER);
    expect(stage.play(frames.slice(0, 300), 6)).toBeNull();
    const enteredMs = stage.play(frames.slice(300), 1, 2000)!;
    expect(enteredMs).toBeGreaterThan(2000);
    expect(enteredMs).toBeLessThan(4500);
    expect(Math.min(...stepsOf(stage.out()))).toBe(FRAME_MS);
  });

  it('without any key frame is entered after 3 s more', () => {
    const stage = new Stage(had);
    // Tables come with every 25th frame.
    const enteredMs = stage.play(stretch(10_000, 20_000, USUAL, 0), 1);
    expect(enteredMs).toBeGreaterThanOrEqual(4500);
    expect(enteredMs).toBeLessThanOrEqual(5200);
    expect(Math.min(...stepsOf(stage.out()))).toBe(FRAME_MS);
  });

  it('with neither key frames nor further pictures is entered with its audio', () => {
    const stage = new Stage(had);
    const frames = stretch(10_000, 20_000, USUAL, 0).map((frame, n) =>
      n < 40 ? frame : Buffer.concat(packetsOf(frame).filter((packet) => pid(packet, 0) !== VIDEO)),
    );
    const enteredMs = stage.play(frames, 1);
    // 2 s after the last picture, which came at 1.6 s, the audio stream leads.
    expect(enteredMs).toBeGreaterThanOrEqual(3500);
    expect(enteredMs).toBeLessThanOrEqual(4000);
    expect(Math.min(...stepsOf(stage.out(), AUDIO))).toBeGreaterThan(0);
  });

  it('that never sends its announced audio is entered, however frequent key frames are', () => {
    const stage = new Stage(had);
    const silent = stretch(10_000, 20_000, USUAL, 10).map((frame) =>
      Buffer.concat(packetsOf(frame).filter((packet) => pid(packet, 0) !== AUDIO)),
    );
    const enteredMs = stage.play(silent, 1);
    expect(enteredMs).toBeGreaterThanOrEqual(1500);
    expect(enteredMs).toBeLessThanOrEqual(2500);
  });

  it('with reordered pictures continues the timestamps', () => {
    const show = { gop: 10, bFrames: true, layout: PLAIN };
    const old = broadcast({ ...show, frames: 90, seed: 1, startTicks: 100 * 90_000 });
    const { bytes, frameAt } = broadcast({
      ...show,
      ...{ frames: 120, seed: 2, startTicks: 50 * 90_000 },
    });
    const stage = new Stage(old.bytes);
    stage.play(
      frameAt.map((at, n) => bytes.subarray(at, frameAt[n + 1] ?? bytes.length)),
      1,
    );
    const out = stage.out();
    expect(unitsIn(out, PLAIN.videoPid).length).toBeGreaterThan(90 + 60);
    for (const step of stepsOf(out, PLAIN.videoPid)) {
      expect(step).toBeGreaterThanOrEqual(FRAME_MS);
      // Leaves room for pictures that were sent before earlier presented ones.
      expect(step).toBeLessThan(4 * FRAME_MS);
    }
    expect(continuityFaults(out)).toEqual([]);
  });

  it('of any shape is entered, and its timestamps continue', () => {
    const lags = fc.integer({ min: 100, max: 30_000 });
    const arrivals = fc.array(fc.integer({ min: 0, max: 400 }), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(lags, arrivals, fc.boolean(), (lagMs, pauses, isOther) => {
        const stage = new Stage(had);
        const from = Math.round((RECEIVED_MS - lagMs) / FRAME_MS) * FRAME_MS;
        const frames = stretch(from, RECEIVED_MS + 20_000, isOther ? OTHER : USUAL);
        let nowMs = 0;
        for (const [n, frame] of frames.entries()) {
          nowMs += pauses[n % pauses.length]!;
          stage.ingest.push(frame, nowMs);
          if (stage.history.ring.end > stage.lostAt) break;
        }
        const out = stage.out();
        expect(Math.min(...stepsOf(out))).toBeGreaterThan(0);
        expect(out.length).toBeGreaterThan(had.length);
        // The longest wait, then a key frame and its audio.
        expect(nowMs).toBeLessThanOrEqual(10_000 + 27 * 400);
        expect(continuityFaults(out)).toEqual([]);
      }),
      { numRuns: 12 },
    );
  });
});

describe('a source that is read in parallel to the current one', () => {
  /** Runs both sources. Returns when the new one ended the old one, if it did, and when its splice point was found. */
  function runInParallel(lagMs: number, pace: number): { supersededMs?: number; placedMs: number } {
    const stage = new Stage(had);
    const old = stretch(RECEIVED_MS, MOST_MS, USUAL);
    const fresh = stretch(RECEIVED_MS - lagMs, MOST_MS, USUAL);
    const seen: { supersededMs?: number; placedMs?: number } = {};
    let nowMs = 0;
    const ingest = new StreamIngest(
      stage.history,
      { appended: () => undefined, joinable: () => undefined },
      RELAXED,
    );
    const staged = new StagedIntake(ingest, {
      get isFlowing() {
        return seen.supersededMs === undefined && seen.placedMs === undefined;
      },
      supersede: () => (seen.supersededMs ??= nowMs),
      placed: () => (seen.placedMs ??= nowMs),
    });
    let given = 0;
    for (let n = 0; n < old.length && seen.placedMs === undefined; n++) {
      nowMs = n * FRAME_MS;
      if (seen.supersededMs === undefined) stage.history.append(old[n]!, 0, old[n]!.length, nowMs);
      for (; given <= n * pace; given++) staged.push(fresh[given]!, nowMs);
    }
    const { supersededMs, placedMs = NaN } = seen;
    expect(flagged(stage.out())).toBe(0);
    expect(new Set(stepsOf(stage.out()))).toEqual(new Set([FRAME_MS]));
    return { ...(supersededMs === undefined ? {} : { supersededMs }), placedMs };
  }

  it('that catches up slowly delays no media of the current one', () => {
    const { supersededMs, placedMs } = runInParallel(18_000, 5);
    expect(supersededMs).toBeUndefined();
    // It gains 4 s of lag within 1 s.
    expect(placedMs).toBeGreaterThan(4400);
    expect(placedMs).toBeLessThan(4800);
  });

  it('that stays slightly behind ends the current one after 3 s', () => {
    const { supersededMs, placedMs } = runInParallel(1000, 1);
    expect(supersededMs).toBeGreaterThanOrEqual(3000);
    expect(supersededMs).toBeLessThan(3100);
    expect(placedMs).toBeGreaterThan(3900);
    expect(placedMs).toBeLessThan(4200);
  });
});
