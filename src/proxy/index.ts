export { ProxyModule } from './proxy.module';
export { StreamShutdown } from './streams';
