import fc from 'fast-check';
import { classifyEngines } from './engine-disposition';
import { aSnapshot, anEngine, aStart, LIMITS } from './fleet-snapshot.spec-support';
import type { FleetEngine, FleetSnapshot } from './fleet.types';
import { decideScale } from './scaling-decision';

const LOST = { kind: 'lost', reason: 'its VPN is another one now' } as const;
const CUT_OFF = { kind: 'cut_off', reason: 'its VPN is down' } as const;
const MISPLACED = { kind: 'misplaced', reason: 'the forwarded port changed' } as const;

/** Serving engines with these numbers of streams. */
const serving = (...streams: number[]): FleetEngine[] =>
  streams.map((count, index) => anEngine(`e${index}`, { streams: count }));

describe('decideScale: how many', () => {
  const cases: [string, FleetSnapshot, number, RegExp][] = [
    ['nothing is there', aSnapshot([]), 2, /MIN_REPLICAS/],
    ['all are free', aSnapshot(serving(0, 0)), 2, /MIN_REPLICAS/],
    ['one is in use', aSnapshot(serving(1, 0)), 2, /MIN_REPLICAS/],
    ['two are in use', aSnapshot(serving(1, 1)), 3, /2 in use and 1 to be kept free/],
    [
      'two have streams, and nobody watches one of them',
      aSnapshot([...serving(1, 1), anEngine('unwatched', { streams: 1, watchedStreams: 0 })]),
      3,
      /2 in use and 1 to be kept free/,
    ],
    [
      'one is full of streams that nobody watches',
      aSnapshot([...serving(0), anEngine('unwatched', { streams: 3, watchedStreams: 0 })]),
      2,
      /MIN_REPLICAS/,
    ],
    [
      'more are to be free',
      aSnapshot(serving(1, 0), { limits: { minFreeReplicas: 3 } }),
      4,
      /3 to be kept free/,
    ],
    ['an operator scaled up', aSnapshot(serving(0, 0), { scaledTo: 5 }), 5, /operator requested 5/],
    ['an operator scaled below MIN_REPLICAS', aSnapshot([], { scaledTo: 0 }), 2, /MIN_REPLICAS/],
    ['an operator scaled beyond MAX_REPLICAS', aSnapshot([], { scaledTo: 50 }), 6, /MAX_REPLICAS/],
    [
      'MIN_REPLICAS is above MAX_REPLICAS',
      aSnapshot([], { limits: { minReplicas: 9 } }),
      6,
      /MAX_REPLICAS/,
    ],
    ['all are in use at MAX_REPLICAS', aSnapshot(serving(1, 1, 1, 1, 1, 1)), 6, /MAX_REPLICAS/],
    [
      'nothing is to be there',
      aSnapshot([], { limits: { minReplicas: 0, minFreeReplicas: 0 } }),
      0,
      /0 \(MIN/,
    ],

    [
      'a free engine of somebody else is kept free instead of one of the fleet',
      aSnapshot(serving(1, 1), { external: [{ slots: 3, watchedStreams: 0 }] }),
      2,
      /MIN_REPLICAS/,
    ],
    [
      'all are near, and somebody else’s engine is not',
      aSnapshot(serving(2, 3), { external: [{ slots: 9, watchedStreams: 3 }] }),
      3,
      /2 in use and 1/,
    ],
    [
      'somebody else’s engine is near',
      aSnapshot(serving(1, 1, 1), { external: [{ slots: 9, watchedStreams: 8 }] }),
      4,
      /3 in use/,
    ],
    ['all but one are near', aSnapshot(serving(2, 0)), 3, /look-ahead/],
    ['all are near', aSnapshot(serving(2, 3)), 4, /look-ahead/],
    ['all but two are near', aSnapshot(serving(2, 1, 0)), 3, /1 near|2 in use/],
    [
      'the only one is near',
      aSnapshot(serving(2), { limits: { minReplicas: 1 } }),
      3,
      /look-ahead/,
    ],
    ['the only one is not', aSnapshot(serving(1), { limits: { minReplicas: 1 } }), 2, /1 in use/],
    ['the one that was added is there', aSnapshot(serving(2, 0, 0)), 3, /look-ahead/],
    [
      'one stream fills an engine, none has any',
      aSnapshot(serving(0, 0), { limits: { maxStreamsPerEngine: 1 } }),
      2,
      /MIN/,
    ],
    [
      'one stream fills an engine, one has it',
      aSnapshot(serving(1, 0), { limits: { maxStreamsPerEngine: 1 } }),
      3,
      /look-ahead/,
    ],

    ['nobody can serve who waits', aSnapshot([], { waiting: 7 }), 3, /7 requests wait/],
    [
      'all are full and one waits',
      aSnapshot(serving(3, 3), { waiting: 1, limits: { minFreeReplicas: 0 } }),
      4,
      /look-ahead/,
    ],
    ['all are full and many wait', aSnapshot(serving(3, 3), { waiting: 7 }), 5, /7 requests wait/],
    [
      'those that start will have slots enough',
      aSnapshot([...serving(3), aStart('s')], {
        waiting: 3,
        limits: { minFreeReplicas: 0, maxStreamsPerEngine: 4 },
      }),
      3,
      /look-ahead/,
    ],
    [
      'an engine that comes back kept its streams',
      aSnapshot([aStart('s', { streams: 3 })], {
        waiting: 1,
        limits: { minReplicas: 0, minFreeReplicas: 0, maxStreamsPerEngine: 5 },
      }),
      1,
      /./,
    ],
    ['thousands wait', aSnapshot([], { waiting: 9_999 }), 6, /MAX_REPLICAS/],

    [
      'one more is requested',
      aSnapshot(serving(0, 0), { operatorRequests: 1 }),
      3,
      /1 more requested/,
    ],
    [
      'one more is requested while too many are there',
      aSnapshot(serving(0, 0, 0, 0), { operatorRequests: 1 }),
      5,
      /1 more requested/,
    ],
    [
      'one more is requested before the first came',
      aSnapshot([], { operatorRequests: 1 }),
      3,
      /1 more requested/,
    ],
    [
      'what was asked for is ordered',
      aSnapshot(serving(0, 0), { operatorRequests: 1, pendingRequests: 1 }),
      2,
      /MIN/,
    ],
    [
      'more are asked for than may be',
      aSnapshot(serving(0, 0), { operatorRequests: 9 }),
      6,
      /MAX_REPLICAS/,
    ],

    [
      'an engine in use fails: its streams need a place',
      aSnapshot([anEngine('a', { state: 'unhealthy', streams: 1 }), ...serving(1)]),
      3,
      /2 in use/,
    ],
    [
      'an engine in use is cut off',
      aSnapshot([anEngine('a', { objection: CUT_OFF, streams: 1 }), ...serving(1)]),
      3,
      /2 in use/,
    ],
    [
      'an operator drains an engine: its streams stay',
      aSnapshot([anEngine('a', { drainedBy: 'operator', streams: 3 }), ...serving(1)]),
      2,
      /MIN/,
    ],
    [
      'a drained old engine keeps its streams',
      aSnapshot([
        anEngine('a', { drainedBy: 'fleet', isOutdated: true, streams: 3 }),
        ...serving(1),
      ]),
      2,
      /MIN/,
    ],
    [
      'an old engine in use works still',
      aSnapshot([anEngine('a', { isOutdated: true, streams: 1 }), ...serving(1)]),
      3,
      /2 in use/,
    ],
  ];

  it.each(cases)('%s', (_, snapshot, wanted, why) => {
    const decision = decideScale(snapshot);
    expect(decision.wanted).toBe(wanted);
    expect(decision.why[0]).toMatch(why);
  });
});

describe('decideScale: surplus', () => {
  const idle = (id: string, over: Partial<FleetEngine> = {}): FleetEngine =>
    anEngine(id, { idleMs: 60_000, ...over });
  const cases: [string, FleetEngine[], string[]][] = [
    ['none when just enough are there', [idle('a'), idle('b')], []],
    ['as many as there are too many', [idle('a'), idle('b'), idle('c'), idle('d')], ['a', 'b']],
    [
      'not within the grace',
      [idle('a', { idleMs: 59_999 }), idle('b', { idleMs: 59_999 }), idle('c', { idleMs: 59_999 })],
      [],
    ],
    [
      'only those past their grace',
      [idle('a', { idleMs: 0 }), idle('b', { idleMs: 0 }), idle('c')],
      ['c'],
    ],
    ['none that is in use', [idle('a', { streams: 1 }), idle('b'), idle('c')], ['b']],
    ['none that is busy', [idle('a', { isBusy: true }), idle('b'), idle('c')], ['b']],
    [
      'the oldest first',
      [
        idle('a', { ageMs: 1 }),
        idle('b', { ageMs: 3 }),
        idle('c', { ageMs: 2 }),
        idle('d', { ageMs: 0 }),
      ],
      ['b', 'c'],
    ],
    [
      'forwarded ones last',
      [idle('a', { forwarded: true, ageMs: 9e6 }), idle('b'), idle('c')],
      ['b'],
    ],
    [
      'forwarded ones too',
      [
        idle('a', { forwarded: true, ageMs: 9e6 }),
        idle('b', { forwarded: true }),
        idle('c', { forwarded: true }),
      ],
      ['a'],
    ],
    [
      'the VPN with the most engines gives first',
      [idle('a', { vpn: 'x', ageMs: 9e6 }), idle('b', { vpn: 'y' }), idle('c', { vpn: 'y' })],
      ['b'],
    ],
    [
      'and then by turns',
      [
        idle('a', { vpn: 'x' }),
        idle('b', { vpn: 'x' }),
        idle('c', { vpn: 'y' }),
        idle('d', { vpn: 'y' }),
      ],
      ['a', 'c'],
    ],
    [
      'its grace is waited for',
      [
        idle('a', { vpn: 'x' }),
        idle('b', { vpn: 'y', idleMs: 5 }),
        idle('c', { vpn: 'y', idleMs: 5 }),
      ],
      [],
    ],
    [
      'but not its streams',
      [
        idle('a', { vpn: 'x' }),
        idle('b', { vpn: 'y', streams: 1 }),
        idle('c', { vpn: 'y', streams: 1 }),
        idle('d', { vpn: 'x' }),
      ],
      ['a'],
    ],
    [
      'one that was asked for takes nobody’s place while it has its grace',
      [idle('a'), idle('b'), idle('c', { isRequested: true, idleMs: 5 })],
      [],
    ],
    [
      'but saves no other that is too many',
      [idle('a'), idle('b'), idle('c'), idle('d', { isRequested: true, idleMs: 5 })],
      ['a'],
    ],
    [
      'and is like any other after it, or when it is used',
      [idle('a'), idle('b', { isRequested: true }), idle('c', { isRequested: true, streams: 1 })],
      ['a'],
    ],
    ['one that starts replaces nobody yet', [idle('a'), idle('b'), aStart('c')], []],
    [
      'one that is to be made anew is not the one to stay',
      [idle('a'), idle('b'), idle('c', { isOutdated: true })],
      [],
    ],
  ];

  it.each(cases)('%s', (_, engines, surplus) => {
    expect(decideScale(aSnapshot(engines)).surplus).toEqual(surplus);
  });

  it('none while requests wait, because they cannot use the idle engines', () => {
    const engines = ['a', 'b', 'c', 'd'].map((id) => idle(id));
    expect(decideScale(aSnapshot(engines, { waiting: 1 })).surplus).toEqual([]);
  });
});

describe('decideScale: always', () => {
  const engine = fc.record({
    streams: fc.nat(4),
    idleMs: fc.constantFrom(0, 30_000, 60_000, 90_000),
    ageMs: fc.nat(1000),
    state: fc.constantFrom('starting', 'healthy', 'suspect', 'unhealthy', 'draining', null),
    hasStarted: fc.boolean(),
    isRequested: fc.boolean(),
    isOutdated: fc.boolean(),
    forwarded: fc.boolean(),
    isBusy: fc.boolean(),
    vpn: fc.constantFrom(null, 'x', 'y'),
    phase: fc.constantFrom('running', 'running', 'running', 'paused', 'ended', 'created'),
    objection: fc.constantFrom(null, null, LOST, CUT_OFF, MISPLACED),
    missedListings: fc.nat(2),
    drainedBy: fc.constantFrom(null, null, 'operator', 'fleet'),
  } as const);
  const snapshots = fc
    .record({
      engines: fc.array(engine, { maxLength: 10 }),
      pendingRequests: fc.nat(3),
      waiting: fc.nat(20),
      scaledTo: fc.option(fc.nat(12)),
      operatorRequests: fc.nat(3),
      minReplicas: fc.nat(4),
      minFreeReplicas: fc.nat(3),
      maxReplicas: fc.integer({ min: 1, max: 8 }),
      maxStreamsPerEngine: fc.integer({ min: 1, max: 4 }),
    })
    .map(({ engines, minReplicas, minFreeReplicas, maxReplicas, maxStreamsPerEngine, ...rest }) =>
      aSnapshot(
        engines.map((over, index) => anEngine(`e${index}`, over as Partial<FleetEngine>)),
        { ...rest, limits: { minReplicas, minFreeReplicas, maxReplicas, maxStreamsPerEngine } },
      ),
    );

  it('stays within its limits, says why, and gives up only engines that are free, ready and past their grace period', () => {
    fc.assert(
      fc.property(snapshots, (snapshot) => {
        const { wanted, why, surplus } = decideScale(snapshot);
        const { minReplicas, maxReplicas } = snapshot.limits;
        const floor = Math.min(maxReplicas, Math.max(minReplicas, snapshot.scaledTo ?? 0));
        expect(wanted).toBeGreaterThanOrEqual(floor);
        expect(wanted).toBeLessThanOrEqual(maxReplicas);
        expect(why[0]).toBeTruthy();
        expect(new Set(surplus).size).toBe(surplus.length);
        for (const id of surplus) {
          const gone = snapshot.engines.find((one) => one.id === id)!;
          expect(gone).toMatchObject({
            streams: 0,
            isBusy: false,
            hasStarted: true,
            phase: 'running',
          });
          expect(gone).toMatchObject({ objection: null, drainedBy: null, isOutdated: false });
          expect(gone.idleMs).toBeGreaterThanOrEqual(LIMITS.gracePeriodMs);
        }
        const ready = snapshot.engines.filter(
          ({ phase, state, missedListings }) =>
            phase === 'running' &&
            missedListings < 2 &&
            (state === 'healthy' || state === 'suspect'),
        );
        if (surplus.length > 0)
          expect(ready.length - surplus.length).toBeGreaterThanOrEqual(wanted);
      }),
      { numRuns: 3000 },
    );
  });

  it('does not alternate between adding and removing an engine', () => {
    fc.assert(
      fc.property(snapshots, (snapshot) => {
        const { wanted, surplus } = decideScale(snapshot);
        const left = snapshot.engines.filter(({ id }) => !surplus.includes(id));
        const after = decideScale({ ...snapshot, engines: left });
        if (surplus.length > 0) expect(after).toMatchObject({ wanted, surplus: [] });

        const calm = { ...snapshot, waiting: 0, operatorRequests: 0, pendingRequests: 0 };
        const before = decideScale(calm);
        const missing = before.wanted - classifyEngines(calm).serving.length;
        if (missing <= 0) return;
        const added = Array.from({ length: missing }, (_, index) =>
          anEngine(`n${index}`, { idleMs: 90_000 }),
        );
        const grown = decideScale({ ...calm, engines: [...calm.engines, ...added] });
        expect(grown).toMatchObject({ wanted: before.wanted, surplus: [] });
      }),
      { numRuns: 3000 },
    );
  });

  it('does not depend on the order of the engines', () => {
    fc.assert(
      fc.property(snapshots, (snapshot) => {
        const turned = { ...snapshot, engines: [...snapshot.engines].reverse() };
        expect(decideScale(turned)).toEqual(decideScale(snapshot));
      }),
      { numRuns: 500 },
    );
  });
});
