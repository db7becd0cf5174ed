export { unpack } from './gzip-body';
export { EngineHosts, OutboundModule } from './outbound.module';
export { type OutboundAnswer, type OutboundGet, OutboundRequests } from './outbound-requests';
export { OwnHosts } from './own-hosts.port';
