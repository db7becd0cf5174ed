import type * as otlp from './otlp/otlp-traces';

/** Loads all code of OpenTelemetry. It is called only if OTEL_EXPORTER_OTLP_ENDPOINT is set. */
export function loadOtlp(): typeof otlp {
  // `require` instead of `import()`, because the modules are assembled synchronously.
  return require('./otlp/otlp-traces') as typeof otlp;
}
