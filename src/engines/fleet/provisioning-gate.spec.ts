import { Logger } from '@nestjs/common';
import { loadConfig } from '../../config';
import type { EventBus } from '../../events';
import { ProvisioningGate } from './provisioning-gate';

const FAILURE = {
  code: 'engine_exited',
  message: 'exited with code 1',
  isEngines: true,
  retryAfterMs: 0,
};

describe('ProvisioningGate', () => {
  let changes: string[];
  let gate: ProvisioningGate;

  beforeEach(() => {
    jest.useFakeTimers();
    Logger.overrideLogger(false);
    jest.spyOn(Math, 'random').mockReturnValue(0);
    changes = [];
    const publish = (_: string, { from, to }: { from: string; to: string }) =>
      changes.push(`${from} -> ${to}`);
    gate = new ProvisioningGate(
      loadConfig({
        ENGINE_RETRY_BASE: '1s',
        ENGINE_RETRY_MAX: '3s',
        CIRCUIT_BREAKER_FAILURE_THRESHOLD: '3',
        CIRCUIT_BREAKER_RECOVERY_TIMEOUT: '60s',
      }),
      { publish } as unknown as EventBus,
    );
  });

  afterEach(() => {
    jest.restoreAllMocks();
    jest.useRealTimers();
  });

  it('closes for a growing pause after each failure, then opens the breaker', () => {
    const waits = [1000, 2000, 60_000].map(() => {
      expect(gate.begin()).toBe(true);
      gate.fail(FAILURE);
      expect(gate.begin()).toBe(false);
      const { retryInMs } = gate;
      jest.advanceTimersByTime(retryInMs);
      return retryInMs;
    });
    expect(waits).toEqual([1000, 2000, 60_000]);
    expect(changes).toEqual(['closed -> open']);
  });

  it('waits no longer for a place when one was freed, and as long as ever for anything else', () => {
    gate.fail({ ...FAILURE, code: 'no_place', isEngines: false });
    expect(gate.mayTry()).toBe(false);
    gate.placeFreed();
    expect(gate.mayTry()).toBe(true);
    gate.fail(FAILURE);
    gate.placeFreed();
    expect(gate.mayTry()).toBe(false);
  });

  it('lets one try through when the time is over, whose outcome decides', () => {
    for (let n = 0; n < 3; n += 1) gate.fail(FAILURE);
    expect(gate.isOpen).toBe(true);
    jest.advanceTimersByTime(60_000);
    expect([gate.isOpen, gate.begin(), gate.begin(), gate.isOpen]).toEqual([
      false,
      true,
      false,
      true,
    ]);
    gate.abandon();
    expect(gate.begin()).toBe(true);
    gate.succeed();
    expect([gate.mayTry(), gate.view().failures]).toEqual([true, 0]);
    expect(changes).toEqual([
      'closed -> open',
      'open -> half_open',
      'half_open -> open',
      'open -> half_open',
      'half_open -> closed',
    ]);
  });

  it('only pauses when the runtime was away', () => {
    for (let n = 0; n < 9; n += 1) gate.fail({ ...FAILURE, isEngines: false });
    expect(gate.view()).toMatchObject({ state: 'closed', failures: 0 });
    expect([gate.mayTry(), gate.retryInMs]).toEqual([false, 3000]);
  });

  it('waits as long as is known to be in vain', () => {
    gate.fail({ ...FAILURE, isEngines: false, retryAfterMs: 2900 });
    expect([gate.mayTry(), gate.retryInMs]).toEqual([false, 2900]);
    gate.fail({ ...FAILURE, isEngines: false, retryAfterMs: 15_000 });
    expect(gate.retryInMs).toBe(3000);
  });

  it('is as new after a reset', () => {
    for (let n = 0; n < 3; n += 1) gate.fail(FAILURE);
    gate.reset();
    expect([gate.mayTry(), gate.retryInMs, gate.view().state]).toEqual([true, 0, 'closed']);
  });
});
