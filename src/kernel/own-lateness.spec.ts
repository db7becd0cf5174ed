import { OwnLateness } from './own-lateness';

describe('OwnLateness', () => {
  it('counts from one look to the next, and what is usual not at all', () => {
    const lateness = new OwnLateness(100, 0);
    expect([100, 1199, 2299, 2300, 6400].map((nowMs) => lateness.at(nowMs))).toEqual([
      0, 0, 1000, 0, 4000,
    ]);
  });
});
