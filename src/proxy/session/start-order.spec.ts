import fc from 'fast-check';
import {
  mayBegin,
  nextToBegin,
  reservedFor,
  whoGivesWay,
  type StartFacts,
  type StartLimits,
} from './start-order';

const first = (engineId: string): StartFacts => ({ engineId, isRestart: false });
const restart = (engineId: string): StartFacts => ({ engineId, isRestart: true });
const LIMITS: StartLimits = { perEngine: 4, total: 8 };

describe('the order of starts', () => {
  it.each<[string, StartFacts, StartFacts[], boolean]>([
    ['on an idle engine', first('a'), [], true],
    ['below the share of first starts', first('a'), [first('a'), first('a')], true],
    ['beyond that share', first('a'), [first('a'), first('a'), first('a')], false],
    ['a restart beyond it', restart('a'), [first('a'), first('a'), first('a')], true],
    [
      'a restart on a full engine',
      restart('a'),
      Array.from({ length: 4 }, () => first('a')),
      false,
    ],
    [
      'where restarts fill the engine',
      first('a'),
      Array.from({ length: 4 }, () => restart('a')),
      false,
    ],
    ['elsewhere', first('b'), [first('a'), first('a'), first('a')], true],
    ['beyond the share of all', first('z'), ['b', 'c', 'd', 'e', 'f', 'g'].map(first), false],
    ['a restart beyond that one', restart('z'), ['b', 'c', 'd', 'e', 'f', 'g'].map(first), true],
  ])('begins or not: %s', (_, wanted, active, expected) => {
    expect(mayBegin(wanted, active, LIMITS)).toBe(expected);
  });

  it('serves restarts first, then who came first, and nobody waits for another engine', () => {
    const line = [first('a'), first('a'), restart('a'), first('b'), restart('b')];
    const chosen = nextToBegin(line, [first('a'), first('a')], LIMITS);
    expect(chosen).toEqual([line[2], line[4], line[0], line[3]]);
  });

  it('takes the place of the last in line, else of the oldest under way, never of a restart', () => {
    const [a, b] = [first('a'), first('b')];
    expect(whoGivesWay([a, b], [first('c')], new Set())).toBe(b);
    expect(whoGivesWay([a, b], [first('c')], new Set(['b']))).toBe(a);
    expect(whoGivesWay([restart('a')], [a, b], new Set())).toBe(a);
    expect(whoGivesWay([], [a, b], new Set(['a', 'b']))).toBeNull();
    expect(whoGivesWay([restart('a')], [restart('b')], new Set())).toBeNull();
  });

  const facts = fc.record({
    engineId: fc.constantFrom('a', 'b', 'c'),
    isRestart: fc.boolean(),
  });
  const limitsOf = fc.record({
    perEngine: fc.integer({ min: 2, max: 9 }),
    total: fc.integer({ min: 2, max: 20 }),
  });

  it('never exceeds a bound, however starts come and go, and never leaves a free turn unused', () => {
    fc.assert(
      fc.property(
        limitsOf,
        fc.array(fc.oneof(facts, fc.nat({ max: 30 })), { maxLength: 60 }),
        (limits, steps) => {
          let waiting: StartFacts[] = [];
          let active: StartFacts[] = [];
          for (const step of steps) {
            if (typeof step === 'number') active = active.filter((_, at) => at !== step);
            else waiting.push({ ...step });
            const chosen = nextToBegin(waiting, active, limits);
            active = [...active, ...chosen];
            waiting = waiting.filter((start) => !chosen.includes(start));
            expect(active.length).toBeLessThanOrEqual(limits.total);
            for (const engineId of ['a', 'b', 'c']) {
              const here = active.filter((start) => start.engineId === engineId);
              expect(here.length).toBeLessThanOrEqual(limits.perEngine);
              const firsts = here.filter(({ isRestart }) => !isRestart).length;
              expect(firsts).toBeLessThanOrEqual(limits.perEngine - reservedFor(limits.perEngine));
            }
            expect(waiting.filter((start) => mayBegin(start, active, limits))).toEqual([]);
          }
        },
      ),
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
