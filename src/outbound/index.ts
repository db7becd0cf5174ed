// The Nest module is not exported here: threads import this file, and would load the framework with it.
export { unpack } from './gzip-body';
export { type OutboundAnswer, type OutboundGet, OutboundRequests } from './outbound-requests';
export { reachedAddress, refusedKind } from './network-address';
export { type OwnHost } from './target-rules';
export { OwnHosts } from './own-hosts.port';
