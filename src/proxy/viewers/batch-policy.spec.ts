import fc from 'fast-check';
import { batchFor } from './batch-policy';

const KIB = 1024;

describe('batchFor', () => {
  it.each([
    [0, 64 * KIB, 20],
    [20, 64 * KIB, 20],
    [110, 64 * KIB, 35],
    [200, 64 * KIB, 50],
    [600, 96 * KIB, 90],
    [1000, 128 * KIB, 130],
    [50_000, 128 * KIB, 130],
  ])('%d viewers: %d bytes or %d ms', (viewers, bytes, delayMs) => {
    expect(batchFor(viewers)).toMatchObject({ bytes, delayMs });
  });

  it('grows with the number of viewers, within its bounds', () => {
    fc.assert(
      fc.property(fc.nat(3000), fc.nat(3000), (a, b) => {
        const [fewer, more] = [batchFor(Math.min(a, b)), batchFor(Math.max(a, b))];
        expect(more.bytes).toBeGreaterThanOrEqual(fewer.bytes);
        expect(more.delayMs).toBeGreaterThanOrEqual(fewer.delayMs);
        expect(fewer.bytes).toBeGreaterThanOrEqual(64 * KIB);
        expect(fewer.delayMs).toBeGreaterThanOrEqual(20);
        expect(more.bytes).toBeLessThanOrEqual(128 * KIB);
        expect(more.delayMs).toBeLessThanOrEqual(130);
      }),
    );
  });
});
