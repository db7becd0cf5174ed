import { UncollectedMemory } from './uncollected-memory';

const MIB = 1024 * 1024;

describe('UncollectedMemory', () => {
  it.each([
    ['is 0 when little is uncollected', 64, 64, 60, 0],
    ['is 0 at the tolerated amount', 64, 72, 60, 0],
    ['is the excess over the tolerated amount', 64, 84, 60, 12],
    ['is a quarter of the total at most', 64, 300, 60, 16],
    ['is 0 when a large total tolerates more', 1024, 830, 700, 0],
  ])('%s', (_, total, buffers, held, expected) => {
    const memory = new UncollectedMemory({ totalBytes: total * MIB });
    expect(memory.measure(buffers * MIB, held * MIB, 0) / MIB).toBe(expected);
  });

  it('keeps the greatest amount and lets it decay slowly', () => {
    const memory = new UncollectedMemory({ totalBytes: 64 * MIB });
    memory.measure(84 * MIB, 60 * MIB, 0);
    expect(memory.measure(60 * MIB, 60 * MIB, 1000)).toBeGreaterThan(11 * MIB);
    expect(memory.measure(60 * MIB, 60 * MIB, 60_000)).toBe(0);
  });
});
