import { Logger, type OnModuleDestroy } from '@nestjs/common';
import { type Context, ROOT_CONTEXT, SpanStatusCode, trace, type Tracer } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources';
import {
  BasicTracerProvider,
  BatchSpanProcessor,
  type SpanExporter,
} from '@opentelemetry/sdk-trace-base';
import { monotonicMs } from '../../kernel/clock';
import { settlesWithin } from '../../kernel/wait';
import { type SpanRecord, Traces } from '../traces.port';

/** How long the end of the process waits for the last traces. */
const CLOSE_WITHIN_MS = 2_000;

/**
 * Sends traces over OTLP/HTTP, in batches. The variables of OpenTelemetry, such as OTEL_SERVICE_NAME,
 * OTEL_EXPORTER_OTLP_HEADERS and OTEL_TRACES_SAMPLER, apply.
 */
export class OtlpTraces extends Traces implements OnModuleDestroy {
  private readonly logger = new Logger('Traces');
  private readonly provider: BasicTracerProvider;
  private readonly tracer: Tracer;
  private hasFailed = false;

  constructor(endpoint: string, version: string) {
    super();
    const ours = { 'service.name': 'acefleet', 'service.version': version };
    const exporter = new OTLPTraceExporter({ url: `${endpoint.replace(/\/+$/, '')}/v1/traces` });
    this.provider = new BasicTracerProvider({
      resource: resourceFromAttributes(ours).merge(detectResources({ detectors: [envDetector] })),
      spanProcessors: [new BatchSpanProcessor(this.withLog(exporter))],
    });
    this.tracer = this.provider.getTracer('acefleet', version);
  }

  override record(span: () => SpanRecord): void {
    try {
      this.add(span(), ROOT_CONTEXT, Date.now() - monotonicMs());
    } catch (error) {
      this.logger.error({ err: error }, 'a trace could not be recorded');
    }
  }

  async onModuleDestroy(): Promise<void> {
    await settlesWithin(this.provider.shutdown(), CLOSE_WITHIN_MS);
  }

  /** @param epochMs wall clock time at which the monotonic clock was 0 */
  private add(
    { name, beganMs, endedMs, attributes = {}, error = null, children = [] }: SpanRecord,
    parent: Context,
    epochMs: number,
  ): void {
    const known = Object.entries(attributes).filter(([, value]) => value !== null);
    const options = {
      startTime: epochMs + beganMs,
      attributes: Object.fromEntries(known) as Record<string, string | number>,
    };
    const span = this.tracer.startSpan(name, options, parent);
    if (error !== null) span.setStatus({ code: SpanStatusCode.ERROR, message: error });
    const inside = trace.setSpan(parent, span);
    for (const child of children) this.add(child, inside, epochMs);
    span.end(epochMs + Math.max(beganMs, endedMs));
  }

  /** Logs the first failure, and the first success after it. OpenTelemetry itself would say nothing. */
  private withLog(exporter: SpanExporter): SpanExporter {
    return {
      export: (spans, done) =>
        exporter.export(spans, (result) => {
          const isFailure = result.error !== undefined;
          if (isFailure && !this.hasFailed) {
            this.logger.warn(`traces cannot be sent: ${result.error?.message ?? ''}`);
          }
          if (!isFailure && this.hasFailed) this.logger.log('traces can be sent again');
          this.hasFailed = isFailure;
          done(result);
        }),
      shutdown: () => exporter.shutdown(),
    };
  }
}
