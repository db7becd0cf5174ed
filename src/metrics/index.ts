export { MetricsModule } from './metrics.module';
export { type GaugeSample, type HistogramOptions, MetricsRegistry } from './metrics-registry';
