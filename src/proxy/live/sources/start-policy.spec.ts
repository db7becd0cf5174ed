import fc from 'fast-check';
import { outcomeOfEnd, startTimeout, type Outcome } from './outcomes';
import { FailoverPolicy } from './source-policy';
import { shareOf, StartPolicy } from './start-policy';

describe('the share of a source in a start', () => {
  it.each([
    ['the only one has all', 60_000, 1, 60_000],
    ['one of two: half', 60_000, 2, 30_000],
    ['one of sixteen: not too little', 60_000, 16, 10_000],
    ['of little time half', 4000, 3, 2000],
    ['what is left for the last one', 700, 1, 700],
    ['nothing of nothing', 0, 3, 0],
  ])('%s', (_, leftMs, sources, share) => {
    expect(shareOf(leftMs, sources)).toBe(share);
  });

  it('is never more than there is, and the second source always has some', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 3_600_000 }),
        fc.integer({ min: 2, max: 16 }),
        (left, n) => {
          expect(shareOf(left, n)).toBeGreaterThan(0);
          expect(shareOf(left, n)).toBeLessThanOrEqual(left / 2);
        },
      ),
    );
  });
});

const NO_TABLES = outcomeOfEnd('no_tables', true, Buffer.alloc(0));
const RESET = outcomeOfEnd('reset', false, Buffer.alloc(0));
const REFUSED: Outcome = {
  next: 'other_engine',
  code: 'engine_failed',
  detail: 'refused',
  complaint: 'connect_refused',
};
const UNSUPPORTED = {
  next: 'give_up',
  error: { code: 'unsupported_content', status: 501, detail: expect.stringContaining('PAT') },
};

function startWith(sources: number): StartPolicy {
  const policy = new StartPolicy({ proxyInitTimeoutMs: 60_000 });
  policy.begin(sources);
  return policy;
}

describe('media without tables at a start', () => {
  it('have one other engine tried, without a complaint and not for long', () => {
    const policy = startWith(1);
    expect(policy.weigh(NO_TABLES)).toMatchObject({ next: 'other_engine', complaint: null });
    const leftMs = policy.deadlineMs - performance.now();
    // Four seconds of media came first, and players wait for 15 s.
    expect(leftMs + 4000).toBeLessThan(15_000);
    expect(leftMs).toBeGreaterThan(1000);
  });

  it.each<[string, Outcome]>([
    ['has none either', NO_TABLES],
    ['breaks off', RESET],
    ['refuses', REFUSED],
    ['delivers nothing in time', startTimeout('silence')],
  ])('decide the error for viewers when the other engine %s', (_what, outcome) => {
    const policy = startWith(1);
    policy.weigh(NO_TABLES);
    expect(policy.weigh(outcome)).toMatchObject(UNSUPPORTED);
  });

  it('decide the error for viewers when there is no other engine', () => {
    const policy = startWith(1);
    expect(policy.contentFault).toBeNull();
    policy.weigh(NO_TABLES);
    expect(policy.contentFault).toMatchObject(UNSUPPORTED.error);
  });

  it.each<Outcome>([
    { next: 'withdrawn', code: 'engine_withdrawn', detail: null },
    { next: 'merged', code: 'joined_other_stream', detail: null },
  ])('decide nothing until the other engine had its turn: %j', (outcome) => {
    const policy = startWith(1);
    policy.weigh(NO_TABLES);
    expect(policy.weigh(outcome)).toBe(outcome);
    expect(policy.weigh(RESET)).toMatchObject(UNSUPPORTED);
  });

  it('do not count against the next source of a channel', () => {
    const policy = startWith(2);
    policy.weigh(NO_TABLES);
    policy.nextSource(1);
    expect(policy.weigh(RESET)).toBe(RESET);
  });
});

describe('media without tables of a running stream', () => {
  it('are a failed source: another engine is asked, as often as it takes', () => {
    const policy = new FailoverPolicy({ proxyStallTimeoutMs: 1, proxySameEngineTimeoutMs: 1 });
    for (let n = 0; n < 3; n++) expect(policy.weigh(NO_TABLES)).toBe(NO_TABLES);
    expect(policy.contentFault).toBeNull();
  });
});
