import { batchLimit } from './batch-policy';

describe('batchLimit', () => {
  it.each([
    [0, 65_536, 20],
    [110, 65_536, 35],
    [200, 65_536, 50],
    [600, 98_304, 90],
    [1000, 131_072, 130],
    [5000, 131_072, 130],
  ])('for %d viewers is %d bytes or %d ms', (viewers, bytes, ms) => {
    expect(batchLimit(viewers)).toEqual({ bytes, ms });
  });
});
