import { aDescription, IdleSlot } from '../testing/engine.spec-support';
import { RecordingEvents } from '../../events/testing/recording-events.spec-support';
import { Engine } from '../registry/engine';
import { EngineRegistry } from '../registry/engine-registry';
import { SlotRevocation } from '../registry/held-slot';
import { ANYWHERE } from '../vpn/engine-placement.port';
import { type AppConfig, loadConfig } from '../../config';
import { FLEET_LIMITS, type FactSources, freezeEngines, limitsOf } from './fleet-snapshot';
import { anObservedEngine } from './scripted-runtime.spec-support';
import { type ObservedRecord, ObservedEngines } from './observed-engines';

describe('an engine as decisions see it', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  const observedEngines = (): ObservedEngines =>
    new ObservedEngines(
      { engineStartTimeoutMs: 60_000 },
      new EngineRegistry(new RecordingEvents()),
    );

  function record(over: Partial<Parameters<typeof anObservedEngine>[0]> = {}): ObservedRecord {
    const observed = observedEngines();
    observed.endListing(observed.beginListing(), [anObservedEngine(over)]);
    return observed.list()[0]!;
  }

  const sources = (over: Partial<FactSources> = {}): FactSources => ({
    engine: () => undefined,
    isBusy: () => false,
    isBeingRemoved: () => false,
    rolloutCause: () => null,
    placement: ANYWHERE,
    present: [],
    specHash: 'now',
    hasOldLimits: () => false,
    startTimeoutMs: 60_000,
    ...over,
  });

  const freeze = (one: ObservedRecord, over: Partial<FactSources> = {}) =>
    freezeEngines([one], sources(over))[0]!;

  const anEngine = (budgetMs = 0): Engine => new Engine(aDescription('e1'), budgetMs);

  it('has no state when it runs without an address, which a young process may still get', () => {
    const engine = anEngine();
    engine.recordAnswer({ version: null, networkConnected: null });
    engine.state = 'healthy';
    const one = record({ endpoint: null });
    const young = freeze(one, { engine: () => engine });
    expect(young).toMatchObject({ state: null, hasStarted: false });
    jest.advanceTimersByTime(60_001);
    const old = freeze(one, { engine: () => engine });
    expect(old).toMatchObject({ state: null, hasStarted: true });
  });

  it('has started, however young it is, when its process has lost its address', () => {
    const engine = anEngine();
    engine.recordAnswer({ version: null, networkConnected: null });
    const observed = observedEngines();
    const look = (over: Partial<Parameters<typeof anObservedEngine>[0]>) => {
      observed.endListing(observed.beginListing(), [anObservedEngine(over)]);
      return freeze(observed.list()[0]!, { engine: () => engine });
    };
    look({});
    expect(look({ endpoint: null })).toMatchObject({ state: null, hasStarted: true });
    expect(look({ endpoint: null })).toMatchObject({ state: null, hasStarted: true });
    expect(look({ endpoint: null, incarnation: 'second' }).hasStarted).toBe(false);
  });

  it('has the facts of the runtime alone when the registry does not have it', () => {
    const one = record({
      phase: 'created',
      specHash: 'then',
      createdAt: new Date(Date.now() - 5000),
      vpn: { vpn: 'gluetun', containerId: 'c', containerStartedAt: 't' },
      forwardedPort: 5000,
    });
    jest.advanceTimersByTime(2000);
    expect(freeze(one)).toEqual({
      id: 'e1',
      phase: 'created',
      state: null,
      streams: 0,
      watchedStreams: 0,
      leavingStreams: 0,
      idleMs: 0,
      ageMs: 7000,
      starts: 0,
      hasStarted: false,
      upMs: 2000,
      unhealthyMs: 0,
      disconnectedMs: 0,
      isRequested: false,
      isOutdated: true,
      rollout: null,
      vpn: 'gluetun',
      forwarded: true,
      drainedBy: null,
      objection: null,
      missedListings: 0,
      hasVanished: false,
      isBusy: false,
      isBeingRemoved: false,
      pausedMs: 0,
    });
  });

  it('has the facts of the registry', () => {
    const engine = anEngine();
    engine.state = 'unhealthy';
    engine.unhealthySince = performance.now();
    engine.disconnectedSince = performance.now();
    engine.drainedBy = 'fleet';
    engine.starts = 3;
    const one = record();
    jest.advanceTimersByTime(1000);
    const facts = freeze(one, { engine: () => engine, isBusy: () => true });
    expect(facts).toMatchObject({
      state: 'unhealthy',
      unhealthyMs: 1000,
      disconnectedMs: 1000,
      drainedBy: 'fleet',
      starts: 3,
      idleMs: 1000,
      hasStarted: true,
      isBusy: true,
    });
    engine.leases.add(new IdleSlot('s1'));
    const leaving = new IdleSlot('s2', false);
    leaving.revoke(new SlotRevocation('engine_withdrawn', 'test'));
    engine.leases.add(leaving);
    const watched = freeze(one, { engine: () => engine });
    expect(watched).toMatchObject({ streams: 2, watchedStreams: 1, leavingStreams: 1, idleMs: 0 });
  });

  it('has not started before its first answer; an engine that existed before this process counts as started', () => {
    expect(freeze(record(), { engine: () => anEngine(1000) }).hasStarted).toBe(false);
    expect(freeze(record()).hasStarted).toBe(false);
    const old = new Date(Date.now() - 3_600_000);
    expect(freeze(record({ phase: 'ended', createdAt: old })).hasStarted).toBe(true);
  });

  it('has the objection of placement', () => {
    const objection = { kind: 'lost', reason: 'another network' } as const;
    const placement = { ...ANYWHERE, objections: () => new Map([['e1', objection]]) };
    expect(freeze(record(), { placement }).objection).toBe(objection);
  });

  it('counts how long it has been paused, from the first listing that shows it', () => {
    const observed = observedEngines();
    const look = (phase: 'paused' | 'running') =>
      observed.endListing(observed.beginListing(), [anObservedEngine({ phase })]);
    look('paused');
    jest.advanceTimersByTime(1000);
    look('paused');
    expect(freeze(observed.list()[0]!).pausedMs).toBe(1000);
    look('running');
    expect(freeze(observed.list()[0]!).pausedMs).toBe(0);
  });
});

test(
  'the limits of decisions: follows changes of MIN_FREE_REPLICAS, ENGINE_GRACE_PERIOD, ENGINE_PARALLEL_STARTS, ' +
    'ENGINE_START_TIMEOUT, ENGINE_REPLACEMENT_COOLDOWN, ENGINE_MAX_AGE and ENGINE_MAX_STARTS',
  () => {
    const config: Record<string, unknown> = { ...loadConfig({}) };
    const limits = limitsOf(config as AppConfig);
    FLEET_LIMITS.forEach((field, index) => (config[field] = 1000 + index));
    expect(Object.values(limits)).toEqual(FLEET_LIMITS.map((_, index) => 1000 + index));
  },
);
