import { Controller, Get, Header } from '@nestjs/common';
import { ApiOkResponse, ApiProduces, ApiTags } from '@nestjs/swagger';
import { PublicWhen } from '../access';
import { MetricsRegistry } from './metrics-registry';

/** Text format of Prometheus, version 0.0.4. */
const CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

@ApiTags('metrics')
@PublicWhen(({ metricsAccess }) => metricsAccess === 'open')
@Controller(['api/v1/metrics', 'metrics'])
export class MetricsController {
  private scrape: Promise<string> | null = null;

  constructor(private readonly metrics: MetricsRegistry) {}

  /** Show metrics in the text format of Prometheus. With `METRICS_ACCESS=open` they need no key. */
  @Get()
  @Header('Content-Type', CONTENT_TYPE)
  @ApiProduces('text/plain')
  @ApiOkResponse({ schema: { type: 'string' } })
  text(): Promise<string> {
    // The address may be public, so concurrent requests share one collection.
    this.scrape ??= this.metrics.registry.metrics().finally(() => {
      this.scrape = null;
    });
    return this.scrape;
  }
}
