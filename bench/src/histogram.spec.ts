import fc from 'fast-check';
import { Histogram } from './histogram';

describe('Histogram', () => {
  it('has no quantiles without samples', () => {
    const histogram = new Histogram();
    expect(histogram.quantile(0.5)).toBeNull();
    expect(histogram.max).toBeNull();
  });

  it('gives the exact quantile within half a bucket', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 999, noNaN: true }), { minLength: 1, maxLength: 200 }),
        fc.constantFrom(0.01, 0.5, 0.9, 0.99, 1),
        (times, p) => {
          const histogram = new Histogram(0.5, 1000);
          times.forEach((time) => histogram.add(time));
          const sorted = [...times].sort((a, b) => a - b);
          const exact = sorted[Math.max(1, Math.ceil(p * times.length)) - 1]!;
          expect(Math.abs(histogram.quantile(p)! - exact)).toBeLessThanOrEqual(0.25);
        },
      ),
    );
  });

  it('counts a negative time as 0 and keeps the exact largest beyond its last bucket', () => {
    const histogram = new Histogram(1, 100);
    histogram.add(-3);
    histogram.add(12_345.5);
    expect(histogram.count).toBe(2);
    expect(histogram.quantile(0.5)).toBeLessThanOrEqual(0.5);
    expect(histogram.quantile(1)).toBe(12_345.5);
    expect(histogram.max).toBe(12_345.5);
  });
});
