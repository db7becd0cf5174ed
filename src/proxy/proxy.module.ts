import { Module } from '@nestjs/common';
import { ChannelsModule } from '../channels';
import { FilesModule } from './files';
import { HlsModule } from './hls';
import { AceStatusController } from './http/ace-status.controller';
import { CorsPreflightController } from './http/cors-preflight.controller';
import { EngineApiService } from './http/engine-api-service';
import { FileRequestHandler } from './http/file-request-handler';
import { HlsController } from './http/hls.controller';
import { PlaybackController } from './http/playback.controller';
import { PlaylistRequestHandler } from './http/playlist-request-handler';
import { PreflightController } from './http/preflight.controller';
import { SessionsController } from './http/sessions.controller';
import { StreamController } from './http/stream.controller';
import { StreamRequestHandler } from './http/stream-request-handler';
import { StreamReportsController } from './http/stream-reports.controller';
import { StreamsController } from './http/streams.controller';
import { TunerStreamController } from './http/tuner-stream.controller';
import { XtreamStreamController } from './http/xtream-stream.controller';
import { LiveModule } from './live';
import { PreflightModule } from './preflight';
import { ProxyMetrics } from './proxy-metrics';
import { StreamFigures } from './stream-figures';
import { StreamsModule } from './streams';

/** One instance, because a second one would have broadcasts of its own. */
const live = LiveModule.forFiles(FilesModule);
const preflight = PreflightModule.forLive(live);

/** From a request for a content to the bytes a viewer gets. Needs the global modules. */
@Module({
  imports: [ChannelsModule, StreamsModule, live, FilesModule, HlsModule, preflight],
  controllers: [
    CorsPreflightController,
    StreamController,
    TunerStreamController,
    XtreamStreamController,
    HlsController,
    PlaybackController,
    AceStatusController,
    PreflightController,
    SessionsController,
    StreamsController,
    StreamReportsController,
  ],
  providers: [
    StreamRequestHandler,
    PlaylistRequestHandler,
    FileRequestHandler,
    EngineApiService,
    ProxyMetrics,
    StreamFigures,
  ],
  exports: [StreamsModule, preflight, StreamFigures],
})
export class ProxyModule {}
