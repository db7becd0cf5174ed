import { Injectable } from '@nestjs/common';
import { EventBus } from '../events';
import { MetricsRegistry } from '../metrics';
import type { RuntimeErrorCode } from './drivers/engine-runtime.port';
import { EngineRegistry } from './registry/engine-registry';
import { ENGINE_STATES } from './registry/engine-state';
import { FleetControl } from './fleet/fleet-control.port';
import { VPN_STATES, VpnRegistry } from './vpn';

/** Without a code of `RuntimeErrorCode` this does not compile. */
const PROVISIONING_FAILURES: { readonly [Code in RuntimeErrorCode]: true } = {
  image_missing: true,
  port_conflict: true,
  name_conflict: true,
  docker_unavailable: true,
  start_timeout: true,
  engine_exited: true,
  network_missing: true,
  no_place: true,
  runtime_refused: true,
};

/** Metrics of the fleet. Values come from the live objects at the moment of the scrape. */
@Injectable()
export class EnginesMetrics {
  constructor(
    metrics: MetricsRegistry,
    registry: EngineRegistry,
    fleet: FleetControl,
    vpns: VpnRegistry,
    events: EventBus,
  ) {
    const states = () => {
      const engines = registry.list();
      // States without engines are included.
      return ENGINE_STATES.map((state) => ({
        labels: { state },
        value: engines.filter((engine) => engine.state === state).length,
      }));
    };
    metrics.gauge('acefleet_engines', 'Engines, by state.', states, {
      labelNames: ['state'],
      alias: 'engines',
    });
    measureVpns(metrics, vpns);
    // The other metrics exist only if acefleet runs the engines.
    if (fleet.status().runtime === null) return;
    const status = (): ReturnType<FleetControl['status']> => fleet.status();
    metrics.gauge('acefleet_engines_wanted', 'Engines wanted.', () => status().wanted);
    metrics.gauge(
      'acefleet_slot_requests_wanting_engine',
      'Waiting slot requests that need a further engine.',
      () => status().waiting,
    );
    metrics.gauge(
      'acefleet_circuit_breaker_open',
      '1 while the circuit breaker prevents new engines, else 0.',
      () => Number(status().breaker.state !== 'closed'),
    );
    metrics.gauge(
      'acefleet_runtime_connected',
      '1 while the runtime, such as Docker, is connected, else 0.',
      () => Number(status().link?.state === 'connected'),
    );
    const requests = metrics.counter(
      'acefleet_provisioning_requests_total',
      'Provisioning requests.',
    );
    const failures = metrics.counter(
      'acefleet_provisioning_failures_total',
      'Provisioning requests that failed, by code.',
      { labels: { code: Object.keys(PROVISIONING_FAILURES) } },
    );
    events.subscribe(({ type, payload }) => {
      if (type === 'engine_ordered') requests.inc();
      if (type === 'engine_order_failed' && 'code' in payload) failures.inc({ code: payload.code });
    });
  }
}

function measureVpns(metrics: MetricsRegistry, vpns: VpnRegistry): void {
  metrics.gauge(
    'acefleet_vpn_state',
    '1 for the state that the VPN is in, 0 for each other state.',
    () =>
      vpns.list().flatMap(({ name, health }) =>
        VPN_STATES.map((state) => ({
          labels: { vpn: name, state },
          value: Number(health.state === state),
        })),
      ),
    { labelNames: ['vpn', 'state'] },
  );
  metrics.gauge(
    'acefleet_vpn_forwarded_port_present',
    '1 while the VPN reports a forwarded port, else 0.',
    () =>
      vpns.list().map(({ name, forwardedPort }) => ({
        labels: { vpn: name },
        value: Number(forwardedPort !== null),
      })),
    { labelNames: ['vpn'] },
  );
}
