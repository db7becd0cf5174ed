import { startsReplacement } from './fleet-plan';
import {
  CUT_OFF,
  good,
  old,
  plan,
  planned,
  sick,
  table,
  type Over,
} from './fleet-plan.spec-support';
import { aSnapshot, aStart, anEngine } from './fleet-snapshot.spec-support';
import type { FleetEngine } from './fleet.types';

describe('planFleet: engines that have ended', () => {
  table([
    ['nothing to do', good('a', 'b'), {}, undefined, []],
    ['ended', [anEngine('a', { phase: 'ended' }), ...good('b', 'c')], {}, undefined, ['remove a']],
    [
      'ended while it started',
      [aStart('a', { phase: 'ended' }), ...good('b', 'c')],
      {},
      undefined,
      ['remove a engine_exited'],
    ],
    [
      'ended while an operator drained it',
      [anEngine('a', { phase: 'ended', drainedBy: 'operator' }), ...good('b', 'c')],
      {},
      undefined,
      ['remove a'],
    ],
    [
      'ended, and its successor at once',
      [anEngine('a', { phase: 'ended' }), ...good('b')],
      {},
      undefined,
      ['remove a', 'provision'],
    ],
    [
      'ended, being restarted',
      [anEngine('a', { phase: 'ended', isBusy: true }), ...good('b')],
      {},
      undefined,
      [],
    ],
    [
      'ended, being removed',
      [anEngine('a', { phase: 'ended', isBusy: true, isBeingRemoved: true }), ...good('b')],
      {},
      undefined,
      ['provision'],
    ],
    [
      'left over of a crash before its start',
      [aStart('a', { phase: 'created' }), ...good('b', 'c')],
      {},
      undefined,
      ['remove a'],
    ],
    [
      'just made, while an order is under way',
      [aStart('a', { phase: 'created', ageMs: 29_999 }), ...good('b', 'c')],
      { pendingRequests: 1 },
      undefined,
      [],
    ],
    [
      'long made, while an order is under way',
      [aStart('a', { phase: 'created', ageMs: 30_000 }), ...good('b', 'c')],
      { pendingRequests: 1 },
      undefined,
      ['remove a'],
    ],
    [
      'made by an order under way',
      [aStart('a', { phase: 'created', isBusy: true }), ...good('b')],
      {},
      undefined,
      [],
    ],
    [
      'gone, says the runtime',
      [anEngine('a', { hasVanished: true }), ...good('b')],
      {},
      undefined,
      ['provision'],
    ],
    ['not shown once', [anEngine('a', { missedListings: 1 }), ...good('b')], {}, undefined, []],
    [
      'not shown twice',
      [anEngine('a', { missedListings: 2 }), ...good('b')],
      {},
      undefined,
      ['provision'],
    ],
  ]);
});

describe('planFleet: engines that start', () => {
  table([
    ['within the time for it', [aStart('a', { upMs: 90_000 }), ...good('b')], {}, undefined, []],
    [
      'too long',
      [aStart('a', { upMs: 90_001 }), ...good('b', 'c')],
      {},
      undefined,
      ['remove a start_timeout'],
    ],
    [
      'too long, drained by an operator',
      [aStart('a', { upMs: 90_001, drainedBy: 'operator' }), ...good('b', 'c')],
      {},
      undefined,
      [],
    ],
    [
      'too long, because its VPN is down',
      [aStart('a', { upMs: 90_001, objection: CUT_OFF }), ...good('b', 'c')],
      {},
      undefined,
      ['remove a'],
    ],
    ['old, and started', [anEngine('a', { upMs: 9e9 }), ...good('b')], {}, undefined, []],
    [
      'unhealthy before the first answer',
      [aStart('a', { state: 'unhealthy' }), ...good('b')],
      {},
      undefined,
      [],
    ],
    ['back from a drain', [anEngine('a', { state: 'starting' }), ...good('b')], {}, undefined, []],
  ]);
});

describe('planFleet: provisioning', () => {
  table([
    ['as many as may start together', [], {}, undefined, ['provision', 'provision']],
    ['fewer when some start already', [aStart('a')], {}, 5, ['provision']],
    ['fewer when some are ordered', [], { pendingRequests: 1 }, 5, ['provision']],
    ['none beyond those', [aStart('a')], { pendingRequests: 1 }, 5, []],
    [
      'none that an operator drains at its start delays',
      [aStart('a', { drainedBy: 'operator' })],
      { limits: { parallelStarts: 1 } },
      1,
      ['provision'],
    ],
    ['none while none may be made', [], { mayProvision: false }, undefined, []],
    [
      'no more than MAX_REPLICAS',
      good('a', 'b', 'c'),
      { limits: { maxReplicas: 4 } },
      6,
      ['provision'],
    ],
    [
      'engines of operators take places',
      [anEngine('a', { drainedBy: 'operator' }), ...good('b')],
      { limits: { maxReplicas: 2 } },
      2,
      [],
    ],
    [
      'what is being removed takes a place',
      [anEngine('a', { isBusy: true, isBeingRemoved: true }), ...good('b')],
      { limits: { maxReplicas: 2 } },
      2,
      [],
    ],
    [
      'orders take places',
      good('a', 'b', 'c'),
      { pendingRequests: 1, limits: { maxReplicas: 4 } },
      6,
      [],
    ],
    ['for operators who asked', good('a', 'b'), { operatorRequests: 1 }, undefined, ['provision']],
  ]);
});

describe('planFleet: all together', () => {
  it('removes surplus engines, says why, and requests none for them', () => {
    const engines = ['a', 'b', 'c'].map((id) => anEngine(id, { idleMs: 61_500 }));
    expect(planned(aSnapshot(engines))).toEqual([
      {
        kind: 'remove',
        engineId: 'a',
        reason: 'surplus',
        why: 'not needed: 2 are wanted, and it has had no stream for 61s',
        failure: null,
        makesRoom: false,
      },
    ]);
  });

  it('has a stable order: removals, recoveries, drains, provisioning', () => {
    const engines = [
      anEngine('e', { objection: CUT_OFF }),
      anEngine('d', { drainedBy: 'fleet' }),
      anEngine('c', { phase: 'paused' }),
      anEngine('b', { phase: 'ended' }),
      aStart('a', { phase: 'created' }),
    ];
    const actions = [
      'remove a',
      'remove b',
      'unpause c',
      'undrain d',
      'drain+evict e',
      'provision',
    ];
    expect(plan(engines, { limits: { minReplicas: 3 } })).toEqual(actions);
    expect(plan([...engines].reverse(), { limits: { minReplicas: 3 } })).toEqual(actions);
  });

  it('counts the actions that begin a replacement, not those that complete it', () => {
    const began = (engines: FleetEngine[], over: Over = {}): boolean[] =>
      planned(aSnapshot(engines, over)).map(startsReplacement);
    expect(began([sick('a'), ...good('b')])).toEqual([true]);
    expect(began([sick('a'), ...good('b', 'c')])).toEqual([false]);
    expect(began([sick('a'), ...good('b')], { limits: { maxReplicas: 2 } })).toEqual([true]);
    expect(began([old('a', { streams: 1 }), ...good('b')], { limits: { maxReplicas: 2 } })).toEqual(
      [true],
    );
    expect(began(good('a'))).toEqual([false]);
    expect(began([anEngine('a', { drainedBy: 'fleet' }), ...good('b')])).toEqual([false]);
  });
});
