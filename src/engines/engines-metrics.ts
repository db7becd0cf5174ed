import { Injectable } from '@nestjs/common';
import { EventBus } from '../events';
import { MetricsRegistry } from '../metrics';
import { EngineRegistry } from './registry/engine-registry';
import { ENGINE_STATES } from './registry/engine-state';
import { FleetControl } from './fleet/fleet-control.port';

/** Metrics of the fleet. Values come from the live objects at the moment of the scrape. */
@Injectable()
export class EnginesMetrics {
  constructor(
    metrics: MetricsRegistry,
    registry: EngineRegistry,
    fleet: FleetControl,
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
    metrics.gauge('engines', 'Engines, by state', states, ['state']);
    // The other metrics exist only if acefleet runs the engines.
    if (fleet.status().runtime === null) return;
    const status = (): ReturnType<FleetControl['status']> => fleet.status();
    metrics.gauge('engines_wanted', 'Engines wanted', () => status().wanted);
    metrics.gauge('engine_waiting_requests', 'Requests that wait for an engine', () => {
      return status().waiting;
    });
    metrics.gauge('engine_breaker_open', '1 while the circuit breaker prevents new engines', () =>
      Number(status().breaker.state !== 'closed'),
    );
    metrics.gauge('engine_runtime_connected', '1 while the runtime (Docker) is connected', () =>
      Number(status().link?.state === 'connected'),
    );
    const requests = metrics.counter('engine_orders_total', 'Provisioning requests');
    const failures = metrics.counter(
      'engine_order_failures_total',
      'Provisioning requests that failed, by code',
      ['code'],
    );
    events.subscribe(({ type, payload }) => {
      if (type === 'engine_ordered') requests.inc();
      if (type === 'engine_order_failed' && 'code' in payload) failures.inc({ code: payload.code });
    });
  }
}
