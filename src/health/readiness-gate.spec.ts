import type { JobTrouble, Jobs } from '../coordination';
import { Engine, EngineRegistry, type EngineState, type EngineSupply } from '../engines';
import { EventBus } from '../events';
import { type FastifyReply } from '../http';
import type { DataFolder, StorageTrouble } from '../storage';
import { HealthController } from './health.controller';
import { ReadinessGate } from './readiness-gate';

function engineIn(state: EngineState): Engine {
  const endpoint = { host: '127.0.0.1', port: 1 };
  const common = { labels: {}, apiPort: null, forwarded: false, vpn: null };
  const engine = new Engine({ id: state, name: state, endpoint, ...common });
  engine.state = state;
  return engine;
}

describe('readiness', () => {
  let troubles: StorageTrouble[];
  let jobTrouble: JobTrouble | null;

  beforeEach(() => {
    troubles = [];
    jobTrouble = null;
  });

  function ask(states: EngineState[], isEnding = false, isAsleep = false): [number, unknown] {
    const engines = new EngineRegistry(new EventBus());
    jest.spyOn(engines, 'list').mockReturnValue(states.map(engineIn));
    const folder = { troubles: () => troubles } as DataFolder;
    const jobs = { trouble: () => jobTrouble } as Jobs;
    const gate = new ReadinessGate(engines, { isAsleep } as EngineSupply, folder, jobs);
    if (isEnding) gate.closeForShutdown();
    let status = 200;
    const reply = { code: (code: number) => (status = code) } as unknown as FastifyReply;
    const body = new HealthController(gate).ready(reply);
    return [status, { status: body.status, reasons: body.reasons }];
  }

  it.each<[EngineState[], boolean, number, string[]]>([
    [['healthy'], false, 200, []],
    [['unhealthy', 'suspect'], false, 200, []],
    [[], false, 503, ['engines_unknown']],
    [['starting', 'unhealthy', 'draining'], false, 503, ['no_usable_engine']],
    [['healthy'], true, 503, ['shutting_down']],
    [[], true, 503, ['shutting_down', 'engines_unknown']],
  ])('with %j, ending %s: %d', (states, isEnding, status, reasons) => {
    expect(ask(states, isEnding)).toEqual([
      status,
      { status: status === 200 ? 'ready' : 'not_ready', reasons },
    ]);
  });

  it('is given while the fleet is scaled to zero, unless the process ends', () => {
    expect(ask([], false, true)).toEqual([200, { status: 'ready', reasons: [] }]);
    expect(ask([], true, true)).toEqual([503, { status: 'not_ready', reasons: ['shutting_down'] }]);
    expect(ask(['unhealthy'], false, true)[0]).toBe(503);
  });

  it('reports that Redis cannot be used, and stays ready', () => {
    troubles = [{ code: 'storage_full', detail: 'a' }];
    jobTrouble = { code: 'redis_unavailable', detail: 'redis://r: ECONNREFUSED' };
    const reasons = ['storage_full', 'redis_unavailable'];
    expect(ask(['healthy'])).toEqual([200, { status: 'degraded', reasons }]);
  });

  it('reports problems with files, and stays ready', () => {
    troubles = [
      { code: 'storage_full', detail: 'a' },
      { code: 'storage_damaged', detail: 'b' },
      { code: 'storage_full', detail: 'c' },
    ];
    const reasons = ['storage_full', 'storage_damaged'];
    expect(ask(['healthy'])).toEqual([200, { status: 'degraded', reasons }]);
    expect(ask([])).toEqual([
      503,
      { status: 'not_ready', reasons: ['engines_unknown', ...reasons] },
    ]);
  });
});
