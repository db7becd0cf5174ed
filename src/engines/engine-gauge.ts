import { Injectable } from '@nestjs/common';
import { MetricsRegistry } from '../metrics';
import { EngineRegistry } from './engine-registry';
import { ENGINE_STATES } from './engine-state';

/** The metric `engines`: how many there are in each state, states without any included. */
@Injectable()
export class EngineGauge {
  constructor(metrics: MetricsRegistry, registry: EngineRegistry) {
    const samples = () => {
      const engines = registry.list();
      return ENGINE_STATES.map((state) => ({
        labels: { state },
        value: engines.filter((engine) => engine.state === state).length,
      }));
    };
    metrics.gauge('engines', 'Engines that are known, by state', samples, ['state']);
  }
}
