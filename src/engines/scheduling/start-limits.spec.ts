import type { SlotClass } from './slot-request';
import { isBusy, type Asking } from './start-limits';

const LIMITS = { perEngine: 4, total: 8 };

function asking(...engines: readonly string[]): Asking[] {
  return engines.map((name) => {
    const [engineId = '', isFailover] = name.split(' ');
    return { engineId, class: isFailover === undefined ? 'start' : 'failover' };
  });
}

describe('whether an engine is busy', () => {
  it.each<[string, SlotClass, Asking[], boolean]>([
    ['not without a start in progress', 'start', [], false],
    ['not below the limit for starts', 'start', asking('a', 'a'), false],
    ['for a start at that limit', 'start', asking('a', 'a', 'a'), true],
    ['not for a failover at that limit', 'failover', asking('a', 'a', 'a'), false],
    ['for a failover at the full limit', 'failover', asking('a', 'a', 'a', 'a f'), true],
    ['for a start if failovers use the limit', 'start', asking('a f', 'a f', 'a f', 'a f'), true],
    ['not because of another engine', 'start', asking('b', 'b', 'b'), false],
    ['at the limit of all engines together', 'start', asking('b', 'b', 'b', 'c', 'c', 'c'), true],
    ['not for a failover at that limit', 'failover', asking('b', 'b', 'b', 'c', 'c', 'c'), false],
    ['for a move as for a start', 'move', asking('a', 'a', 'a'), true],
  ])('%s', (_, slotClass, under, expected) => {
    expect(isBusy('a', slotClass, under, LIMITS)).toBe(expected);
  });
});
