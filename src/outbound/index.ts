// Without the Nest module: threads import this file, and would load the framework.
export { unpack } from './gzip-body';
export { type OutboundAnswer, type OutboundGet, OutboundRequests } from './outbound-requests';
export { type OwnHost } from './target-rules';
export { OwnHosts } from './own-hosts.port';
