import fc from 'fast-check';
import { renderPlaylist, windowStart, type PlaylistFacts } from './playlist';
import { ProgrammeDate } from './programme-date';
import { segmentBytes, type Segment } from './segment';

function segment(number: number, changes: Partial<Segment> = {}): Segment {
  return {
    number,
    start: number * 1880,
    end: (number + 1) * 1880,
    preface: Buffer.alloc(376),
    durationMs: 4000,
    isBreak: false,
    breaksBefore: 0,
    gapTicks: 0,
    isIndependent: true,
    presentedMs: number * 4000,
    arrivedMs: number * 1e6,
    date: new ProgrammeDate(0),
    ...changes,
  };
}

describe('windowStart', () => {
  it.each([
    ['nothing', [], 8000, 0],
    ['few', [4000, 4000], 8000, 0],
    ['six usual segments', [4000, 4000, 4000, 4000, 4000, 4000, 4000], 8000, 1],
    ['long segments', [8000, 8000, 8000, 8000, 8000, 8000, 8000], 8000, 1],
    ['short segments', [2000, 2000, 2000, 2000, 2000, 2000, 2000, 4000, 4000, 8000], 8000, 3],
  ])('%s', (_, durations, targetMs, start) => {
    const segments = durations.map((durationMs, i) => segment(i, { durationMs }));
    expect(windowStart(segments, targetMs)).toBe(start);
  });

  it('keeps the segments of a burst until players have had time to fetch them', () => {
    const burst = Array.from({ length: 20 }, (_, i) => segment(i, { arrivedMs: 500 }));
    expect(windowStart(burst, 8000)).toBe(0);
    const next = (number: number): Segment => segment(number, { arrivedMs: (number - 19) * 4000 });
    const live = [...burst, ...[20, 21, 22, 23, 24].map(next)];
    expect(windowStart(live, 8000)).toBe(0);
    // The last segment was added more than three target durations of 8 s after the burst.
    expect(windowStart([...live, next(25), next(26)], 8000)).toBe(21);
  });

  it('has six segments and three target durations whenever there are that many', () => {
    const durations = fc.array(fc.integer({ min: 100, max: 12_000 }), { maxLength: 60 });
    fc.assert(
      fc.property(durations, fc.constantFrom(8000, 12_000), (list, targetMs) => {
        const segments = list.map((durationMs, i) => segment(i, { durationMs }));
        const start = windowStart(segments, targetMs);
        const sum = (from: number): number => list.slice(from).reduce((a, b) => a + b, 0);
        const fits = (from: number): boolean =>
          list.length - from >= 6 && sum(from) >= 3 * targetMs;
        if (start > 0) expect(fits(start)).toBe(true);
        // The window has no more segments than needed.
        expect(fits(start + 1)).toBe(false);
      }),
    );
  });
});

describe('renderPlaylist', () => {
  const facts = {
    targetMs: 8000,
    firstBreak: 50,
    allIndependent: true,
    dateOf: () => null,
  };

  function textOf(own: PlaylistFacts): string {
    return renderPlaylist(own).join('hls/t/');
  }

  it('contains what players need, and no tag of a later version', () => {
    const segments = [segment(7), segment(8, { durationMs: 3999.6 })];
    expect(textOf({ ...facts, segments })).toBe(
      '#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:8\n#EXT-X-MEDIA-SEQUENCE:7\n' +
        '#EXT-X-DISCONTINUITY-SEQUENCE:50\n#EXT-X-INDEPENDENT-SEGMENTS\n' +
        '#EXTINF:4.000,\nhls/t/7.ts\n#EXTINF:4.000,\nhls/t/8.ts\n',
    );
  });

  it('still counts a break whose segment was dropped', () => {
    const broken = segment(8, { isBreak: true });
    const next = segment(9, { breaksBefore: 1 });
    const whole = textOf({ ...facts, segments: [segment(7), broken, next] });
    expect(whole).toContain('DISCONTINUITY-SEQUENCE:50');
    expect(whole).toContain('#EXT-X-DISCONTINUITY\n#EXTINF:4.000,\nhls/t/8.ts');
    const listed = textOf({ ...facts, segments: [broken, next] });
    expect(listed).toContain('DISCONTINUITY-SEQUENCE:50');
    expect(listed).toContain('#EXT-X-DISCONTINUITY\n');
    const gone = textOf({ ...facts, segments: [next] });
    expect(gone).toContain('DISCONTINUITY-SEQUENCE:51');
    expect(gone).not.toContain('#EXT-X-DISCONTINUITY\n');
  });

  it('lists known dates, and independence only if requested', () => {
    const text = textOf({
      ...facts,
      allIndependent: false,
      segments: [segment(1), segment(2)],
      dateOf: ({ number }) => (number === 2 ? Date.UTC(2026, 0, 2, 3, 4, 5, 6) : null),
    });
    expect(text).not.toContain('INDEPENDENT');
    expect(text.match(/PROGRAM-DATE-TIME/g)).toHaveLength(1);
    expect(text).toContain(
      '#EXT-X-PROGRAM-DATE-TIME:2026-01-02T03:04:05.006Z\n#EXTINF:4.000,\nhls/t/2.ts',
    );
  });
});

describe('segmentBytes', () => {
  it('counts the tables and the media', () => {
    expect(segmentBytes(segment(3))).toBe(376 + 1880);
  });
});
