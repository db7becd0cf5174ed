import fc from 'fast-check';
import { Timeline, TimeTrack } from './timeline';

const WRAP = 2 ** 33;

interface Unit {
  readonly stream: string;
  /** Index in order of arrival. */
  readonly index: number;
}

interface Placed extends Unit {
  readonly ms: number;
  /** Number of breaks before it. */
  readonly line: number;
}

/** Video, audio and PCR of one programme. */
class Stage {
  readonly assigned: Placed[] = [];
  readonly breaks: Unit[] = [];
  readonly timeline: Timeline<Unit>;
  private readonly tracks = {
    video: new TimeTrack<Unit>(false),
    sound: new TimeTrack<Unit>(false),
    clock: new TimeTrack<Unit>(true),
  };
  private count = 0;

  constructor() {
    this.timeline = new Timeline<Unit>(8000, {
      assigned: (_, unit, ms) => this.assigned.push({ ...unit, ms, line: this.breaks.length }),
      lineStarted: (unit) => this.breaks.push(unit),
    });
    this.timeline.setTracks(Object.values(this.tracks));
  }

  take(stream: 'video' | 'sound' | 'clock', timeMs: number): this {
    const ticks = ((Math.round(timeMs * 90) % WRAP) + WRAP) % WRAP;
    this.timeline.take(this.tracks[stream], ticks, { stream, index: this.count++ });
    return this;
  }

  /** All three streams for `seconds`, from `fromMs` on. */
  play(fromMs: number, seconds: number, streams = ['video', 'sound', 'clock'] as const): this {
    for (let ms = 0; ms < seconds * 1000; ms += 40) {
      for (const stream of streams) this.take(stream, fromMs + ms);
    }
    return this;
  }

  of(stream: string): Placed[] {
    return this.assigned.filter((unit) => unit.stream === stream);
  }
}

describe('Timeline', () => {
  it('has one break per jump, wherever the streams jump, and correct distances in between', () => {
    const line = fc.record({
      seconds: fc.integer({ min: 3, max: 8 }),
      leapMs: fc.oneof(
        fc.integer({ min: 12_000, max: 1e7 }),
        fc.integer({ min: -1e7, max: -12_000 }),
      ),
    });
    const streams = fc.record({
      startMs: fc.nat(Math.floor(WRAP / 90)),
      soundLateMs: fc.integer({ min: -700, max: 700 }),
      clockLateMs: fc.integer({ min: -300, max: 300 }),
      hasClock: fc.boolean(),
      hasSound: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(line, { minLength: 1, maxLength: 5 }), streams, (lines, how) => {
        const { startMs, soundLateMs, clockLateMs, hasClock, hasSound } = how;
        const stage = new Stage();
        const units: { at: number; stream: 'video' | 'sound' | 'clock'; ms: number }[] = [];
        let at = 0;
        let ms = startMs;
        for (const { seconds, leapMs } of lines) {
          for (const endAt = at + seconds * 1000; at < endAt; at += 20, ms += 20) {
            if (at % 40 === 0) units.push({ at, stream: 'video', ms });
            if (hasSound) units.push({ at: at + soundLateMs, stream: 'sound', ms });
            if (hasClock) units.push({ at: at + clockLateMs, stream: 'clock', ms: ms - 500 });
          }
          ms += leapMs;
        }
        units.sort((a, b) => a.at - b.at);
        for (const { stream, ms: timeMs } of units) stage.take(stream, timeMs);
        expect(stage.breaks).toHaveLength(lines.length - 1);
        const told = stage.of('video');
        const all = units.flatMap(({ stream, ms: own }, index) =>
          stream === 'video' ? [{ index, own }] : [],
        );
        const trueMs = new Map(all.map(({ index, own }) => [index, own]));
        const wrong = told.filter((unit, i) => {
          const before = told[i - 1];
          if (before === undefined || before.line !== unit.line) return false;
          const passedMs = trueMs.get(unit.index)! - trueMs.get(before.index)!;
          // A unit of the previous line may still arrive when audio has left that line.
          return Math.abs(passedMs) < 5000 && Math.abs(unit.ms - before.ms - passedMs) > 0.1;
        });
        expect(wrong).toEqual([]);
        expect(told.length).toBeGreaterThan(all.length - lines.length * 40);
      }),
      { numRuns: 100 },
    );
  });

  it('treats a video gap as a gap, however long audio continues', () => {
    const stage = new Stage().play(0, 2);
    stage.play(2000, 60, ['sound'] as never).play(62_000, 2);
    expect(stage.breaks).toEqual([]);
    const [before, after] = stage.of('video').slice(49, 51);
    expect(after!.ms - before!.ms).toBeCloseTo(60_040, 3);
  });

  it.each(['video', 'sound', 'clock'] as const)(
    'one wrong timestamp of %s has no effect',
    (stream) => {
      const stage = new Stage()
        .play(1e6, 5)
        .take(stream, 5e6)
        .play(1e6 + 5000, 5);
      expect(stage.breaks).toEqual([]);
      expect(stage.of('video').at(-1)!.ms - stage.of('video')[0]!.ms).toBeCloseTo(9960, 3);
    },
  );

  it.each(['video', 'sound', 'clock'] as const)(
    '%s may leave the line without the other streams',
    (stream) => {
      const stage = new Stage().play(1e6, 5);
      for (let ms = 5000; ms < 10_000; ms += 40) {
        for (const own of ['video', 'sound', 'clock'] as const) {
          stage.take(own, (own === stream ? 5e6 : 1e6) + ms);
        }
      }
      expect(stage.breaks).toEqual([]);
      const told = stage.of(stream);
      // Units are held until it is certain that no break follows, and are then assigned.
      expect(told.length).toBeGreaterThan(215);
      expect(told.at(-1)!.ms - told[0]!.ms).toBeGreaterThan(9000);
      expect(told.at(-1)!.ms - told[0]!.ms).toBeLessThan(11_000);
    },
  );

  it('a jump of a single stream starts a new line at once', () => {
    const stage = new Stage().play(0, 2, ['sound'] as never).play(1e6, 2, ['sound'] as never);
    expect(stage.breaks).toMatchObject([{ stream: 'sound', index: 50 }]);
  });

  it('starts a new line without regard to earlier units', () => {
    const stage = new Stage().play(0, 2);
    stage.timeline.begin();
    stage.play(1e6, 2);
    expect(stage.breaks).toEqual([]);
    const told = stage.of('video');
    expect(told[50]!.ms - told[49]!.ms).toBe(0);
    expect(told).toHaveLength(100);
  });

  it('holds a bounded number of units for any timestamps', () => {
    const times = fc.array(fc.tuple(fc.constantFrom('video', 'sound', 'clock'), fc.nat(WRAP - 1)), {
      maxLength: 2000,
    });
    fc.assert(
      fc.property(times, (list) => {
        const stage = new Stage();
        for (const [stream, ticks] of list) stage.take(stream, ticks / 90);
        const { assigned } = stage;
        expect(assigned.length).toBeLessThanOrEqual(list.length);
        expect(assigned.every(({ ms }) => Number.isFinite(ms))).toBe(true);
      }),
      { numRuns: 30 },
    );
  });
});
