export { MetricsModule } from './metrics.module';
export { type MetricName, MetricsRegistry, type Sample } from './metrics-registry';
