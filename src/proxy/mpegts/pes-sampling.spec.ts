import { PesSampling } from './pes-sampling';

/** How many of the next `count` PES packets are read whole, if every `distance`th contains a random access point. */
function readWhole(sampling: PesSampling, count: number, distance: number): number {
  let whole = 0;
  for (let n = 0; n < count; n++) {
    sampling.begin();
    if (sampling.isWhole) whole++;
    if (n % distance === distance - 1) sampling.foundPoint();
  }
  return whole;
}

describe('PesSampling', () => {
  it.each([50, 100, 250, 500, 1000])(
    'reads few PES packets whole if every %d th begins with a random access point',
    (distance) => {
      const sampling = new PesSampling();
      readWhole(sampling, 4 * distance, distance);
      expect(readWhole(sampling, 4 * distance, distance) / (4 * distance)).toBeLessThan(0.1);
    },
  );

  it('reads all PES packets of a stream without random access points', () => {
    const sampling = new PesSampling();
    readWhole(sampling, 1000, Infinity);
    expect(readWhole(sampling, 1000, Infinity)).toBe(1000);
  });

  it('reads all PES packets again once an access unit began inside one', () => {
    const sampling = new PesSampling();
    readWhole(sampling, 2000, 500);
    sampling.foundInside();
    expect(readWhole(sampling, 1000, 50)).toBe(1000);
    readWhole(sampling, 4000, 50);
    expect(readWhole(sampling, 128, Infinity)).toBeLessThan(20);
    expect(readWhole(sampling, 128, Infinity)).toBeGreaterThan(120);
  });
});
