import { listenAddressAlias, switchAlias } from '../predecessor-aliases';
import { setting } from '../setting';
import {
  duration,
  folder,
  integer,
  listenHost,
  oneOf,
  optionalText,
  publicAddress,
  redisAddress,
} from '../value-types';
import { networks, outboundTargets } from '../list-types';

export const serverSettings = {
  host: setting({
    variable: 'HOST',
    aliases: [
      listenAddressAlias('PROXY_LISTEN_ADDR', 'host'),
      listenAddressAlias('ACEXY_LISTEN_ADDR', 'host'),
    ],
    type: listenHost(),
    defaultText: '::',
    change: 'environment_only',
    description:
      'Address to listen on; `::` means all addresses, IPv6 and IPv4. Anyone who can reach it can open streams.',
  }),
  port: setting({
    variable: 'PORT',
    aliases: [
      'APP_PORT',
      listenAddressAlias('PROXY_LISTEN_ADDR', 'port'),
      listenAddressAlias('ACEXY_LISTEN_ADDR', 'port'),
    ],
    type: integer(0, 65_535),
    defaultText: '8000',
    change: 'environment_only',
    description: 'Port to listen on; 0 takes any free one.',
  }),
  publicUrl: setting({
    variable: 'PUBLIC_URL',
    type: publicAddress(),
    defaultText: '',
    description: 'Address at which clients reach acefleet. Not set: it is taken from each request.',
  }),
  trustedProxies: setting({
    variable: 'TRUSTED_PROXIES',
    type: networks(),
    defaultText: 'none',
    change: 'environment_only',
    description:
      'Reverse proxies whose X-Forwarded-* headers are trusted. They are exempt from the limits per client address.',
  }),
  apiKey: setting({
    variable: 'API_KEY',
    type: optionalText(/^[\x21-\x7e]{1,256}$/, '1 to 256 visible ASCII characters without spaces'),
    defaultText: '',
    change: 'environment_only',
    isSecret: true,
    description:
      'Main key of the admin API ([API keys](keys.md)); use 16 characters or more. Not set: a key is generated at the first start and kept in DATA_DIR; `acefleet key` shows it.',
  }),
  dataDir: setting({
    variable: 'DATA_DIR',
    type: folder(),
    defaultText: './data',
    change: 'environment_only',
    description: 'Folder for data that outlives a restart.',
  }),
  redisUrl: setting({
    variable: 'REDIS_URL',
    type: redisAddress(),
    defaultText: '',
    change: 'environment_only',
    isSecret: true,
    description:
      'Redis server for copies of delayed jobs ([Redis](redis.md)). Not set: jobs are kept in this process only. Several instances with the same Redis server do not share streams or engines yet.',
  }),
  otelExporterOtlpEndpoint: setting({
    variable: 'OTEL_EXPORTER_OTLP_ENDPOINT',
    type: optionalText(/^https?:\/\/[^\s@]+$/, 'http://host:port or https://host:port'),
    defaultText: '',
    change: 'environment_only',
    description:
      'Receiver of [traces](metrics.md#traces) over OTLP/HTTP, such as `http://collector:4318`; `/v1/traces` is appended. Not set: no traces are recorded.',
  }),
  outboundAllow: setting({
    variable: 'OUTBOUND_ALLOW',
    type: outboundTargets(),
    change: 'environment_only',
    defaultText: 'none',
    description:
      'Targets of outbound requests (guides, playlists, webhooks) that are refused otherwise: loopback, link-local, cloud metadata and multicast addresses, and the hosts of engines, Redis and Docker.',
  }),
  logLevel: setting({
    variable: 'LOG_LEVEL',
    aliases: ['ACEXY_LOG_LEVEL', switchAlias('DEBUG_MODE', 'debug', '')],
    type: oneOf('fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'),
    defaultText: 'info',
    description: 'Lowest level that is logged.',
  }),
  logFormat: setting({
    variable: 'LOG_FORMAT',
    type: oneOf('auto', 'pretty', 'json'),
    defaultText: 'auto',
    change: 'after_restart',
    description:
      'Format of the log. `auto`: `pretty` on a terminal, else one JSON object per line.',
  }),
  shutdownDrainMs: setting({
    variable: 'SHUTDOWN_DRAIN',
    type: duration('0s', '10m'),
    defaultText: '5s',
    description:
      'Viewers still receive media for this long after SIGTERM; then their connections are reset.',
  }),
  eventLogSize: setting({
    variable: 'EVENT_LOG_SIZE',
    type: integer(1, 1_000_000),
    defaultText: '100000',
    description:
      'How many events the event log keeps. 100,000 events take 20 to 50 MB in DATA_DIR. Older ones are removed within a minute.',
  }),
  eventLogDays: setting({
    variable: 'EVENT_LOG_DAYS',
    type: integer(1, 3650),
    defaultText: '30',
    description: 'For how many days the event log keeps events.',
  }),
  historyDays: setting({
    variable: 'HISTORY_DAYS',
    type: integer(1, 1825),
    defaultText: '365',
    description:
      'Days for which the [history](history.md) of streams, and the hourly values of the installation, are kept.',
  }),
  webhookHoldMs: setting({
    variable: 'WEBHOOK_HOLD',
    type: duration('0s', '10m'),
    defaultText: '10s',
    description:
      'How long a problem must last before [webhooks](webhooks.md) tell of it. A problem that acefleet has repaired by then causes no notice.',
  }),
};
