import type { SlotClass } from './slot-request';
import { isBusy, type Asking } from './start-limits';

const LIMITS = { perEngine: 4, total: 8 };

function asking(...engines: readonly string[]): Asking[] {
  return engines.map((name) => {
    const [engineId = '', isFailover] = name.split(' ');
    return { engineId, class: isFailover === undefined ? 'start' : 'failover' };
  });
}

describe('an engine is busy', () => {
  it.each<[string, SlotClass, Asking[], boolean]>([
    ['not when nobody asks it', 'start', [], false],
    ['not below the share of starts', 'start', asking('a', 'a'), false],
    ['for a start beyond that share', 'start', asking('a', 'a', 'a'), true],
    ['not for a failover then', 'failover', asking('a', 'a', 'a'), false],
    ['for a failover at the limit', 'failover', asking('a', 'a', 'a', 'a f'), true],
    ['for a start that failovers leave no room', 'start', asking('a f', 'a f', 'a f', 'a f'), true],
    ['not because of another engine', 'start', asking('b', 'b', 'b'), false],
    [
      'when all engines together are asked enough',
      'start',
      asking('b', 'b', 'b', 'c', 'c', 'c'),
      true,
    ],
    ['not for a failover then, either', 'failover', asking('b', 'b', 'b', 'c', 'c', 'c'), false],
    ['for a move as for a start', 'move', asking('a', 'a', 'a'), true],
  ])('%s', (_, slotClass, under, expected) => {
    expect(isBusy('a', slotClass, under, LIMITS)).toBe(expected);
  });
});
