import fc from 'fast-check';
import { CircuitBreaker } from './circuit-breaker';

const THRESHOLD = 3;
const RECOVERY_MS = 1000;
const failure = { code: 'engine_exited', message: 'exited with code 1', at: new Date(0) };

type Step = readonly ['begin' | 'fail' | 'succeed' | 'abandon' | 'reset', number];

function after(...steps: readonly Step[]): CircuitBreaker {
  const breaker = new CircuitBreaker({ threshold: THRESHOLD, recoveryMs: RECOVERY_MS });
  for (const [step, atMs] of steps) {
    if (step === 'fail') breaker.fail(atMs, failure);
    else if (step === 'begin') breaker.begin(atMs);
    else breaker[step]();
  }
  return breaker;
}

const failed = (count: number, atMs = 0): Step[] =>
  Array.from({ length: count }, () => ['fail', atMs] as const);

describe('CircuitBreaker', () => {
  const cases: [string, Step[], number, string, boolean, number][] = [
    // what happened, when it is looked at, then: state, is an attempt let through, retryInMs
    ['nothing', [], 0, 'closed', true, 0],
    ['failures below the threshold', failed(2), 0, 'closed', true, 0],
    ['failures up to the threshold', failed(3), 0, 'open', false, 1000],
    ['a success between them', [...failed(2), ['succeed', 0], ...failed(2)], 0, 'closed', true, 0],
    ['not all of the recovery time', failed(3), 999, 'open', false, 1],
    ['the recovery time', failed(3), 1000, 'open', true, 0],
    ['an attempt begun too early', [...failed(3), ['begin', 999]], 999, 'open', false, 1],
    ['one attempt', [...failed(3), ['begin', 1000]], 5000, 'half_open', false, 0],
    [
      'an attempt that succeeded',
      [...failed(3), ['begin', 1000], ['succeed', 1500]],
      1500,
      'closed',
      true,
      0,
    ],
    [
      'an attempt that failed',
      [...failed(3), ['begin', 1000], ['fail', 1500]],
      1500,
      'open',
      false,
      1000,
    ],
    [
      'an attempt that was given up',
      [...failed(3), ['begin', 1000], ['abandon', 1500]],
      1500,
      'open',
      true,
      0,
    ],
    [
      'tries under way when it opened fail later',
      [...failed(3), ['fail', 400]],
      1000,
      'open',
      false,
      400,
    ],
    [
      'an attempt under way when it opened is given up',
      [...failed(3), ['abandon', 400]],
      500,
      'open',
      false,
      500,
    ],
    [
      'an attempt under way when it opened succeeds',
      [...failed(3), ['succeed', 400]],
      500,
      'closed',
      true,
      0,
    ],
    ['a reset while open', [...failed(3), ['reset', 1]], 1, 'closed', true, 0],
    [
      'a reset while an attempt is under way',
      [...failed(3), ['begin', 1000], ['reset', 1001]],
      1001,
      'closed',
      true,
      0,
    ],
    ['a reset, then a failure', [...failed(3), ['reset', 1], ['fail', 2]], 2, 'closed', true, 0],
  ];

  it.each(cases)('after %s', (_, steps, atMs, state, mayTry, retryInMs) => {
    const breaker = after(...steps);
    expect(breaker.view(atMs)).toMatchObject({ state, retryInMs, threshold: THRESHOLD });
    expect(breaker.mayTry(atMs)).toBe(mayTry);
  });

  it('tells the failures in a row, and the last one also after it has closed', () => {
    expect(after().view(0)).toMatchObject({ failures: 0, lastFailure: null });
    expect(after(...failed(4)).view(0)).toMatchObject({ failures: 4, lastFailure: failure });
    const closed = after(...failed(3), ['reset', 0]);
    expect(closed.view(0)).toMatchObject({ failures: 0, lastFailure: failure });
  });

  it('lets one attempt at a time through while it is not closed, and none within the recovery time', () => {
    const steps = fc.array(
      fc.record({
        what: fc.constantFrom('begin', 'begin', 'fail', 'fail', 'succeed', 'abandon', 'reset'),
        waitMs: fc.constantFrom(0, 1, 300, 1000),
      } as const),
      { maxLength: 60 },
    );
    fc.assert(
      fc.property(steps, (walk) => {
        const breaker = after();
        let nowMs = 0;
        let inARow = 0;
        let openedAtMs = -Infinity;
        let isTrying = false;
        for (const { what, waitMs } of walk) {
          nowMs += waitMs;
          const from = breaker.view(nowMs).state;
          if (what === 'begin') {
            const isDue = from === 'open' && nowMs >= openedAtMs + RECOVERY_MS;
            expect(breaker.begin(nowMs)).toBe(from === 'closed' || isDue);
            if (isDue) isTrying = true;
          } else if (what === 'fail') {
            breaker.fail(nowMs, failure);
            inARow += 1;
            isTrying = false;
          } else {
            breaker[what]();
            isTrying = false;
            if (what !== 'abandon') inARow = 0;
          }
          const { state, failures } = breaker.view(nowMs);
          if (what === 'fail' && state === 'open') openedAtMs = nowMs;
          expect(failures).toBe(inARow);
          expect(state === 'half_open').toBe(isTrying);
          expect(state === 'closed').toBe(inARow < THRESHOLD && !isTrying);
        }
      }),
      { numRuns: 2000 },
    );
  });
});
