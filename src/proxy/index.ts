export { Preflight, type MediaSample, type PreflightVerdict } from './preflight';
export { toSessionDto, toViewerDto } from './http/stream-mapping';
export { isLiveStream, runwayOf } from './live';
export { ProxyModule } from './proxy.module';
export { type RunningStream, StreamFigures, type StreamSums } from './stream-figures';
export { END_REASONS, StreamRegistry, StreamShutdown, type StreamState } from './streams';
