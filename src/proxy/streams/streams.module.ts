import { Module } from '@nestjs/common';
import { CONFIG, type AppConfig, viewOf } from '../../config';
import { monotonicMs } from '../../kernel/clock';
import { NegativeCache } from './negative-cache';
import { StreamRegistry } from './stream-registry';
import { StreamShutdown } from './stream-shutdown';

/** The registry of all streams, and what live streams and files share. Needs the global module of configuration. */
@Module({
  providers: [
    StreamRegistry,
    StreamShutdown,
    {
      provide: NegativeCache,
      useFactory: (config: AppConfig) =>
        new NegativeCache(viewOf(config, { ttlMs: 'negativeCacheTtlMs' }), monotonicMs),
      inject: [CONFIG],
    },
  ],
  exports: [StreamRegistry, StreamShutdown, NegativeCache],
})
export class StreamsModule {}
