export { Preflight, type MediaSample, type PreflightVerdict } from './preflight';
export { ProxyModule } from './proxy.module';
export { StreamShutdown } from './streams';
