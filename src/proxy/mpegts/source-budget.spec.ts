import { SourceBudget } from './source-budget';

const LIMITS = { burst: 100, perSecond: 10, perKib: 2 };

describe('SourceBudget', () => {
  it('allows a burst, and refuses all work once it is spent', () => {
    const budget = new SourceBudget(LIMITS);
    expect(budget.spend('tables', 100)).toBe(true);
    expect(budget.spend('segments', 1)).toBe(false);
    expect(budget.exceededBy).toBe('segments');
    budget.arrived(1024 * 1024, 1_000_000);
    expect(budget.spend('tables', 1)).toBe(false);
    expect(budget.exceededBy).toBe('segments');
  });

  it.each([
    ['time', 0, 5_000],
    ['bytes', 25 * 1024, 0],
  ])('restores units with %s', (_, bytes, ms) => {
    const budget = new SourceBudget(LIMITS);
    budget.arrived(0, 0);
    budget.spend('tables', 100);
    budget.arrived(bytes, ms);
    expect(budget.spend('tables', 50)).toBe(true);
    expect(budget.spend('tables', 1)).toBe(false);
  });

  it('accumulates no more than the burst, and takes nothing away if a clock steps back', () => {
    const budget = new SourceBudget(LIMITS);
    budget.arrived(0, 60_000);
    budget.arrived(1024 * 1024, 0);
    expect(budget.spend('tables', 100)).toBe(true);
    expect(budget.spend('tables', 1)).toBe(false);
  });

  it('reports the largest share that was ever used', () => {
    const budget = new SourceBudget(LIMITS);
    budget.spend('join_points', 30);
    budget.arrived(1024 * 1024, 0);
    budget.spend('join_points', 10);
    expect(budget.highestUse).toBeCloseTo(0.3);
  });
});
