import { EventLoopLag } from './event-loop-lag';

describe('EventLoopLag', () => {
  it('measures the lag of each tick, and ignores the usual lag', () => {
    const lateness = new EventLoopLag(100, 0);
    expect([100, 1199, 2299, 2300, 6400].map((nowMs) => lateness.at(nowMs))).toEqual([
      0, 0, 1000, 0, 4000,
    ]);
  });

  it('reports between two ticks that the next one is overdue, measured from the same tick', () => {
    const lateness = new EventLoopLag(100, 0);
    expect([50, 1099, 1100, 1500].map((nowMs) => lateness.lateMs(nowMs))).toEqual([
      0, 0, 1000, 1400,
    ]);
    expect(lateness.at(1500)).toBe(1400);
    expect(lateness.lateMs(1600)).toBe(0);
  });
});
