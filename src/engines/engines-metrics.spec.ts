import { aDescription } from './testing/engine.spec-support';
import { loadConfig } from '../config';
import { EventBus } from '../events';
import { MetricsRegistry } from '../metrics';
import { EngineRegistry } from './registry/engine-registry';
import { VpnRegistry } from './vpn';
import { EnginesMetrics } from './engines-metrics';
import type { FleetControl } from './fleet/fleet-control.port';
import type { FleetStatus } from './fleet/fleet.types';

describe('metrics of the fleet', () => {
  let events: EventBus;
  let metrics: MetricsRegistry;
  afterEach(() => events.onApplicationShutdown());

  function measure(status: object, env: Record<string, string> = {}): VpnRegistry {
    events = new EventBus();
    metrics = new MetricsRegistry();
    const fleet = { status: () => status as FleetStatus } as FleetControl;
    const registry = new EngineRegistry(events);
    registry.announce(aDescription('e1', { endpoint: { host: 'e1', port: 1 } }));
    const vpns = new VpnRegistry(loadConfig(env), events);
    new EnginesMetrics(metrics, registry, fleet, vpns, events);
    return vpns;
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
    const ours = (await lines(/^acefleet_/)).filter((line) => !/_failures.* 0$/.test(line));
    expect(ours).toEqual([
      'acefleet_engines{state="starting"} 1',
      'acefleet_engines{state="healthy"} 0',
      'acefleet_engines{state="suspect"} 0',
      'acefleet_engines{state="unhealthy"} 0',
      'acefleet_engines{state="draining"} 0',
      'acefleet_engines{state="gone"} 0',
      'acefleet_engines_wanted 3',
      'acefleet_slot_requests_wanting_engine 2',
      'acefleet_circuit_breaker_open 1',
      'acefleet_runtime_connected 0',
      'acefleet_provisioning_requests_total 2',
      'acefleet_provisioning_failures_total{code="port_conflict"} 1',
    ]);
    expect(await lines(/^acefleet_provisioning_failures_total/)).toHaveLength(9);
    expect(await lines(/^engines\{state="starting"\} 1/)).toHaveLength(1);
  });

  it('say nothing of provisioning where engines are run by somebody else', async () => {
    measure({ runtime: null });
    expect(await lines(/^acefleet_(?!engines\{)/)).toEqual([]);
  });

  it('tell the state of each VPN, and whether it forwards a port', async () => {
    const vpns = measure(
      { runtime: null },
      { ENGINE_DRIVER: 'docker', VPN_CONTAINERS: 'gluetun,other' },
    );
    const { name, ports, ...findings } = vpns.get('gluetun')!;
    expect([name, ports]).not.toContain(undefined);
    const up = { ...findings.health, state: 'up' as const };
    vpns.record('gluetun', { ...findings, health: up, forwardedPort: 4711 });
    expect(await lines(/^acefleet_vpn.* 1$/)).toEqual([
      'acefleet_vpn_state{vpn="gluetun",state="up"} 1',
      'acefleet_vpn_state{vpn="other",state="unknown"} 1',
      'acefleet_vpn_forwarded_port_present{vpn="gluetun"} 1',
    ]);
    expect(await lines(/^acefleet_vpn.* 0$/)).toHaveLength(7);
  });
});
