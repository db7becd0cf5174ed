import fc from 'fast-check';
import { outcomeOfEnd, startTimeout, type Outcome } from './outcomes';
import { FailoverPolicy } from './source-policy';
import { shareOf, StartPolicy } from './start-policy';

describe('shareOf', () => {
  it.each([
    ['gives the only source all the time', 60_000, 1, 60_000],
    ['gives one of two sources half', 60_000, 2, 30_000],
    ['gives one of 16 sources at least 10 s', 60_000, 16, 10_000],
    ['gives half when that is less than 10 s', 4000, 3, 2000],
    ['gives the last source what is left', 700, 1, 700],
    ['gives nothing when nothing is left', 0, 3, 0],
  ])('%s', (_, leftMs, sources, share) => {
    expect(shareOf(leftMs, sources)).toBe(share);
  });

  it('gives more than nothing and never more than half while others are left', () => {
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

describe('a start that receives media without tables', () => {
  it('tries one other engine without a complaint, with a short deadline', () => {
    const policy = startWith(1);
    expect(policy.weigh(NO_TABLES)).toMatchObject({ next: 'other_engine', complaint: null });
    const leftMs = policy.deadlineMs - performance.now();
    // 4 s of media were read before, and players wait for 15 s in total.
    expect(leftMs + 4000).toBeLessThan(15_000);
    expect(leftMs).toBeGreaterThan(1000);
  });

  it.each<[string, Outcome]>([
    ['sends no tables either', NO_TABLES],
    ['resets the connection', RESET],
    ['refuses the connection', REFUSED],
    ['delivers nothing in time', startTimeout('silence')],
  ])('fails with unsupported_content when the other engine %s', (_what, outcome) => {
    const policy = startWith(1);
    policy.weigh(NO_TABLES);
    expect(policy.weigh(outcome)).toMatchObject(UNSUPPORTED);
  });

  it('fails with unsupported_content when there is no other engine', () => {
    const policy = startWith(1);
    expect(policy.contentFault).toBeNull();
    policy.weigh(NO_TABLES);
    expect(policy.contentFault).toMatchObject(UNSUPPORTED.error);
  });

  it.each<Outcome>([
    { next: 'withdrawn', code: 'engine_withdrawn', detail: null },
    { next: 'merged', code: 'joined_other_stream', detail: null },
  ])('waits for the result of the other engine after %j', (outcome) => {
    const policy = startWith(1);
    policy.weigh(NO_TABLES);
    expect(policy.weigh(outcome)).toBe(outcome);
    expect(policy.weigh(RESET)).toMatchObject(UNSUPPORTED);
  });

  it('forgets them for the next source of a channel', () => {
    const policy = startWith(2);
    policy.weigh(NO_TABLES);
    policy.nextSource(1);
    expect(policy.weigh(RESET)).toBe(RESET);
  });
});

describe('a running stream that receives media without tables', () => {
  it('goes to another engine each time', () => {
    const policy = new FailoverPolicy({ proxyStallTimeoutMs: 1, proxySameEngineTimeoutMs: 1 });
    for (let n = 0; n < 3; n++) expect(policy.weigh(NO_TABLES)).toBe(NO_TABLES);
    expect(policy.contentFault).toBeNull();
  });
});
