import { selectVictim, type SlotFacts } from './preemption';
import type { Watch } from './slot-holder';
import type { SlotClass } from './slot-request';

const NOW_MS = 100_000;
const OVERDUE_MS = 30_000;

interface Named extends SlotFacts {
  readonly name: string;
}

function slot(name: string, over: Partial<SlotFacts> = {}): Named {
  return {
    name,
    class: 'start',
    state: 'confirmed',
    isRevoked: false,
    sinceMs: NOW_MS - 1000,
    holder: { watch: 'watched', watchSinceMs: 0 },
    ...over,
  };
}

const idle = (name: string, watch: Watch, forMs = 1000): Named =>
  slot(name, { holder: { watch, watchSinceMs: NOW_MS - forMs } });
const start = (name: string, ageMs: number, over: Partial<SlotFacts> = {}): Named =>
  slot(name, { state: 'answered', sinceMs: NOW_MS - ageMs, ...over });

describe('selectVictim', () => {
  it.each<[string, SlotClass, Named[], string | null]>([
    ['a start: none among watched streams', 'start', [slot('a'), slot('b')], null],
    ['a failover: none among watched streams', 'failover', [slot('a'), slot('b')], null],
    ['a start: an unwatched stream', 'start', [slot('a'), idle('b', 'unwatched')], 'b'],
    [
      'the stream that is unwatched longest',
      'start',
      [idle('a', 'unwatched', 10), idle('b', 'unwatched', 20)],
      'b',
    ],
    [
      'checked streams first, then held ones, paused ones last',
      'start',
      [idle('a', 'paused', 90), idle('b', 'held', 50), idle('c', 'checked', 20)],
      'c',
    ],
    ['a paused stream if there is no other', 'failover', [slot('a'), idle('b', 'paused')], 'b'],
    ['a start: never a start in the first half of its budget', 'start', [start('a', 29_999)], null],
    [
      'a start: the oldest overdue start',
      'start',
      [start('a', 31_000), start('b', 40_000), start('c', 1)],
      'b',
    ],
    ['a failover: the oldest start of any age', 'failover', [start('a', 1), start('b', 2)], 'b'],
    ['a failover: a move', 'failover', [start('a', 1, { class: 'move' })], 'a'],
    [
      'a failover: no other failover',
      'failover',
      [start('a', 90_000, { class: 'failover' })],
      null,
    ],
    ['an unwatched stream before a start', 'failover', [start('a', 9), idle('b', 'paused')], 'b'],
    [
      'no slot that was already revoked or is being released',
      'failover',
      [
        start('a', 1, { isRevoked: true }),
        start('b', 1, { state: 'releasing' }),
        start('c', 1, { state: 'released' }),
      ],
      null,
    ],
    ['a move: none', 'move', [idle('a', 'unwatched'), start('b', 90_000)], null],
    ['a probe: none', 'probe', [idle('a', 'unwatched'), start('b', 90_000)], null],
  ])('%s', (_, by, slots, expected) => {
    expect(selectVictim(by, slots, NOW_MS, OVERDUE_MS)?.name ?? null).toBe(expected);
  });
});
