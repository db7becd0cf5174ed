export { Preflight, type MediaSample, type PreflightVerdict } from './preflight';
export { ProxyModule } from './proxy.module';
export { type RunningStream, StreamFigures, type StreamSums } from './stream-figures';
export { END_REASONS, StreamShutdown, type StreamState } from './streams';
