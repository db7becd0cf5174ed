import { aDescription } from './testing/engine.spec-support';
import { EventBus } from '../events';
import { MetricsRegistry } from '../metrics';
import { EngineRegistry } from './registry/engine-registry';
import { EnginesMetrics } from './engines-metrics';
import type { FleetControl } from './fleet/fleet-control.port';
import type { FleetStatus } from './fleet/fleet.types';

describe('metrics of the fleet', () => {
  let events: EventBus;
  let metrics: MetricsRegistry;
  afterEach(() => events.onApplicationShutdown());

  function measure(status: object): void {
    events = new EventBus();
    metrics = new MetricsRegistry();
    const fleet = { status: () => status as FleetStatus } as FleetControl;
    const registry = new EngineRegistry(events);
    registry.announce(aDescription('e1', { endpoint: { host: 'e1', port: 1 } }));
    new EnginesMetrics(metrics, registry, fleet, events);
  }

  async function lines(pattern: RegExp): Promise<string[]> {
    const text = await metrics.registry.metrics();
    return text.split('\n').filter((line) => pattern.test(line));
  }

  it('tell how many engines there are and should be, and what keeps them away', async () => {
    measure({
      ...{ runtime: 'docker', wanted: 3, waiting: 2 },
      ...{ breaker: { state: 'half_open' }, link: { state: 'lost' } },
    });
    events.publish('engine_ordered', { order: 'a', reason: 'r' });
    events.publish('engine_ordered', { order: 'b', reason: 'r' });
    events.publish('engine_order_failed', { order: 'b', code: 'port_conflict', reason: 'r' });
    await new Promise(setImmediate);
    expect(await lines(/^engine/)).toEqual([
      'engines{state="starting"} 1',
      'engines{state="healthy"} 0',
      'engines{state="suspect"} 0',
      'engines{state="unhealthy"} 0',
      'engines{state="draining"} 0',
      'engines{state="gone"} 0',
      'engines_wanted 3',
      'engine_waiting_requests 2',
      'engine_breaker_open 1',
      'engine_runtime_connected 0',
      'engine_orders_total 2',
      'engine_order_failures_total{code="port_conflict"} 1',
    ]);
  });

  it('say nothing of orders where engines are run by somebody else', async () => {
    measure({ runtime: null });
    expect(await lines(/^engine(s_|_)/)).toEqual([]);
  });
});
