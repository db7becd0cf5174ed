import fc from 'fast-check';
import {
  afterCheck,
  afterFailure,
  afterStall,
  afterStart,
  isDead,
  NOTHING_KNOWN,
  rankReason,
  rankSources,
  successShare,
  troubleOf,
  type CheckOutcome,
  type SourceRecord,
} from './source-ranking';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const NOW = 100 * HOUR;

const started = (startMs: number, agoMs = MINUTE, record = NOTHING_KNOWN): SourceRecord =>
  afterStart(record, startMs, NOW - agoMs);
const failed = (agoMs = 0, record = NOTHING_KNOWN): SourceRecord =>
  afterFailure(record, 'silence', NOW - agoMs);
const stalled = (times: number, record = NOTHING_KNOWN): SourceRecord =>
  Array.from({ length: times }).reduce((one: SourceRecord) => afterStall(one, NOW), record);
const checked = (
  outcome: CheckOutcome,
  agoMs = HOUR,
  record = NOTHING_KNOWN,
  startMs: number | null = 500,
): SourceRecord => afterCheck(record, { outcome, detail: null, startMs, media: null }, NOW - agoMs);

describe('the order of sources', () => {
  it.each<[string, SourceRecord[], number[]]>([
    ['nothing known: as listed', [NOTHING_KNOWN, NOTHING_KNOWN, NOTHING_KNOWN], [0, 1, 2]],
    ['one that started lately first', [NOTHING_KNOWN, started(9000)], [1, 0]],
    ['the fast one of two', [started(9000), started(1000)], [1, 0]],
    ['about equally fast: as listed', [started(2500), started(500)], [0, 1]],
    ['a start of yesterday proves nothing', [NOTHING_KNOWN, started(500, 7 * HOUR)], [0, 1]],
    ['one that just failed last', [failed(), NOTHING_KNOWN], [1, 0]],
    ['although it started before', [failed(0, started(500)), NOTHING_KNOWN], [1, 0]],
    ['a failure is forgiven after ten minutes', [failed(11 * MINUTE), NOTHING_KNOWN], [0, 1]],
    ['but not after eight', [failed(8 * MINUTE), NOTHING_KNOWN], [1, 0]],
    ['of two that failed the one that did longer ago', [failed(), failed(MINUTE)], [1, 0]],
    ['one stall is bad luck', [stalled(1), NOTHING_KNOWN], [0, 1]],
    ['two are not', [stalled(2, started(500)), NOTHING_KNOWN], [1, 0]],
    [
      'one whose last check failed after one that works',
      [checked('stalled'), started(9000)],
      [1, 0],
    ],
    ['and after one without results', [checked('start_timeout'), NOTHING_KNOWN], [1, 0]],
    ['also a day later', [checked('start_timeout', 24 * HOUR), NOTHING_KNOWN], [1, 0]],
    ['but before one that just failed', [failed(), checked('stalled')], [1, 0]],
    ['unless it has played since', [started(500, 0, checked('stalled')), NOTHING_KNOWN], [0, 1]],
    ['a check that worked counts as a start', [NOTHING_KNOWN, checked('working')], [1, 0]],
    ['two that work: as listed', [checked('working'), started(500)], [0, 1]],
    ['all failed at once: as listed', [failed(), failed(), failed()], [0, 1, 2]],
  ])('%s', (_, records, order) => {
    expect(rankSources(records, NOW)).toEqual(order);
  });

  const anyRecord = fc.record({
    trouble: fc.double({ min: 0, max: 32, noNaN: true }),
    atMs: fc.integer({ min: 0, max: NOW }),
    startMs: fc.option(fc.integer({ min: 0, max: 60_000 })),
    startedAtMs: fc.option(fc.integer({ min: 0, max: NOW })),
    failedAtMs: fc.option(fc.integer({ min: 0, max: NOW })),
    failure: fc.constant(null),
    stalledAtMs: fc.constant(null),
    deadAtMs: fc.option(fc.integer({ min: 0, max: NOW })),
    results: fc.constant(''),
    check: fc.option(
      fc.record({
        atMs: fc.integer({ min: 0, max: NOW }),
        outcome: fc.constantFrom<CheckOutcome>('working', 'stalled'),
        detail: fc.constant(null),
      }),
    ),
    media: fc.constant(null),
  });

  it('contains every source once, and is always the same', () => {
    fc.assert(
      fc.property(fc.array(anyRecord, { maxLength: 16 }), (records) => {
        const order = rankSources(records, NOW);
        expect([...order].sort((a, b) => a - b)).toEqual(records.map((_, i) => i));
        expect(rankSources(records, NOW)).toEqual(order);
      }),
    );
  });

  it('of two sources does not depend on the other sources', () => {
    fc.assert(
      fc.property(fc.array(anyRecord, { minLength: 2, maxLength: 8 }), (records) => {
        const order = rankSources(records, NOW);
        for (let a = 0; a < records.length; a++) {
          for (let b = a + 1; b < records.length; b++) {
            const isAFirst = rankSources([records[a]!, records[b]!], NOW)[0] === 0;
            expect(order.indexOf(a) < order.indexOf(b)).toBe(isAFirst);
          }
        }
      }),
    );
  });

  it('never moves a source forward after a failure', () => {
    fc.assert(
      fc.property(fc.array(anyRecord, { minLength: 1, maxLength: 8 }), fc.nat(), (records, n) => {
        const at = n % records.length;
        const worse = records.map((one, i) => (i === at ? afterFailure(one, 'x', NOW) : one));
        const before = rankSources(records, NOW).indexOf(at);
        expect(rankSources(worse, NOW).indexOf(at)).toBeGreaterThanOrEqual(before);
      }),
    );
  });

  it('lets penalties fade, and bounds them', () => {
    let record = NOTHING_KNOWN;
    for (let i = 0; i < 1000; i++) record = afterFailure(record, 'x', NOW);
    expect(troubleOf(record, NOW)).toBe(32);
    expect(troubleOf(record, NOW + 5 * MINUTE)).toBe(16);
    expect(troubleOf(record, NOW + HOUR)).toBeLessThan(0.01);
  });
});

