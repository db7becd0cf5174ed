import { UncollectedMemory } from './uncollected-memory';

const MIB = 1024 * 1024;

describe('UncollectedMemory', () => {
  it.each([
    ['nothing waits', 64, 64, 60, 0],
    ['as much waits as may', 64, 72, 60, 0],
    ['more than that', 64, 84, 60, 12],
    ['far more: a quarter of the total at most', 64, 300, 60, 16],
    ['a large total', 1024, 830, 700, 0],
  ])('%s', (_, total, buffers, held, expected) => {
    const memory = new UncollectedMemory(total * MIB);
    expect(memory.measure(buffers * MIB, held * MIB, 0) / MIB).toBe(expected);
  });

  it('goes by the greatest amount, and forgets it slowly', () => {
    const memory = new UncollectedMemory(64 * MIB);
    memory.measure(84 * MIB, 60 * MIB, 0);
    expect(memory.measure(60 * MIB, 60 * MIB, 1000)).toBeGreaterThan(11 * MIB);
    expect(memory.measure(60 * MIB, 60 * MIB, 60_000)).toBe(0);
  });
});
