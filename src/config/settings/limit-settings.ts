import { setting } from '../setting';
import { duration, integer, rateOrNone } from '../value-types';

export const limitSettings = {
  proxyMaxClients: setting({
    variable: 'PROXY_MAX_CLIENTS',
    type: integer(1, 100_000),
    defaultText: '1500',
    description:
      'Maximum number of viewers. The limit of connections is 2500 higher, but at most the limit of open files (`ulimit -n`) minus 256.',
  }),
  proxyMaxClientsPerStream: setting({
    variable: 'PROXY_MAX_CLIENTS_PER_STREAM',
    aliases: ['MAX_CLIENTS_PER_STREAM'],
    type: integer(1, 100_000),
    defaultText: '1000',
    description: 'Maximum number of viewers per stream.',
  }),
  proxyMaxClientsPerIp: setting({
    variable: 'PROXY_MAX_CLIENTS_PER_IP',
    type: integer(0, 100_000),
    defaultText: '0',
    description:
      'Maximum number of viewers per client address; 0: no limit. Loopback and TRUSTED_PROXIES are exempt.',
  }),
  proxyMaxStartsPerIp: setting({
    variable: 'PROXY_MAX_STARTS_PER_IP',
    type: integer(0, 1_000_000),
    defaultText: '600',
    description:
      'Maximum number of streams that requests of one client address start, and of contents that they check, per minute; 0: no limit. Viewers who join a running stream do not count. Loopback and TRUSTED_PROXIES are exempt.',
  }),
  apiMaxRequestsPerIp: setting({
    variable: 'API_MAX_REQUESTS_PER_IP',
    type: integer(0, 1_000_000),
    defaultText: '1200',
    description:
      'Maximum number of requests to the admin API per client address and minute, for each API key and for all requests without a right key; 0: no limit. Loopback and TRUSTED_PROXIES are exempt.',
  }),
  proxyMaxSessions: setting({
    variable: 'PROXY_MAX_SESSIONS',
    aliases: ['MAX_TOTAL_STREAMS'],
    type: integer(1, 10_000),
    defaultText: '150',
    description: 'Maximum number of contents that are served at once.',
  }),
  maxEgressBps: setting({
    variable: 'MAX_EGRESS_BPS',
    type: rateOrNone(),
    defaultText: '0',
    description:
      'Bits per second that all viewers together may take, by the measured bit rates of their streams; 0: no limit. A viewer who would exceed it gets 503 `egress_limit`; present viewers are not affected.',
  }),
  proxyMaxStreamBps: setting({
    variable: 'PROXY_MAX_STREAM_BPS',
    type: rateOrNone(),
    defaultText: '0',
    description:
      'Highest measured bit rate of a stream, in bits per second, that one viewer may take; 0: no limit. New viewers of other streams get 503 `bitrate_limit`; present viewers are not affected.',
  }),
  proxyClientMaxLagMs: setting({
    variable: 'PROXY_CLIENT_MAX_LAG',
    type: duration('500ms', '1h'),
    defaultText: '20s',
    description:
      'A viewer that has fallen this much behind live (in seconds of media) jumps forward.',
  }),
  proxyClientStallTimeoutMs: setting({
    variable: 'PROXY_CLIENT_STALL_TIMEOUT',
    type: duration('50ms', '1d'),
    defaultText: '5m',
    description:
      'A viewer that has read no byte for this long is reset. After 15 s it counts as paused; when PROXY_BUFFER_TOTAL is reached, the viewer that has been paused longest is reset first. The transfer of an HLS segment is reset after 15 s, or after this time if it is shorter.',
  }),
};
