import { Engine } from './engine';
import { aDescription, IdleSlot } from '../testing/engine.spec-support';

const DESCRIPTION = aDescription();

describe('Engine', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  const answer = (engine: Engine, networkConnected: boolean | null = true) =>
    engine.recordAnswer({ version: '3.2.3', networkConnected });

  it('may use its start budget, and has started with its first answer', () => {
    const engine = new Engine(DESCRIPTION, 10_000);
    expect([engine.hasStarted, engine.mayStillStart]).toEqual([false, true]);
    jest.advanceTimersByTime(10_000);
    expect([engine.hasStarted, engine.mayStillStart]).toEqual([false, false]);
    answer(engine);
    expect([engine.hasStarted, engine.mayStillStart]).toEqual([true, false]);
    engine.clearProbeFacts();
    expect(engine.hasStarted).toBe(true);
    engine.reannounce(DESCRIPTION, 5000);
    expect([engine.hasStarted, engine.mayStillStart]).toEqual([false, true]);
  });

  it('should answer at once without a start budget', () => {
    const engine = new Engine(DESCRIPTION);
    expect([engine.hasStarted, engine.mayStillStart]).toEqual([true, false]);
  });

  it('is idle since its start, then since its last stream that was no check, but never while it has one', () => {
    const engine = new Engine(DESCRIPTION, 60_000);
    jest.advanceTimersByTime(30_000);
    answer(engine);
    jest.advanceTimersByTime(1000);
    expect(engine.idleMs).toBe(1000);
    const slot = new IdleSlot('s1');
    engine.leases.add(slot);
    jest.advanceTimersByTime(5000);
    answer(engine);
    expect(engine.idleMs).toBe(0);
    engine.leases.delete(slot);
    engine.recordRelease(false);
    jest.advanceTimersByTime(2000);
    expect(engine.idleMs).toBe(2000);
    engine.recordRelease(true);
    jest.advanceTimersByTime(500);
    expect(engine.idleMs).toBe(2500);
  });

  it('counts starts per process, not per address', () => {
    const engine = new Engine(DESCRIPTION, 60_000);
    engine.starts = 7;
    engine.reannounce(DESCRIPTION, 0);
    expect(engine.starts).toBe(7);
    engine.reannounce(DESCRIPTION, 60_000);
    expect(engine.starts).toBe(0);
  });

  it('records since when it has reported no network', () => {
    const engine = new Engine(DESCRIPTION);
    answer(engine, false);
    const since = engine.disconnectedSince;
    expect(since).not.toBeNull();
    jest.advanceTimersByTime(1000);
    answer(engine, false);
    expect(engine.disconnectedSince).toBe(since);
    answer(engine, null);
    expect(engine.disconnectedSince).toBeNull();
    answer(engine, false);
    engine.clearProbeFacts();
    expect(engine.disconnectedSince).toBeNull();
  });
});
