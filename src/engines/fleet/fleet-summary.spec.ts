import type { EngineState } from '../registry/engine.types';
import {
  type CountedEngine,
  countEngines,
  type EngineCounts,
  hindranceOf,
  overallOf,
} from './fleet-summary';
import type { FleetStatus } from './fleet.types';
import { aStaticStatus, aStatus } from '../http/fleet-api.spec-support';

function engine(state: EngineState, ...streamIds: string[]): CountedEngine {
  return { state, streamIds, slotCount: (usual) => usual };
}

const NONE: EngineCounts = {
  total: 0,
  running: 0,
  healthy: 0,
  unhealthy: 0,
  usable: 0,
  slots: 0,
  streams: 0,
  used: 0,
};

describe('countEngines', () => {
  it.each<[string, CountedEngine[], Partial<EngineCounts>]>([
    ['none', [], NONE],
    ['one that starts', [engine('starting')], { total: 1 }],
    [
      'a healthy one',
      [engine('healthy')],
      { total: 1, running: 1, healthy: 1, usable: 1, slots: 3 },
    ],
    ['a suspect one', [engine('suspect')], { total: 1, running: 1, usable: 1, slots: 3 }],
    [
      'one with its own number of slots',
      [engine('healthy'), { ...engine('healthy'), slotCount: () => 10 }],
      { total: 2, running: 2, healthy: 2, usable: 2, slots: 13 },
    ],
    ['an unhealthy one', [engine('unhealthy')], { total: 1, running: 1, unhealthy: 1 }],
    [
      'a draining one with a stream',
      [engine('draining', 'a')],
      { total: 1, running: 1, streams: 1 },
    ],
    [
      'a stream on two engines',
      [engine('healthy', 'a', 'b'), engine('suspect', 'b')],
      { total: 2, running: 2, healthy: 1, usable: 2, slots: 6, streams: 2, used: 3 },
    ],
  ])('%s', (_what, engines, expected) => {
    expect(countEngines(engines, 3)).toEqual({ ...NONE, ...expected });
  });
});

const BLOCKED = { code: 'circuit_breaker', message: 'Five failed.', retryInMs: 5000 };

describe('hindranceOf', () => {
  it.each<[string, FleetStatus, string | null]>([
    ['nothing', aStatus(), null],
    ['one place left', aStatus({ present: 5 }), null],
    ['a full fleet', aStatus({ present: 6 }), 'max_capacity'],
    ['a fleet that is over its limit', aStatus({ present: 9 }), 'max_capacity'],
    ['a block', aStatus({ blocked: BLOCKED }), 'circuit_breaker'],
    ['a block of a full fleet', aStatus({ blocked: BLOCKED, present: 6 }), 'circuit_breaker'],
    ['engines of somebody else', aStaticStatus(), 'not_managed'],
  ])('%s', (_what, fleet, code) => {
    expect(hindranceOf(fleet)?.code ?? null).toBe(code);
  });
});

describe('overallOf', () => {
  const well = { ...NONE, total: 2, running: 2, healthy: 2, usable: 2 };
  const lost = { state: 'lost', since: new Date(0), reason: null } as const;

  it.each<[string, FleetStatus, EngineCounts, string, string[]]>([
    ['all well', aStatus(), well, 'healthy', []],
    ['a suspect one', aStatus(), { ...well, healthy: 1 }, 'healthy', []],
    ['a full fleet', aStatus({ present: 6 }), well, 'healthy', []],
    ['no engine', aStatus(), NONE, 'unavailable', ['no engine can be used']],
    ['none, because nobody needs one', aStatus({ wanted: 0 }), NONE, 'healthy', []],
    [
      'none, and none can be made',
      aStatus({ wanted: 0, blocked: BLOCKED }),
      NONE,
      'unavailable',
      ['Five failed.'],
    ],
    ['an unhealthy one', aStatus(), { ...well, unhealthy: 1 }, 'degraded', ['1 unhealthy']],
    [
      'too few',
      aStatus(),
      { ...well, usable: 1 },
      'degraded',
      ['1 of at least 2 engines can be used'],
    ],
    ['no Docker', aStatus({ link: lost }), well, 'degraded', ['docker: lost']],
    [
      'no Docker for long',
      aStatus({ link: lost, blocked: { ...BLOCKED, code: 'docker_unavailable' } }),
      well,
      'degraded',
      ['Five failed.'],
    ],
    ['a block', aStatus({ blocked: BLOCKED }), well, 'degraded', ['Five failed.']],
    ['one engine of somebody else', aStaticStatus(), { ...well, usable: 1 }, 'healthy', []],
    ['none of somebody else', aStaticStatus(), NONE, 'unavailable', ['no engine can be used']],
  ])('%s', (_what, fleet, counts, state, reasons) => {
    expect(overallOf(fleet, counts)).toEqual({ state, reasons });
  });
});
