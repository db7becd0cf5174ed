import fc from 'fast-check';
import type { MediaUnit } from './unit-reader';
import type { Segment } from './segment';
import { SegmentCutter } from './segment-cutter';

const TABLES = Buffer.alloc(376, 1);
const TABLES_BEFORE = { preface: () => TABLES };
const POINT = Buffer.alloc(376, 2);
const FRAME_MS = 40;

interface Shape {
  readonly isPoint?: boolean;
  readonly isBreak?: boolean;
  /** Time since the previous unit. */
  readonly stepMs?: number;
  /** Presentation time minus decoding time. */
  readonly reorderMs?: number;
}

/** Feeds units of 1000 bytes one after the other. */
class Feed {
  readonly segments: Segment[] = [];
  readonly cutter = new SegmentCutter({
    segmentMs: 4000,
    firstNumber: 100,
    wallMinusMonotonicMs: 0,
  });
  units = 0;
  /** Arrival time of the units minus their media time. */
  lateMs = 0;
  private timeMs = 0;

  push({ isPoint = false, isBreak = false, stepMs = FRAME_MS, reorderMs = 80 }: Shape): this {
    if (this.units > 0) this.timeMs += stepMs;
    const position = this.units++ * 1000;
    const unit: MediaUnit = {
      pid: 0x100,
      position,
      presentedMs: this.timeMs + reorderMs,
      decodedMs: this.timeMs,
      arrivedMs: this.timeMs + this.lateMs,
      breaksAt: isBreak ? position : null,
      tables: null,
    };
    const closed = this.cutter.push(unit, isPoint ? POINT : null, TABLES_BEFORE);
    if (closed !== null) this.segments.push(closed);
    return this;
  }

  /** Groups of `groupMs` each, which begin with a random access point. */
  groups(count: number, groupMs: number, first: Shape = {}): this {
    for (let group = 0; group < count; group++) {
      for (let ms = 0; ms < groupMs; ms += FRAME_MS) {
        this.push({ isPoint: ms === 0, ...(group === 0 && ms === 0 ? first : {}) });
      }
    }
    return this;
  }

  /** Silence, after which units arrive `lateMs` later. */
  stall(lateMs = 0): this {
    const closed = this.cutter.stall();
    if (closed !== null) this.segments.push(closed);
    this.lateMs += lateMs;
    return this;
  }

  get durations(): number[] {
    return this.segments.map(({ durationMs }) => durationMs);
  }
}

