import { dueSources } from './due-sources';

const HOUR = 3_600_000;
const NOW = 100 * HOUR;

function due(hoursAgo: readonly (number | null)[], everyMs = HOUR): (number | null)[] {
  const sources = hoursAgo.map((ago) => ({
    source: ago,
    atMs: ago === null ? null : NOW - ago * HOUR,
  }));
  return dueSources(sources, NOW, 24 * HOUR, everyMs);
}

describe('the sources that are due', () => {
  it.each<[string, (number | null)[], (number | null)[]]>([
    ['none', [], []],
    ['none that was checked within the interval', [1, 23.9], []],
    ['one that was never checked', [1, null], [null]],
    ['one that was checked an interval ago', [24, 3], [24]],
    ['the oldest ones first, as many as spread all over the interval', [25, 48, null, 30], [null]],
  ])('%s', (_, hoursAgo, expected) => {
    expect(due(hoursAgo)).toEqual(expected);
  });

  it('are all checked once in an interval', () => {
    const last = new Array<number | null>(1000).fill(null);
    let checks = 0;
    for (let hour = 0; hour < 24; hour++) {
      const sources = last.map((atMs, source) => ({ source, atMs }));
      for (const i of dueSources(sources, hour * HOUR, 24 * HOUR, HOUR)) {
        last[i] = hour * HOUR;
        checks += 1;
      }
    }
    expect([checks, last.filter((at) => at === null).length]).toEqual([1000, 0]);
  });
});