describe('the record of a source', () => {
  it('names the reason of its place', () => {
    const reasons = [started(500), NOTHING_KNOWN, checked('stalled'), failed()].map((record) =>
      rankReason(record, NOW),
    );
    expect(reasons).toEqual(['works', 'unproven', 'check_failed', 'troubled']);
  });

  it.each<[string, SourceRecord, boolean]>([
    ['without results', NOTHING_KNOWN, false],
    ['after a failure of engines', failed(), false],
    ['after a failure of its content', afterFailure(NOTHING_KNOWN, 'x', NOW, true), true],
    ['after a check that failed', checked('content_not_found'), true],
    ['after a start that followed', started(500, 0, checked('content_not_found')), false],
    ['after a check that worked', checked('working', 0, checked('stalled')), false],
    ['after a failure of engines that followed', failed(0, checked('stalled')), true],
  ])('%s', (_, record, dead) => {
    expect(isDead(record)).toBe(dead);
  });

  it('counts the successes of the last 20 starts and checks', () => {
    expect(successShare(NOTHING_KNOWN)).toBeNull();
    expect(successShare(started(500, 0, failed(HOUR, checked('working'))))).toBeCloseTo(2 / 3);
    let record = checked('stalled');
    for (let i = 0; i < 20; i++) record = started(500, 0, record);
    expect(successShare(record)).toBe(1);
  });

  it('keeps the media and the start time of the last success when a check fails', () => {
    const media = { videoCodec: 'h264', audioCodecs: ['aac'], width: 1920, height: 1080 };
    const facts = { ...media, bitrateBps: 4e6, peers: 7, speedDownKBps: 500 };
    const result = { outcome: 'working', detail: null, startMs: 700, media: facts } as const;
    const record = checked('stalled', 0, afterCheck(NOTHING_KNOWN, result, NOW - HOUR));
    expect(record).toMatchObject({ media: facts, startMs: 700, check: { outcome: 'stalled' } });
  });

  it('keeps the start time if a check has started nothing', () => {
    expect(checked('working', 0, started(700), null).startMs).toBe(700);
  });
});
