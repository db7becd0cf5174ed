import { EventLoopLag } from './event-loop-lag';

describe('OwnLateness', () => {
  it('counts from one look to the next, and what is usual not at all', () => {
    const lateness = new EventLoopLag(100, 0);
    expect([100, 1199, 2299, 2300, 6400].map((nowMs) => lateness.at(nowMs))).toEqual([
      0, 0, 1000, 0, 4000,
    ]);
  });

  it('says between two looks that the next one is overdue, and counts from the same look', () => {
    const lateness = new EventLoopLag(100, 0);
    expect([50, 1099, 1100, 1500].map((nowMs) => lateness.lateMs(nowMs))).toEqual([
      0, 0, 1000, 1400,
    ]);
    expect(lateness.at(1500)).toBe(1400);
    expect(lateness.lateMs(1600)).toBe(0);
  });
});
