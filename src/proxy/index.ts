export { Preflight, type MediaSample, type PreflightVerdict } from './preflight';
export { toSessionDto, toViewerDto } from './http/stream-mapping';
export { isLiveStream, runwayOf } from './live';
export { ProxyModule } from './proxy.module';
export { StreamRegistry, StreamShutdown } from './streams';
