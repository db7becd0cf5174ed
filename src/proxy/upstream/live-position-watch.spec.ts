import fc from 'fast-check';
import { LivePositionWatch, type LivePositionFault } from './live-position-watch';

const UNIX_S = Date.UTC(2026, 0, 1) / 1000;
const LIMITS = { staleAfterMs: 60_000, behindMs: 3_600_000 };

const position = (lastTs: number | string | null) => ({
  pos: null,
  liveFirst: null,
  liveLast: null,
  firstTs: null,
  lastTs: lastTs === null ? null : String(lastTs),
  last: null,
  bufferPieces: null,
});

/** Observes one live position every 2 s; returns the seconds at which a fault was reported. */
function watch(values: readonly (number | string | null)[]): [number, LivePositionFault][] {
  const watcher = new LivePositionWatch(LIMITS);
  return values.flatMap((value, i) => {
    const fault = watcher.observe(position(value), i * 2000, (UNIX_S + i * 2) * 1000);
    return fault === null ? [] : ([[i * 2, fault]] as [number, LivePositionFault][]);
  });
}

const looks = (count: number, value: (i: number) => number | string | null) =>
  Array.from({ length: count }, (_, i) => value(i));

describe('LivePositionWatch', () => {
  it.each<[string, (i: number) => number | string | null]>([
    ['seconds that grow', (i) => UNIX_S + i * 2],
    ['seconds that grow in steps of almost a minute', (i) => UNIX_S + Math.floor(i / 25) * 50],
    ['pieces that grow', (i) => 12_345 + i],
    ['pieces that are renumbered once', (i) => (i < 100 ? 90_000 + i : i)],
    ['no position at all', () => null],
    ['texts that are not numbers', () => 'live'],
    ['positions that are reported only now and then', (i) => (i % 20 === 0 ? null : 7)],
  ])('accepts %s', (_, value) => {
    expect(watch(looks(300, value))).toEqual([]);
  });

  it('reports a position that stands still after the limit, until it grows again', () => {
    const found = watch(looks(200, (i) => (i < 50 ? 1000 + i : i < 120 ? 1049 : 1049 + i - 119)));
    expect(found[0]).toEqual([98 + 60, 'position_stands_still']);
    expect(found.at(-1)).toEqual([238, 'position_stands_still']);
  });

  it.each([10, 40, 58, 90, 120])('reports a position that steps back every %d s', (period) => {
    const found = watch(looks(600, (i) => UNIX_S + ((i * 2) % period)));
    expect(found[0]?.[1]).toBe('position_stands_still');
    expect(found[0]?.[0]).toBeLessThanOrEqual(4 * Math.max(60, period));
  });

  it('reports a growing position that is far behind the clock', () => {
    expect(watch(looks(3, (i) => UNIX_S - 7200 + i * 2))).toHaveLength(3);
    expect(watch(looks(3, (i) => UNIX_S - 3590 + i * 2))).toEqual([]);
    expect(watch(looks(3, (i) => 7200 + i * 2))).toEqual([]);
  });

  it('restarts for another engine session', () => {
    const watcher = new LivePositionWatch(LIMITS);
    for (let i = 0; i < 25; i++) watcher.observe(position(500), i * 2000, 0);
    watcher.reset();
    for (let i = 25; i < 50; i++) expect(watcher.observe(position(400), i * 2000, 0)).toBeNull();
  });

  it('accepts every position that grows within the limit', () => {
    const steps = fc.array(fc.nat(30), { minLength: 1, maxLength: 400 });
    fc.assert(
      fc.property(steps, (growth) => {
        let value = 100;
        // At most 25 observations in a row without growth.
        const values = growth.map((step, i) => (value += i % 25 === 0 ? step + 1 : step));
        expect(watch(values)).toEqual([]);
      }),
    );
  });
});
