import fc from 'fast-check';
import { MediaClock } from './media-clock';
import { SampleTrack } from './sample-track';

const MS = 27_000;
const WRAP = 2 ** 33 * 300;

describe('MediaClock', () => {
  it('follows the PCR, interpolated by bytes, from any start and across the wrap', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: WRAP - 1 }),
        fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 2, maxLength: 60 }),
        (start, steps) => {
          const clock = new MediaClock();
          let timeMs = 0;
          clock.addPcr(0, start, 0);
          for (const step of steps) {
            const before = timeMs;
            timeMs += step;
            clock.addPcr(timeMs * 1000, (start + timeMs * MS) % WRAP, 0);
            expect(clock.mediaTimeAt((before + step / 2) * 1000)).toBeCloseTo(before + step / 2, 3);
          }
          expect(clock.mediaTimeAt(timeMs * 1000)).toBeCloseTo(timeMs, 3);
          if (timeMs >= 40)
            expect(clock.mediaTimeAt((timeMs + 50) * 1000)).toBeCloseTo(timeMs + 50, 2);
          expect(clock.discontinuities).toBe(0);
        },
      ),
    );
  });

  it.each([
    ['stands still', 0, () => 0],
    ['repeats within 1 s', 760, (index: number) => ((index * 40) % 800) * MS],
  ])('advances by arrival while the PCR %s', (_, latestMs, ticksAt) => {
    const clock = new MediaClock();
    for (let index = 0; index <= 1500; index++) {
      clock.addPcr(index * 1000, ticksAt(index), index * 40);
    }
    const ageMs = clock.mediaTimeAt(1_500_000)! - clock.mediaTimeAt(1_000_000)!;
    expect(ageMs).toBeCloseTo(20_000, -2);
    // Media time follows the PCR again when that advances again.
    clock.addPcr(1_501_000, (latestMs + 3000) * MS, 60_001);
    expect(clock.mediaTimeAt(1_501_000)! - clock.mediaTimeAt(1_500_000)!).toBeCloseTo(3000, -2);
  });

  it('is monotone in the position for any PCRs and flags', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            ticks: fc.oneof(
              fc.integer({ min: 0, max: WRAP - 1 }),
              fc.integer({ min: 0, max: 20_000 }).map((ms) => ms * MS),
            ),
            flag: fc.boolean(),
            arrival: fc.integer({ min: 0, max: 500 }),
          }),
          { maxLength: 80 },
        ),
        (samples) => {
          const clock = new MediaClock();
          let arrivalMs = 0;
          samples.forEach(({ ticks, flag, arrival }, index) => {
            arrivalMs += arrival;
            if (flag) clock.expectDiscontinuity();
            clock.addPcr(index * 1000, ticks, arrivalMs);
          });
          let last = -Infinity;
          for (let at = -500; at < samples.length * 1000 + 2000; at += 250) {
            const time = clock.mediaTimeAt(at) ?? last;
            expect(time).toBeGreaterThanOrEqual(last);
            last = time;
          }
        },
      ),
    );
  });

  it.each([
    ['a jump forward', 60_000, false],
    ['a jump back', -5_000, false],
    ['a jump that only the flag reveals', 2_000, true],
    ['a small step back with the flag', -20, true],
  ])('%s starts a new time base: media time advances by arrival', (_name, jumpMs, flag) => {
    const clock = new MediaClock();
    const base = 100_000 * MS;
    clock.addPcr(0, base, 0);
    clock.addPcr(1000, base + 3000 * MS, 3000);
    expect(clock.bitrateBps).toBe(Math.round((1000 / 3000) * 8000));
    if (flag) clock.expectDiscontinuity();
    clock.addPcr(2000, base + (3000 + jumpMs) * MS, 3400);
    expect(clock.discontinuities).toBe(1);
    expect(clock.bitrateBps).toBeNull();
    expect(clock.mediaTimeAt(2000)).toBe(3400);
    clock.addPcr(3000, base + (3000 + jumpMs + 40) * MS, 3400);
    expect(clock.mediaTimeAt(3000)).toBe(3440);
  });

  it('ignores a flag where time continues', () => {
    const clock = new MediaClock();
    for (let index = 0; index <= 100; index++) {
      clock.expectDiscontinuity();
      clock.addPcr(index * 1000, index * 40 * MS, 0);
    }
    expect(clock.discontinuities).toBe(0);
    expect(clock.bitrateBps).toBe(200_000);
    expect(clock.mediaTimeAt(100_000)).toBeCloseTo(4000, 6);
  });

  it('stands still after a small step back', () => {
    const clock = new MediaClock();
    clock.addPcr(0, 1000 * MS, 0);
    clock.addPcr(1000, 1040 * MS, 0);
    clock.addPcr(2000, 1020 * MS, 0);
    clock.addPcr(3000, 1060 * MS, 0);
    expect(clock.discontinuities).toBe(0);
    expect(clock.mediaTimeAt(2000)).toBe(50);
  });

  it('computes the bit rate as the median of slopes over 2 s', () => {
    const clock = new MediaClock();
    let position = 0;
    for (let ms = 0; ms <= 20_000; ms += 40) {
      clock.addPcr(position, ms * MS, 0);
      if (ms < 2000) expect(clock.bitrateBps).toBeNull();
      // One window in five has three times the rate.
      position += Math.floor(ms / 2000) % 5 === 2 ? 120_000 : 40_000;
    }
    expect(clock.bitrateBps).toBe(8_000_000);
  });

  it('falls back to PTS, also across its wrap, and then prefers PCR', () => {
    const clock = new MediaClock();
    const start = 2 ** 33 - 90_000;
    for (let index = 0; index <= 100; index++) {
      clock.addPts(index * 1000, (start + index * 3600) % 2 ** 33, 0);
    }
    expect(clock.source).toBe('pts');
    expect(clock.mediaTimeAt(100_000)).toBeCloseTo(4000, 6);
    expect(clock.bitrateBps).toBe(200_000);
    clock.addPcr(101_000, 5, 40);
    clock.addPts(101_500, 90_000, 40);
    clock.addPcr(102_000, 5 + 40 * MS, 40);
    expect(clock.source).toBe('pcr');
    expect(clock.mediaTimeAt(102_000)).toBeCloseTo(4080, 6);
    expect(clock.discontinuities).toBe(0);
  });

  it('falls back to arrival', () => {
    const clock = new MediaClock();
    expect(clock.mediaTimeAt(0)).toBeNull();
    for (let ms = 0; ms <= 4000; ms += 50) clock.addArrival(ms * 10, 7000 + ms);
    expect(clock.source).toBe('arrival');
    expect(clock.mediaTimeAt(20_000)).toBe(2000);
    expect(clock.bitrateBps).toBe(80_000);
  });

  it('uses another source for a new programme', () => {
    const clock = new MediaClock();
    clock.addPcr(0, 0, 0);
    clock.addPcr(1000, 100 * MS, 100);
    clock.chooseTimeSourceAgain();
    clock.addPts(2000, 900_000, 150);
    clock.addPts(3000, 903_600, 150);
    expect(clock.mediaTimeAt(3000)).toBe(190);
  });

  it('is bounded by the ring and by its own limit', () => {
    const clock = new MediaClock();
    for (let ms = 0; ms < 30_000; ms++) {
      clock.addPcr(ms * 100, ms * MS, 0);
      if (ms < 10_000) clock.dropBefore(ms * 100 - 100_000);
      if (ms === 9_999) expect(clock.samples).toBeLessThanOrEqual(1002);
      expect(clock.samples).toBeLessThanOrEqual(20_000);
    }
    expect(clock.mediaTimeAt(900_000)).toBeCloseTo(9000, 3);
    expect(clock.mediaTimeAt(2_999_900)).toBeCloseTo(29_999, 3);
  });
});

it('SampleTrack interpolates like a plain list after any drops', () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.oneof(
          fc.record({ add: fc.integer({ min: 1, max: 50 }) }),
          fc.record({ drop: fc.integer({ min: 0, max: 3000 }) }),
        ),
        { maxLength: 1500, size: 'max' },
      ),
      (actions) => {
        const track = new SampleTrack(1_000_000);
        let list: number[] = [];
        let head = 0;
        for (const action of actions) {
          if ('add' in action) {
            head += action.add;
            list.push(head);
            track.add(head, head * 3);
          } else {
            const before = head - action.drop;
            const keep = list.findLastIndex((position) => position <= before);
            list = list.slice(Math.max(0, keep));
            track.dropBefore(before);
          }
        }
        expect(track.length).toBe(list.length);
        expect(track.oldest()?.position).toBe(list[0]);
        for (let at = (list[0] ?? 1) - 1; at <= head + 1; at += 7) {
          const inside = list.length > 0 && at >= (list[0] ?? 0) && at <= head;
          if (inside) expect(track.interpolate(at)).toBeCloseTo(at * 3, 6);
          else expect(track.interpolate(at)).toBeNull();
        }
      },
    ),
    { numRuns: 50 },
  );
});
