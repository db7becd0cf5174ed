import { figureTable, type StreamFigure } from './figure-table';

const table = (...figures: StreamFigure[]): string =>
  figureTable([{ name: 'kill', title: 'an engine killed', note: 'how', figures }]);

describe('figureTable', () => {
  it.each([
    [{ value: 2400, limit: 2500 }, /silence +2400 +goal ≤ 2500 +yes/],
    [{ value: 2501, limit: 2500 }, /silence +2501 +goal ≤ 2500 +NO/],
    [{ value: 0, limit: 0 }, /silence +0 +goal 0 +yes/],
    [{ value: null, limit: 5 }, /silence +– +goal ≤ 5$/m],
    [{ value: 7 }, /silence +7$/m],
  ])('%o', (seen, line) => {
    expect(table({ label: 'silence', digits: 0, ...seen })).toMatch(line);
  });
});
