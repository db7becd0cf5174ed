export { NoTraces, type SpanRecord, Traces } from './traces.port';
export { TracingModule } from './tracing.module';
