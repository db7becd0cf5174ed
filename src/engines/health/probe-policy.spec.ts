import { pauseMs } from './probe-policy';

describe('pause between probes', () => {
  it('grows from 250 ms to 1 s while an engine starts', () => {
    expect([1, 2, 3, 4, 99].map((misses) => pauseMs('starting', misses, 10_000))).toEqual([
      250, 500, 1000, 1000, 1000,
    ]);
  });

  it('stays short for an unhealthy engine, because viewers may be waiting for it', () => {
    expect([3, 4, 5, 99].map((misses) => pauseMs('unhealthy', misses, 10_000))).toEqual([
      1000, 2000, 2000, 2000,
    ]);
  });

  it('is the interval for engines that can be chosen, and for draining ones', () => {
    for (const state of ['healthy', 'suspect', 'draining'] as const) {
      expect(pauseMs(state, 1, 10_000)).toBe(10_000);
    }
  });

  it('is never longer than the interval', () => {
    expect(pauseMs('starting', 5, 100)).toBe(100);
    expect(pauseMs('unhealthy', 5, 100)).toBe(100);
  });
});
