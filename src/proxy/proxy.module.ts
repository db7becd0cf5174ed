import { Module } from '@nestjs/common';
import { AceModule } from '../ace';
import { ChannelsModule } from '../channels';
import { CONFIG, type AppConfig } from '../config';
import { EventsModule } from '../events';
import { monotonicMs } from '../kernel/clock';
import { SteadyWallClock } from '../kernel/steady-wall-clock';
import { AceStatusController } from './http/ace-status.controller';
import { HlsPlaybacks } from './hls';
import { EngineApiService } from './http/engine-api-service';
import { HlsController } from './http/hls.controller';
import { PlaylistRequestHandler } from './http/playlist-request-handler';
import { PlaybackController } from './http/playback.controller';
import { PreflightController } from './http/preflight.controller';
import { FileRequestHandler } from './http/file-request-handler';
import { SessionsController } from './http/sessions.controller';
import { StreamController } from './http/stream.controller';
import { StreamsController } from './http/streams.controller';
import { StreamRequestHandler } from './http/stream-request-handler';
import { ContentResolver } from './preflight/content-resolver';
import { Preflight } from './preflight/preflight';
import { ProxyMetrics } from './proxy-metrics';
import { FilePlaybacks } from './files';
import {
  ContentAliases,
  EngineSources,
  FileHost,
  LiveStreams,
  SourceRotations,
  StreamReporters,
} from './live';
import { NegativeCache, StreamRegistry, StreamShutdown } from './streams';
import { BacklogScheduler } from './viewers';

/** From a request for a content to the bytes a viewer gets. */
@Module({
  imports: [AceModule, ChannelsModule, EventsModule],
  controllers: [
    StreamController,
    HlsController,
    PlaybackController,
    AceStatusController,
    PreflightController,
    SessionsController,
    StreamsController,
  ],
  providers: [
    BacklogScheduler,
    ContentAliases,
    ContentResolver,
    EngineApiService,
    PlaylistRequestHandler,
    HlsPlaybacks,
    Preflight,
    ProxyMetrics,
    FileRequestHandler,
    FilePlaybacks,
    LiveStreams,
    EngineSources,
    SourceRotations,
    SteadyWallClock,
    StreamReporters,
    StreamRegistry,
    StreamShutdown,
    StreamRequestHandler,
    { provide: FileHost, useExisting: FilePlaybacks },
    {
      provide: NegativeCache,
      useFactory: ({ negativeCacheTtlMs }: AppConfig) =>
        new NegativeCache(negativeCacheTtlMs, monotonicMs),
      inject: [CONFIG],
    },
  ],
  exports: [StreamShutdown],
})
export class ProxyModule {}