describe('SegmentCutter', () => {
  it.each<[string, number, number, number[]]>([
    ['groups of half a second', 520, 24, [1040, 4160, 4160]],
    ['groups of one second', 1000, 14, [1000, 4000, 4000, 4000]],
    ['groups of three seconds', 3000, 6, [3000, 6000, 6000]],
    ['groups as long as a segment', 4000, 4, [4000, 4000, 4000]],
    ['groups of eight seconds', 8000, 4, [8000, 8000, 8000]],
  ])('%s', (_, groupMs, count, durations) => {
    const feed = new Feed().groups(count, groupMs);
    expect(feed.durations.slice(0, durations.length)).toEqual(durations);
    expect(feed.cutter.fixTargetMs()).toBe(8000);
    expect(feed.cutter.allIndependent).toBe(true);
  });

  it('allows for a first group of up to 12 s, and keeps the published target', () => {
    const feed = new Feed().groups(2, 12_000).groups(2, 1000);
    expect(feed.cutter.fixTargetMs()).toBe(12_000);
    feed.groups(8, 1000);
    expect(feed.cutter.fixTargetMs()).toBe(12_000);
    expect(feed.durations.slice(0, 2)).toEqual([12_000, 12_000]);
  });

  it('includes the open segment when the target is fixed', () => {
    const feed = new Feed().groups(1, 1000).groups(1, 10_000);
    expect(feed.durations).toEqual([1000]);
    expect(feed.cutter.fixTargetMs()).toBe(12_000);
    expect(feed.groups(1, 4000).durations).toEqual([1000, 10_000]);
  });

  it('cuts at the fixed target without a random access point, and is no longer independent', () => {
    const feed = new Feed().groups(4, 1000);
    expect(feed.cutter.fixTargetMs()).toBe(8000);
    expect(feed.cutter.allIndependent).toBe(true);
    feed.groups(1, 30_000).groups(10, 1000);
    expect(Math.max(...feed.durations)).toBe(8000);
    expect(feed.segments.filter(({ isIndependent }) => !isIndependent).length).toBeGreaterThan(1);
    expect(feed.cutter.allIndependent).toBe(false);
    expect(feed.segments.at(-1)).toMatchObject({ isIndependent: true, preface: POINT });
  });

  it('publishes no duration above the target where pictures are presented later', () => {
    const feed = new Feed().groups(1, 1000);
    expect(feed.cutter.fixTargetMs()).toBe(8000);
    feed.groups(1, 8040, { reorderMs: 0 }).push({ isPoint: true, stepMs: 440, reorderMs: 160 });
    feed.groups(10, 1000);
    expect(feed.segments.length).toBeGreaterThan(3);
    for (const ms of feed.durations) expect(Math.round(ms / 1000)).toBeLessThanOrEqual(8);
  });

  it('without any random access point begins with the first unit after a target duration', () => {
    const feed = new Feed();
    for (let i = 0; i <= 300; i++) feed.push({});
    expect(feed.segments).toEqual([]);
    feed.push({});
    expect(feed.segments[0]).toMatchObject({ start: 0, durationMs: 12_000, isIndependent: false });
    expect(feed.segments[0]!.preface).toBe(TABLES);
    expect(feed.cutter.allIndependent).toBe(false);
  });

  it('without any random access point is not delayed by breaks of the timeline', () => {
    const feed = new Feed();
    for (let round = 0; round < 4; round++) {
      for (let i = 0; i < 125; i++) feed.push({ isBreak: i === 0 });
    }
    expect(feed.segments.length).toBeGreaterThan(0);
  });

  it('waits for the first key frame of long groups', () => {
    const feed = new Feed();
    for (let i = 0; i < 275; i++) feed.push({});
    feed.groups(3, 12_000).push({ isPoint: true });
    expect(feed.segments[0]).toMatchObject({ start: 275_000, isIndependent: true });
    expect(feed.durations).toEqual([12_000, 12_000, 12_000]);
    expect(feed.cutter.fixTargetMs()).toBe(12_000);
    expect(feed.cutter.allIndependent).toBe(true);
  });

  it('waits for tables', () => {
    const { cutter } = new Feed();
    for (let i = 0; i < 500; i++) {
      const timeMs = i * FRAME_MS;
      const unit = {
        pid: 0x100,
        presentedMs: timeMs,
        decodedMs: timeMs,
        arrivedMs: timeMs,
        breaksAt: null,
        tables: null,
      };
      expect(cutter.push({ ...unit, position: i * 1000 }, null, null)).toBeNull();
    }
  });

  it('ends a segment at a break of the timeline, and begins the next one at a key frame', () => {
    const feed = new Feed().groups(6, 1000);
    const breaksAt = feed.units * 1000;
    for (let i = 0; i < 60; i++) feed.push(i === 0 ? { isBreak: true, stepMs: 500_000 } : {});
    const keyAt = feed.units * 1000;
    feed.groups(12, 1000);
    const at = feed.segments.findIndex(({ isBreak }) => isBreak);
    const [before, after] = [feed.segments[at - 1]!, feed.segments[at]!];
    expect(before).toMatchObject({ durationMs: 1000, end: breaksAt, isBreak: false });
    expect(after).toMatchObject({ start: keyAt, isIndependent: true, breaksBefore: 0 });
    expect(feed.segments[at + 1]).toMatchObject({ breaksBefore: 1, isBreak: false });
    expect(after.date).not.toBe(before.date);
    expect(feed.cutter.allIndependent).toBe(true);
  });

  it('omits nothing if no key frame comes within a segment after a break', () => {
    const feed = new Feed().groups(6, 1000);
    const breaksAt = feed.units * 1000;
    for (let i = 0; i < 110; i++) feed.push({ isBreak: i === 0 });
    feed.groups(6, 1000);
    const after = feed.segments.find(({ isBreak }) => isBreak)!;
    expect(after).toMatchObject({ start: breaksAt, isIndependent: false, preface: TABLES });
    expect(after.durationMs).toBe(4400);
    expect(feed.cutter.allIndependent).toBe(false);
  });

  it('omits very short timelines, with one break for all of them', () => {
    const feed = new Feed().groups(6, 1000);
    const count = feed.segments.length;
    for (let i = 0; i < 500; i++) feed.push({ isPoint: true, isBreak: i % 5 === 0 });
    // The segment that was open ends with its timeline.
    expect(feed.segments.slice(count)).toMatchObject([{ isBreak: false, durationMs: 1000 }]);
    feed.groups(6, 1000, { isBreak: true });
    expect(feed.segments[count + 1]).toMatchObject({ isBreak: true, isIndependent: true });
    expect(feed.segments[count + 1]!.number).toBe(100 + count + 1);
  });

  it('stays independent across a splice, which begins with a key frame', () => {
    const feed = new Feed().groups(6, 1000).groups(10, 1000, { isBreak: true });
    expect(feed.cutter.allIndependent).toBe(true);
    expect(feed.segments.filter(({ isBreak }) => isBreak)).toHaveLength(1);
  });

  it('begins a break after lost media, and waits for a key frame', () => {
    const feed = new Feed().groups(6, 1000);
    const count = feed.segments.length;
    feed.cutter.skipped();
    feed.push({}).push({}).groups(6, 1000);
    expect(feed.segments[count]).toMatchObject({
      isBreak: true,
      isIndependent: true,
      number: 100 + count,
    });
    expect(feed.segments[count]!.start).toBe(152_000);
  });

  it('publishes the open segment when the stream stalls, and continues where it ended', () => {
    const feed = new Feed().groups(6, 1000);
    for (let i = 0; i < 40; i++) feed.push({});
    const count = feed.segments.length;
    feed.stall().stall();
    expect(feed.segments).toHaveLength(count + 1);
    // The last unit may be incomplete.
    expect(feed.segments[count]).toMatchObject({ end: (feed.units - 1) * 1000 });
    expect(feed.durations[count]).toBe(2560);
    for (let i = 0; i < 30; i++) feed.push({});
    feed.groups(6, 1000);
    const [before, after] = feed.segments.slice(count);
    expect(after).toMatchObject({ start: before!.end, isBreak: false, isIndependent: false });
  });

  it('publishes nothing when the open segment is too short', () => {
    const feed = new Feed().groups(5, 1000).push({ isPoint: true });
    for (let i = 0; i < 20; i++) feed.push({});
    const count = feed.segments.length;
    feed.stall();
    expect(feed.segments).toHaveLength(count);
    for (let i = 0; i < 4; i++) feed.push({});
    feed.groups(1, 1000);
    expect(feed.segments[count]!.start).toBe(feed.segments[count - 1]!.end);
  });

  it('omits the incomplete last picture of a source that is replaced', () => {
    const feed = new Feed().groups(8, 1000).stall();
    const before = feed.segments.at(-1)!;
    const breaksAt = feed.units * 1000;
    feed.groups(6, 1000, { isBreak: true, stepMs: 5000 });
    const after = feed.segments[feed.segments.indexOf(before) + 1]!;
    expect(before.end).toBe(breaksAt - 1000);
    expect(after).toMatchObject({ start: breaksAt, isBreak: true, isIndependent: true });
  });

  it.each([
    ['is made up at once', 0, [4000, 4000]],
    ['costs players a second', 1000, [3000, 3000]],
    ['costs players more than a segment', 8000, [1000, 1000]],
  ])('shortens segments after a stall that %s', (_, lateMs, durations) => {
    const feed = new Feed().groups(11, 1000).stall(lateMs);
    const count = feed.segments.length;
    feed.groups(24, 1000);
    expect(feed.durations[count]).toBe(1040);
    expect(feed.durations.slice(-2)).toEqual(durations);
    expect(Math.max(...feed.durations)).toBe(4000);
    // The last unit before the stall is not a random access point.
    expect(feed.segments.filter(({ isIndependent }) => !isIndependent)).toHaveLength(1);
    feed.cutter.forgetStalls();
    expect(feed.groups(12, 1000).durations.slice(-2)).toEqual([4000, 4000]);
  });

  it('any stream: segments are numbered, never longer than published, and omit only undecodable media', () => {
    const piece = fc.record({
      groupFrames: fc.integer({ min: 1, max: 320 }),
      isBreak: fc.boolean(),
      isPoint: fc.boolean(),
      stepMs: fc.constantFrom(20, 40, 40, 200, 1500, 7000),
      reorderMs: fc.constantFrom(0, 80, 80, 200, 2000),
      stalls: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(piece, { minLength: 1, maxLength: 40 }), fc.nat(30), (pieces, fixAt) => {
        const feed = new Feed();
        /** Positions of the random access points at which players could have begun. */
        const shown: number[] = [];
        let points = [0];
        let lineFrames = 1;
        const endLine = (): void => {
          if (lineFrames * 20 > 1000 + 2000) shown.push(...points);
          [points, lineFrames] = [[], 0];
        };
        feed.push({ isPoint: true });
        pieces.forEach(({ groupFrames, isBreak, reorderMs, isPoint, stepMs, stalls }, i) => {
          if (i === fixAt) feed.cutter.fixTargetMs();
          if (stalls && i % 3 === 2) feed.stall();
          const doesBreak = isBreak && i % 5 === 4;
          if (doesBreak) endLine();
          if (isPoint) points.push(feed.units * 1000);
          feed.push({ isPoint, stepMs, reorderMs, isBreak: doesBreak });
          for (let frame = 1; frame < groupFrames; frame++) feed.push({ reorderMs });
          lineFrames += groupFrames;
        });
        const targetS = feed.cutter.fixTargetMs() / 1000;
        let end = 0;
        let breaks = 0;
        feed.segments.forEach((segment, i) => {
          expect(segment.number).toBe(100 + i);
          if (i > 0 && !segment.isBreak) expect(segment.start).toBe(end);
          expect(segment.start).toBeGreaterThanOrEqual(end);
          for (const point of shown) expect(point >= end && point < segment.start).toBe(false);
          expect(segment.end).toBeGreaterThan(segment.start);
          expect(segment.durationMs).toBeGreaterThan(0);
          expect(Math.round(segment.durationMs / 1000)).toBeLessThanOrEqual(targetS);
          expect(segment.breaksBefore).toBe(breaks);
          if (segment.isBreak) breaks++;
          end = segment.end;
        });
        const independent = feed.segments.every(({ isIndependent }) => isIndependent);
        expect(feed.cutter.allIndependent).toBe(independent);
      }),
      { numRuns: 300 },
    );
  });
});
