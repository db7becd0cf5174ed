import { Logger } from '@nestjs/common';
import { type AppConfig, loadConfig } from '../../config';
import { RecordingEvents } from '../../events/testing/recording-events.spec-support';
import type { RuntimeErrorCode, RuntimeImage } from '../drivers/engine-runtime.port';
import type { Placement } from '../vpn/engine-placement.port';
import { ProvisioningGate } from './provisioning-gate';
import { RuntimeConnectivity } from './runtime-connectivity';
import { ScriptedRuntime } from './scripted-runtime.spec-support';

const FAILURE = {
  code: 'engine_exited',
  message: 'exited with code 1',
  retryAfterMs: 0,
} as const;
const AWAY = { ...FAILURE, code: 'docker_unavailable' } as const;

describe('ProvisioningGate', () => {
  let config: { -readonly [Field in keyof AppConfig]: AppConfig[Field] };
  let events: RecordingEvents;
  let gate: ProvisioningGate;
  let runtime: ScriptedRuntime;
  let connectivity: RuntimeConnectivity;
  let place: Placement;

  beforeEach(() => {
    jest.useFakeTimers();
    Logger.overrideLogger(false);
    jest.spyOn(Math, 'random').mockReturnValue(0);
    events = new RecordingEvents();
    runtime = new ScriptedRuntime();
    connectivity = new RuntimeConnectivity(runtime, events);
    connectivity.recordListing(true);
    place = { kind: 'allowed', vpnSlot: null };
    config = {
      ...loadConfig({
        ENGINE_RETRY_BASE: '1s',
        ENGINE_RETRY_MAX: '3s',
        CIRCUIT_BREAKER_FAILURE_THRESHOLD: '3',
        CIRCUIT_BREAKER_RECOVERY_TIMEOUT: '60s',
      }),
    };
    gate = new ProvisioningGate(config, events, runtime, connectivity, {
      next: () => place,
      objections: () => new Map(),
      subscribe: () => () => undefined,
    });
  });

  afterEach(() => {
    jest.restoreAllMocks();
    jest.useRealTimers();
  });

  const changes = () =>
    events.payloads('breaker_changed').map(({ from, to }) => `${from} -> ${to}`);
  const begin = () => gate.begin([]) !== null;
  const isOpen = () => gate.isOpen([]);
  const failOften = (code: RuntimeErrorCode = 'engine_exited') => {
    for (let n = 0; n < 3; n += 1) gate.fail({ ...FAILURE, code });
  };

  it('follows changes of ENGINE_RETRY_BASE and ENGINE_RETRY_MAX', () => {
    config.engineRetryBaseMs = 5000;
    config.engineRetryMaxMs = 7000;
    const waits = [1, 2].map(() => {
      gate.fail(FAILURE);
      return gate.retryInMs;
    });
    expect(waits).toEqual([5000, 7000]);
  });

  it('follows changes of CIRCUIT_BREAKER_FAILURE_THRESHOLD and CIRCUIT_BREAKER_RECOVERY_TIMEOUT', () => {
    config.circuitBreakerFailureThreshold = 1;
    gate.fail(FAILURE);
    expect(gate.breakerView).toMatchObject({ state: 'open', threshold: 1, retryInMs: 60_000 });
    config.circuitBreakerRecoveryTimeoutMs = 1000;
    expect(gate.retryInMs).toBe(1000);
  });

  it('closes for a growing backoff after each failure, then opens the breaker', () => {
    const waits = [1000, 2000, 60_000].map(() => {
      expect(begin()).toBe(true);
      gate.fail(FAILURE);
      expect(begin()).toBe(false);
      const { retryInMs } = gate;
      jest.advanceTimersByTime(retryInMs);
      return retryInMs;
    });
    expect(waits).toEqual([1000, 2000, 60_000]);
    expect(changes()).toEqual(['closed -> open']);
  });

  it('ends the backoff of a failure for want of a place when one was freed, and no other backoff', () => {
    gate.fail({ ...FAILURE, code: 'no_place' });
    expect(isOpen()).toBe(false);
    gate.releasePort();
    expect(isOpen()).toBe(true);
    gate.fail(FAILURE);
    gate.releasePort();
    expect(isOpen()).toBe(false);
  });

  it('allows one attempt after the recovery time, whose outcome decides', () => {
    failOften();
    jest.advanceTimersByTime(60_000);
    expect([isOpen(), begin(), begin(), isOpen()]).toEqual([true, true, false, false]);
    gate.abandon();
    expect(begin()).toBe(true);
    gate.succeed();
    expect([isOpen(), gate.breakerView.failures]).toEqual([true, 0]);
    expect(changes()).toEqual([
      'closed -> open',
      'open -> half_open',
      'half_open -> open',
      'open -> half_open',
      'half_open -> closed',
    ]);
  });

  it.each(['docker_unavailable', 'image_missing', 'no_place'] as const)(
    'only backs off after %s, which says nothing about engines',
    (code) => {
      for (let n = 0; n < 9; n += 1) gate.fail({ ...FAILURE, code });
      expect(gate.breakerView).toMatchObject({ state: 'closed', failures: 0 });
      expect([isOpen(), gate.retryInMs]).toEqual([false, 3000]);
    },
  );

  it('backs off for as long as a retry is known to fail, and never longer than ENGINE_RETRY_MAX', () => {
    gate.fail({ ...AWAY, retryAfterMs: 2900 });
    expect([isOpen(), gate.retryInMs]).toEqual([false, 2900]);
    gate.fail({ ...AWAY, retryAfterMs: 15_000 });
    expect(gate.retryInMs).toBe(3000);
  });

  it('allows attempts at once after a reset', () => {
    failOften();
    gate.reset();
    expect([isOpen(), gate.retryInMs, gate.breakerView.state]).toEqual([true, 0, 'closed']);
  });

  it('gives the VPN slot of the attempt, and allows none while placement is blocked', () => {
    const vpnSlot = {
      vpn: 'a',
      containerId: 'c',
      containerStartedAt: 't',
      host: 'h',
      ports: { from: 1, to: 2 },
      forwardedPort: null,
    };
    place = { kind: 'allowed', vpnSlot };
    expect(gate.begin([])).toEqual({ vpnSlot });
    place = { kind: 'blocked', reason: 'no VPN works' };
    expect([gate.begin([]), isOpen()]).toEqual([null, false]);
  });

  it('allows none while the runtime does not answer', () => {
    connectivity.recordListing(false);
    expect([begin(), isOpen()]).toEqual([false, false]);
    connectivity.recordListing(true);
    expect(isOpen()).toBe(true);
  });

  describe('says why no engine can be created', () => {
    const image = (over: Partial<RuntimeImage>) => {
      runtime.image = { ...runtime.image, ...over };
    };
    const missing = () => image({ state: 'missing', reason: 'no such host' });
    const blockPlace = () => {
      place = { kind: 'blocked', reason: 'no VPN works' };
    };
    const away = (ms: number) => {
      connectivity.recordListing(false);
      jest.advanceTimersByTime(ms);
    };

    it.each<[string, () => void]>([
      ['all is well', () => undefined],
      ['the runtime was away for a moment', () => away(2900)],
      ['the image is being pulled', () => image({ state: 'pulling' })],
      ['nothing is known of the image', () => image({ state: 'unknown' })],
      ['the image was missing, and no backoff runs', missing],
    ])('not when %s', (_, arrange) => {
      arrange();
      expect(gate.block([])).toBeNull();
    });

    it.each<[string, number | null, RegExp, (() => void)[]]>([
      [
        'docker_unavailable',
        null,
        /connection refused/,
        [
          () => away(3100),
          () => (runtime.link = { state: 'lost', since: new Date(), reason: 'connection refused' }),
        ],
      ],
      ['docker_unavailable', null, /does not answer/, [failOften, missing, () => away(60_000)]],
      ['provisioning_blocked', 60_000, /3 starts.*exited with code 1/, [failOften, missing]],
      [
        'image_missing',
        1000,
        /engine:1.*no such host/,
        [() => gate.fail({ ...FAILURE, code: 'image_missing' }), missing, blockPlace],
      ],
      ['provisioning_blocked', null, /no VPN/, [blockPlace]],
    ])('%s, with %p ms to go: %p', (code, retryInMs, message, steps) => {
      for (const step of steps) step();
      const block = gate.block([]);
      expect(block).toMatchObject({ code, retryInMs });
      expect(block!.message).toMatch(message);
    });

    it('without asking placement before the first listing', () => {
      blockPlace();
      expect(gate.block(null)).toBeNull();
    });
  });
});
