import { patternBytes } from '../media/recorded-file';
import { wantedBytes } from './recorded';

describe('the requested bytes of a recorded content', () => {
  it.each([
    [undefined, null],
    ['bytes=0-', { from: 0, to: 1000 }],
    ['bytes=10-19', { from: 10, to: 20 }],
    ['bytes=990-5000', { from: 990, to: 1000 }],
    ['bytes=-1', { from: 999, to: 1000 }],
    ['bytes=-5000', { from: 0, to: 1000 }],
    ['bytes=-0', 'unsatisfiable'],
    ['bytes=1000-', 'unsatisfiable'],
    ['bytes=20-10', null],
    ['bytes=0-1,5-6', null],
    ['bytes=-', null],
    ['lines=1-2', null],
  ])('%s', (range, expected) => expect(wantedBytes(range, 1000)).toEqual(expected));
});

describe('the bytes of a generated file', () => {
  it('are the same for any pieces, and differ for another seed', () => {
    const whole = patternBytes(1, 0, 1000);
    expect(whole).toHaveLength(1000);
    for (const [from, to] of [
      [0, 1],
      [1, 8],
      [3, 997],
      [998, 1000],
    ] as const) {
      expect(patternBytes(1, from, to).equals(whole.subarray(from, to))).toBe(true);
    }
    expect(patternBytes(2, 0, 1000).equals(whole)).toBe(false);
  });
});
