import { SteadyWallClock } from './steady-wall-clock';

const HOUR = 3_600_000;

describe('SteadyWallClock', () => {
  let nowMs: number;
  let setByMs: number;
  let clock: SteadyWallClock;
  const wallMs = () => 1_000_000_000 + nowMs + setByMs;

  /** Its time minus the time of a clock that was never set, after each hour. */
  const errors = (steps: readonly number[]): number[] =>
    steps.map((stepMs) => {
      nowMs += HOUR;
      setByMs += stepMs;
      return clock.unixMs() - (1_000_000_000 + nowMs);
    });

  beforeEach(() => {
    nowMs = 5000;
    setByMs = 0;
    clock = new SteadyWallClock(wallMs, () => nowMs);
  });

  it('follows the wall clock while that is not set', () => {
    expect(errors([0, 0, 0])).toEqual([0, 0, 0]);
  });

  it('continues unchanged when the wall clock is set forward', () => {
    expect(errors([3 * HOUR, 0, 20 * HOUR])).toEqual([0, 0, 0]);
  });

  it('follows the wall clock when that is set back, and stays there when it is set forward again', () => {
    expect(errors([-2 * HOUR, 0, 2 * HOUR, -1000])).toEqual([-2, -2, -2, -2].map((h) => h * HOUR));
  });

  it('is correct again once a wall clock that was fast at the start is corrected', () => {
    setByMs = 3 * HOUR;
    clock = new SteadyWallClock(wallMs, () => nowMs);
    expect(errors([0, -3 * HOUR, 0])).toEqual([3 * HOUR, 0, 0]);
  });
});
