import type { DrainReason } from '../registry/engine.types';
import { classifyEngines, type EngineDisposition } from './engine-disposition';
import { anEngine, aSnapshot, LIMITS } from './fleet-snapshot.spec-support';
import { CUT_OFF, LOST, MISPLACED } from './fleet-plan.spec-support';
import type { FleetEngine } from './fleet.types';

describe('classifyEngines', () => {
  it.each<[EngineDisposition, DrainReason, Partial<FleetEngine>]>([
    ['ended', 'ended', { phase: 'ended' }],
    ['ended', 'never_started', { phase: 'created' }],
    ['lost', 'network_lost', { objection: LOST }],
    ['stuck', 'start_timeout', { hasStarted: false, upMs: LIMITS.startTimeoutMs + 1 }],
    ['cut_off', 'vpn_down', { objection: CUT_OFF }],
    ['retiring', 'outdated', { drainedBy: 'fleet', isOutdated: true }],
    ['released', 'surplus', { drainedBy: 'fleet' }],
    ['failing', 'unhealthy', { state: 'unhealthy', unhealthyMs: 5000 }],
    ['failing', 'paused', { phase: 'paused', pausedMs: 60_000 }],
    ['failing', 'no_address', { state: null }],
    ['failing', 'no_network', { disconnectedMs: 200_000 }],
    ['replaceable', 'misplaced', { objection: MISPLACED }],
    ['replaceable', 'outdated', { isOutdated: true }],
    ['replaceable', 'max_age', { ageMs: 5000 }],
    ['replaceable', 'max_starts', { starts: 7 }],
    ['ready', 'surplus', {}],
  ])('finds an engine %s, and gives the reason %s', (disposition, reason, over) => {
    const engines = [anEngine('a', { ageMs: 0, starts: 0, ...over }), anEngine('b', { ageMs: 0 })];
    const limits = { ...LIMITS, maxAgeMs: 5000, maxStarts: 7 };
    const [found] = classifyEngines(aSnapshot(engines, { limits }))
      .of(disposition)
      .filter(({ engine }) => engine.id === 'a');
    expect(found?.reason).toBe(reason);
  });
});
