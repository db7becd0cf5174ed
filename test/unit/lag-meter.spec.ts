import { LagMeter, withLag } from '../../src/kernel/testing/lag.spec-support';

describe('a bound on time', () => {
  const STEP_MS = 20;
  /** A meter whose timer was late by these times only. */
  function meterOf(lags: readonly number[]): { stretch: (limitMs: number) => number } {
    const meter = new LagMeter();
    meter.close();
    let nowMs = performance.now() + 1e6;
    meter.begin(nowMs);
    for (const lag of lags) meter.tick((nowMs += STEP_MS + lag));
    return { stretch: (limitMs) => meter.stretch(limitMs, nowMs) };
  }
  const times = (count: number, lag: number) => Array.from({ length: count }, () => lag);

  it('is unchanged while the loop is on time', () => {
    expect(meterOf(times(100, 0)).stretch(2000)).toBe(2000);
    expect(meterOf([]).stretch(2000)).toBe(2000);
  });

  it('grows by a single stall, and by a factor when the loop is late all the time', () => {
    expect(meterOf([...times(100, 0), 700]).stretch(2000)).toBe(2700);
    expect(meterOf(times(100, 20)).stretch(2000)).toBe(2000 * 3 + 20);
  });

  it('counts a stall that has just ended, before its timer fires', () => {
    const before = withLag(1000);
    const endsMs = performance.now() + 200;
    while (performance.now() < endsMs);
    expect(withLag(1000)).toBeGreaterThan(before + 100);
  });

  it('does not scale a bound of 0 ms', () => {
    expect(meterOf(times(100, 50)).stretch(0)).toBe(0);
  });
});
