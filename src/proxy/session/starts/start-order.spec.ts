import fc from 'fast-check';
import {
  begunLimit,
  crowdedEngines,
  mayBegin,
  nextToBegin,
  reservedFor,
  whoFreesTheLine,
  whoGivesWay,
  whoIsOverdue,
  type BegunStart,
  type StartFacts,
  type StartLimits,
} from './start-order';

const first = (engineId: string): StartFacts => ({ engineId, isRestart: false });
const restart = (engineId: string): StartFacts => ({ engineId, isRestart: true });
const NONE: ReadonlySet<string> = new Set();
const LIMITS: StartLimits = { perEngine: 4, total: 8 };

type Phase = Partial<Omit<BegunStart, 'engineId'>>;

/** Has had its turn, and waits for the engine's answer unless `phase` says otherwise. */
function begun(start: StartFacts, phase: Phase = {}): BegunStart {
  return { isAnswered: false, isOverdue: false, isTaken: false, ...start, ...phase };
}

function many(count: number, engineId: string, phase: Phase = {}): BegunStart[] {
  return Array.from({ length: count }, () => begun(first(engineId), phase));
}

describe('the order of starts', () => {
  const others = ['b', 'c', 'd', 'e', 'f', 'g'].map((id) => begun(first(id)));
  const answered: Phase = { isAnswered: true };

  it.each<[string, StartFacts, BegunStart[], boolean]>([
    ['on an idle engine', first('a'), [], true],
    ['below the share of first starts', first('a'), many(2, 'a'), true],
    ['beyond that share', first('a'), many(3, 'a'), false],
    ['a restart beyond it', restart('a'), many(3, 'a'), true],
    ['a restart on a full engine', restart('a'), many(4, 'a'), false],
    [
      'where restarts fill the engine',
      first('a'),
      many(4, 'a').map((start) => ({ ...start, isRestart: true })),
      false,
    ],
    ['elsewhere', first('b'), many(3, 'a'), true],
    ['beyond the share of all', first('z'), others, false],
    ['a restart beyond that one', restart('z'), others, true],
    ['beside many that only wait for media', first('a'), many(31, 'a', answered), true],
    ['beside as many of them as there may be', first('a'), many(32, 'a', answered), false],
    ['a restart beside those', restart('a'), many(32, 'a', answered), true],
    ['elsewhere than those', first('b'), many(32, 'a', answered), true],
    [
      'beside as many as there may be on all engines',
      first('z'),
      ['b', 'c'].flatMap((id) => many(32, id, answered)),
      false,
    ],
  ])('begins or not: %s', (_, wanted, active, expected) => {
    expect(mayBegin(wanted, active, LIMITS)).toBe(expected);
    // That is what a crowded engine is; another one of the same line would only come later.
    const isCrowded = crowdedEngines([], active, LIMITS).has(wanted.engineId);
    if (!wanted.isRestart && active.some(({ engineId }) => engineId === wanted.engineId))
      expect(isCrowded).toBe(!expected);
    expect(crowdedEngines([wanted], active, LIMITS).has(wanted.engineId)).toBe(true);
  });

  it('serves restarts first, then who came first, and nobody waits for another engine', () => {
    const line = [first('a'), first('a'), restart('a'), first('b'), restart('b')];
    const chosen = nextToBegin(line, many(2, 'a'), LIMITS);
    expect(chosen).toEqual([line[2], line[4], line[0], line[3]]);
  });

  it('takes the place of the last in line, else of the oldest under way, never of a restart', () => {
    const [a, b] = [begun(first('a')), begun(first('b'))];
    expect(whoGivesWay([a, b], [begun(first('c'))], new Set())).toBe(b);
    expect(whoGivesWay([a, b], [begun(first('c'))], new Set(['b']))).toBe(a);
    expect(whoGivesWay([begun(restart('a'))], [a, b], new Set())).toBe(a);
    expect(whoGivesWay([], [begun(first('a'), { isTaken: true }), b], new Set())).toBe(b);
    expect(whoGivesWay([], [a, b], new Set(['a', 'b']))).toBeNull();
    expect(whoGivesWay([begun(restart('a'))], [begun(restart('b'))], new Set())).toBeNull();
  });

  it('gives a newcomer the place of the oldest that is overdue, and of no other', () => {
    const overdue: Phase = { isOverdue: true };
    const fresh = begun(first('a'), answered);
    const [old, older] = [begun(first('b'), overdue), begun(first('a'), overdue)];
    expect(whoIsOverdue([fresh, older, old], NONE)).toBe(older);
    const hopeless = [
      begun(restart('a'), overdue),
      begun(first('a'), { ...overdue, isTaken: true }),
    ];
    expect(whoIsOverdue([...hopeless, fresh], NONE)).toBeNull();
    expect(whoIsOverdue([...hopeless, old], NONE)).toBe(old);
    expect(whoIsOverdue([fresh, older, old], new Set(['a']))).toBe(old);
    expect(whoIsOverdue([older, old], new Set(['a', 'b']))).toBeNull();
  });

  describe('a line behind starts that only wait for media', () => {
    const overdue: Phase = { isAnswered: true, isOverdue: true };
    const going = (waiting: StartFacts[], active: BegunStart[]): number[] =>
      whoFreesTheLine(waiting, active, LIMITS).map((start) => active.indexOf(start));

    it.each<[string, StartFacts[], BegunStart[], number[]]>([
      ['nobody waits', [], many(32, 'a', overdue), []],
      ['one waits', [first('a')], many(32, 'a', overdue), [0]],
      ['two wait', [first('a'), first('a')], many(32, 'a', overdue), [0, 1]],
      [
        'no more than can be asked for',
        Array(9).fill(first('a')),
        many(32, 'a', overdue),
        [0, 1, 2],
      ],
      [
        'who waits longest is not overdue yet',
        [first('a')],
        [...many(31, 'a', answered), begun(first('a'), overdue)],
        [31],
      ],
      ['nobody is overdue', [first('a')], many(32, 'a', answered), []],
      [
        'one is going already',
        [first('a')],
        [begun(first('a'), { ...overdue, isTaken: true }), ...many(31, 'a', overdue)],
        [],
      ],
      ['it waits for answers', [first('a')], [...many(29, 'a', overdue), ...many(3, 'a')], []],
      [
        'others are overdue',
        [first('a')],
        [...many(32, 'b', overdue), ...many(31, 'a', answered), begun(first('a'), overdue)],
        [63],
      ],
      [
        'all engines together are full',
        [first('z')],
        ['b', 'c'].flatMap((id) => many(32, id, overdue)),
        [0],
      ],
    ])('%s', (_, waiting, active, expected) => {
      expect(going(waiting, active)).toEqual(expected);
    });
  });

  const facts = fc.record({
    engineId: fc.constantFrom('a', 'b', 'c'),
    isRestart: fc.boolean(),
  });
  const limitsOf = fc.record({
    perEngine: fc.integer({ min: 2, max: 9 }),
    total: fc.integer({ min: 2, max: 20 }),
  });

  /** What happens to one that has begun, which one is told by a number. */
  const step = fc.oneof(
    facts,
    fc.record({
      at: fc.nat({ max: 30 }),
      what: fc.constantFrom<'leaves' | keyof Phase>('leaves', 'isAnswered', 'isOverdue'),
    }),
  );

  it('never exceeds a bound, however starts come and go, and never leaves a free turn unused', () => {
    fc.assert(
      fc.property(limitsOf, fc.array(step, { maxLength: 80 }), (limits, steps) => {
        let waiting: StartFacts[] = [];
        let active: BegunStart[] = [];
        for (const one of steps) {
          if ('engineId' in one) waiting.push({ ...one });
          else if (one.what === 'leaves') active = active.filter((_, at) => at !== one.at);
          else {
            // An answer ends the start of a stream that is watched.
            active = active.filter(({ isRestart }, at) => at !== one.at || !isRestart);
            const { at, what } = one;
            active = active.map((start, n) => (n === at ? { ...start, [what]: true } : start));
          }
          const chosen = nextToBegin(waiting, active, limits);
          active = [...active, ...chosen.map((start) => begun(start))];
          waiting = waiting.filter((start) => !chosen.includes(start));
          const asking = active.filter(({ isAnswered }) => !isAnswered);
          expect(asking.length).toBeLessThanOrEqual(limits.total);
          for (const engineId of ['a', 'b', 'c']) {
            const here = asking.filter((start) => start.engineId === engineId);
            expect(here.length).toBeLessThanOrEqual(limits.perEngine);
            const firsts = here.filter(({ isRestart }) => !isRestart).length;
            expect(firsts).toBeLessThanOrEqual(limits.perEngine - reservedFor(limits.perEngine));
            const all = active.filter((start) => start.engineId === engineId && !start.isRestart);
            expect(all.length).toBeLessThanOrEqual(begunLimit(limits.perEngine));
          }
          expect(waiting.filter((start) => mayBegin(start, active, limits))).toEqual([]);
          const leaving = whoFreesTheLine(waiting, active, limits);
          expect(leaving.every(({ isRestart, isOverdue }) => isOverdue && !isRestart)).toBe(true);
          expect(leaving.length).toBeLessThanOrEqual(waiting.length);
          // Nobody is sent away for nothing: all who go make room for as many.
          const rest = active.filter((start) => !leaving.includes(start));
          expect(nextToBegin(waiting, rest, limits)).toHaveLength(leaving.length);
        }
      }),
    );
  });

  it('lets first starts of one engine begin in the order in which they came', () => {
    fc.assert(
      fc.property(fc.array(facts, { maxLength: 30 }), limitsOf, (line, limits) => {
        const chosen = nextToBegin(line, [], limits);
        for (const engineId of ['a', 'b', 'c']) {
          const cameFirst = line.filter((start) => start.engineId === engineId && !start.isRestart);
          const began = chosen.filter((start) => start.engineId === engineId && !start.isRestart);
          expect(began).toEqual(cameFirst.slice(0, began.length));
        }
      }),
    );
  });
});
