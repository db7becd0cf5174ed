import { type DynamicModule, Module } from '@nestjs/common';
import { type AppConfig, productVersion } from '../config';
import { loadOtlp } from './otlp.loader';
import { NoTraces, Traces } from './traces.port';

/** Traces over OTLP if OTEL_EXPORTER_OTLP_ENDPOINT is set, else none. */
@Module({})
export class TracingModule {
  static forRoot({
    otelExporterOtlpEndpoint: endpoint,
  }: Pick<AppConfig, 'otelExporterOtlpEndpoint'>): DynamicModule {
    const useFactory = (): Traces => {
      if (endpoint === null) return new NoTraces();
      const { OtlpTraces } = loadOtlp();
      return new OtlpTraces(endpoint, productVersion());
    };
    return {
      module: TracingModule,
      global: true,
      providers: [{ provide: Traces, useFactory }],
      exports: [Traces],
    };
  }
}
