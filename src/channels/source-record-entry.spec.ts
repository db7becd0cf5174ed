import fc from 'fast-check';
import { entryOf, readEntry, type Moment } from './source-record-entry';
import {
  afterCheck,
  afterFailure,
  afterStart,
  NOTHING_KNOWN,
  type SourceRecord,
} from './source-ranking';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const KEY = `content_id:${'ab'.repeat(20)}`;
const then: Moment = { monotonicMs: 50 * DAY, wallMs: 1_700_000_000_000 };
/** A new process, an hour later. */
const now: Moment = { monotonicMs: 10, wallMs: then.wallMs + HOUR };

function entry(over: object = {}): object {
  const record = afterStart(NOTHING_KNOWN, 900, then.monotonicMs - HOUR);
  return { ...entryOf(KEY, afterFailure(record, 'silence', then.monotonicMs), then)!, ...over };
}

describe('the saved record of a source', () => {
  it('has the same age after a restart', () => {
    const [key, record] = readEntry(JSON.parse(JSON.stringify(entry())), now)!;
    expect(key).toBe(KEY);
    expect(record).toMatchObject({ startMs: 900, failure: 'silence', stalledAtMs: null });
    expect(record.startedAtMs).toBe(10 - 2 * HOUR);
    expect([record.failedAtMs, record.atMs, record.trouble]).toEqual([10 - HOUR, 10 - HOUR, 4]);
  });

  it('is null after 30 days, and without results', () => {
    expect(entryOf(KEY, NOTHING_KNOWN, then)).toBeNull();
    const old: SourceRecord = afterStart(NOTHING_KNOWN, 900, then.monotonicMs - 31 * DAY);
    expect(entryOf(KEY, old, then)).toBeNull();
    expect(readEntry(entry(), { ...now, wallMs: then.wallMs + 31 * DAY })).toBeNull();
  });

  it('has the results, the last check and the media after a restart', () => {
    const media = {
      videoCodec: 'h264',
      audioCodecs: ['aac', 'ac3'],
      width: 1920,
      height: 1080,
      bitrateBps: 4e6,
      peers: null,
      speedDownKBps: 500,
    };
    const worked = { outcome: 'working', detail: null, startMs: 900, media } as const;
    const stopped = { outcome: 'stalled', detail: 'Media stopped.', startMs: null, media: null };
    let saved = afterCheck(NOTHING_KNOWN, worked, then.monotonicMs - HOUR);
    saved = afterCheck(saved, { ...stopped, outcome: 'stalled' }, then.monotonicMs);
    const [, record] = readEntry(JSON.parse(JSON.stringify(entryOf(KEY, saved, then))), now)!;
    expect(record).toMatchObject({
      results: '10',
      deadAtMs: 10 - HOUR,
      check: { atMs: 10 - HOUR, outcome: 'stalled', detail: 'Media stopped.' },
      media,
    });
  });

  it('of an earlier release has no results, check and media', () => {
    const added = ['dead_at', 'results', 'check', 'media'];
    const fields = Object.entries(entry()).filter(([name]) => !added.includes(name));
    expect(readEntry(Object.fromEntries(fields), now)![1]).toMatchObject({
      startMs: 900,
      deadAtMs: null,
      results: '',
      check: null,
      media: null,
    });
  });

  it.each<[string, unknown]>([
    ['nothing', null],
    ['a number', 7],
    ['a source that is none', entry({ source: 'url:http://a' })],
    ['an id that is none', entry({ source: 'content_id:abc' })],
    ['no trouble', entry({ trouble: undefined })],
    ['trouble that is none', entry({ trouble: -1 })],
    ['a time that is none', entry({ as_of: 'today' })],
    ['the future, as a clock that was set back leaves it', entry({ as_of: now.wallMs + 1 })],
    ['a start that took words', entry({ start_ms: 'long' })],
    ['a failure that is a number', entry({ failure: 5 })],
  ])('is not read from %s', (_, value) => {
    expect(readEntry(value, now)).toBeNull();
  });

  it('never throws, and returns finite numbers only', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.constantFrom(...Object.keys(entry())), fc.jsonValue()),
        (over) => {
          const read = readEntry(entry(over), now);
          if (read === null) return;
          const figures = Object.values(read[1]).filter((value) => typeof value === 'number');
          expect(figures.every(Number.isFinite)).toBe(true);
        },
      ),
    );
  });
});
