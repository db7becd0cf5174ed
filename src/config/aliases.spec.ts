import { type AppConfig } from './app-config';
import { ConfigError, type LoadedConfig, resolveConfig } from './config-loader';
import { type Environment } from './given-value';
import { type Machine } from './machine';

const machine: Machine = { totalMemoryBytes: () => 8 * 1024 ** 3, readText: () => null };

function load(env: Environment, file: Environment = {}): LoadedConfig {
  const sources = [
    { place: '', variables: env },
    { place: ' in .env', variables: file },
  ];
  return resolveConfig(sources, machine);
}

function problemsOf(env: Environment): readonly string[] {
  try {
    load(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

describe('variables of other programs', () => {
  it.each<[string, string, Partial<AppConfig>, string]>([
    ['APP_PORT', '9000', { port: 9000 }, 'PORT=9000'],
    ['PROXY_LISTEN_ADDR', ':9000', { host: '::', port: 9000 }, 'PORT=9000'],
    [
      'ACEXY_LISTEN_ADDR',
      '127.0.0.1:8080',
      { host: '127.0.0.1', port: 8080 },
      'HOST=127.0.0.1 and PORT=8080',
    ],
    ['ACEXY_LISTEN_ADDR', '[::1]:80', { host: '::1', port: 80 }, 'HOST=[::1] and PORT=80'],
    ['ACEXY_LOG_LEVEL', 'WARN', { logLevel: 'warn' }, 'LOG_LEVEL=WARN'],
    ['DEBUG_MODE', 'true', { logLevel: 'debug' }, 'LOG_LEVEL=debug'],
    ['DEBUG_MODE', 'false', { logLevel: 'info' }, 'LOG_LEVEL'],
    ['ACEXY_MAX_STREAMS_PER_ENGINE', '5', { maxStreamsPerEngine: 5 }, 'MAX_STREAMS_PER_ENGINE=5'],
    ['ACESTREAM_STREAMS_PER_INSTANCE', '4', { maxStreamsPerEngine: 4 }, 'MAX_STREAMS_PER_ENGINE=4'],
    [
      'HEALTH_CHECK_INTERVAL_S',
      '20',
      { engineProbeIntervalMs: 20_000 },
      'ENGINE_PROBE_INTERVAL=20',
    ],
    [
      'ENGINE_MAX_UPLOAD_RATE',
      '500',
      { engineMaxUploadBps: 4_000_000 },
      'ENGINE_MAX_UPLOAD_BPS=4000000',
    ],
    ['ENGINE_MAX_DOWNLOAD_RATE', '0', { engineMaxDownloadBps: 0 }, 'ENGINE_MAX_DOWNLOAD_BPS=0'],
    ['HEALTH_FAILURE_THRESHOLD', '5', { engineUnhealthyAfter: 5 }, 'ENGINE_UNHEALTHY_AFTER=5'],
    [
      'ACESTREAM_CONTAINER_FAILURE_THRESHOLD',
      '2',
      { engineUnhealthyAfter: 2 },
      'ENGINE_UNHEALTHY_AFTER=2',
    ],
    ['ACESTREAM_MIN_REPLICAS', '1', { minReplicas: 1 }, 'MIN_REPLICAS=1'],
    ['ACESTREAM_MAX_REPLICAS', '3', { maxReplicas: 3 }, 'MAX_REPLICAS=3'],
    ['ENGINE_GRACE_PERIOD_S', '30', { engineGracePeriodMs: 30_000 }, 'ENGINE_GRACE_PERIOD=30'],
    ['ACESTREAM_IDLE_TIMEOUT', '5m', { engineGracePeriodMs: 300_000 }, 'ENGINE_GRACE_PERIOD=5m'],
    ['AUTOSCALE_INTERVAL_S', '30', { autoscaleIntervalMs: 30_000 }, 'AUTOSCALE_INTERVAL=30'],
    ['STARTUP_TIMEOUT_S', '25', { engineStartTimeoutMs: 25_000 }, 'ENGINE_START_TIMEOUT=25'],
    ['MAX_CONCURRENT_PROVISIONS', '5', { engineParallelStarts: 5 }, 'ENGINE_PARALLEL_STARTS=5'],
    [
      'HEALTH_REPLACEMENT_COOLDOWN_S',
      '70',
      { engineReplacementCooldownMs: 70_000 },
      'ENGINE_REPLACEMENT_COOLDOWN=70',
    ],
    [
      'CIRCUIT_BREAKER_RECOVERY_TIMEOUT_S',
      '200',
      { circuitBreakerRecoveryTimeoutMs: 200_000 },
      'CIRCUIT_BREAKER_RECOVERY_TIMEOUT=200',
    ],
    ['GLUETUN_API_PORT', '8001', { vpnControlPort: 8001 }, 'VPN_CONTROL_PORT=8001'],
    [
      'GLUETUN_HEALTH_CHECK_INTERVAL_S',
      '0.25',
      { vpnCheckIntervalMs: 250 },
      'VPN_CHECK_INTERVAL=0.25',
    ],
    [
      'MAX_CLIENTS_PER_STREAM',
      '100',
      { proxyMaxClientsPerStream: 100 },
      'PROXY_MAX_CLIENTS_PER_STREAM=100',
    ],
    ['MAX_TOTAL_STREAMS', '120', { proxyMaxSessions: 120 }, 'PROXY_MAX_SESSIONS=120'],
    ['ACEXY_EMPTY_TIMEOUT', '30s', { proxyStallTimeoutMs: 30_000 }, 'PROXY_STALL_TIMEOUT=30s'],
    ['STREAM_LOOP_DETECTION_ENABLED', 'true', { loopDetection: 'stop' }, 'LOOP_DETECTION=stop'],
    ['STREAM_LOOP_DETECTION_ENABLED', 'false', { loopDetection: 'off' }, 'LOOP_DETECTION=off'],
    [
      'STREAM_LOOP_DETECTION_THRESHOLD_S',
      '7200',
      { loopStaleBehindMs: 7_200_000 },
      'LOOP_STALE_BEHIND=7200',
    ],
    [
      'ACESTREAM_IMAGE',
      'lan/engine:1',
      { engineImage: 'lan/engine:1' },
      'ENGINE_IMAGE=lan/engine:1',
    ],
    [
      'ENGINE_VARIANT',
      'krinkuto11-amd64',
      { engineProfile: 'acestream-http-proxy', engineImage: null },
      'ENGINE_PROFILE=acestream-http-proxy',
    ],
    [
      'ENGINE_VARIANT',
      'jopsis-arm64',
      { engineProfile: 'aceserve', engineImage: null },
      'ENGINE_PROFILE=aceserve',
    ],
    [
      'ENGINE_VARIANT',
      'AceServe-arm32',
      { engineProfile: 'aceserve', engineImage: null },
      'ENGINE_PROFILE=aceserve',
    ],
    [
      'ENGINE_VARIANT',
      'ghcr.io/me/engine:2',
      { engineProfile: 'auto', engineImage: 'ghcr.io/me/engine:2' },
      'ENGINE_IMAGE=ghcr.io/me/engine:2',
    ],
  ])('%s=%s sets its counterpart, with one warning', (name, text, expected, replacement) => {
    const { config, warnings } = load({ [name]: text });
    expect(config).toMatchObject(expected);
    expect(warnings).toEqual([`${name} is deprecated: use ${replacement}`]);
  });

  it.each<[Environment, AppConfig['engineAddresses'][number], string]>([
    [
      { ACEXY_HOST: 'nas', ACEXY_PORT: '6879' },
      { host: 'nas', port: 6879, apiPort: null },
      'ACEXY_HOST and ACEXY_PORT are deprecated: use ENGINE_ADDRESSES=nas:6879',
    ],
    [
      { ACEXY_HOST: 'nas' },
      { host: 'nas', port: 6878, apiPort: null },
      'ACEXY_HOST is deprecated: use ENGINE_ADDRESSES=nas:6878',
    ],
    [
      { ACEXY_PORT: '6880' },
      { host: 'localhost', port: 6880, apiPort: null },
      'ACEXY_PORT is deprecated: use ENGINE_ADDRESSES=localhost:6880',
    ],
  ])('%j is the engine', (env, address, warning) => {
    const { config, warnings } = load({ ...env, ENGINE_DRIVER: 'static' });
    expect(config.engineAddresses).toEqual([address]);
    expect(warnings).toEqual([warning]);
  });

  it.each<[Environment, string, string]>([
    [
      { GLUETUN_CONTAINER_NAME: 'vpn' },
      'vpn',
      'GLUETUN_CONTAINER_NAME is deprecated: use VPN_CONTAINERS=vpn',
    ],
    [
      { GLUETUN_CONTAINER_NAME: 'a', GLUETUN_CONTAINER_NAME_2: 'b' },
      'a,b',
      'GLUETUN_CONTAINER_NAME and GLUETUN_CONTAINER_NAME_2 are deprecated: use VPN_CONTAINERS=a,b',
    ],
    [
      {
        GLUETUN_CONTAINER_NAME: 'a',
        GLUETUN_CONTAINER_NAME_2: 'b',
        GLUETUN_PORT_RANGE_1: '19000-19499',
        GLUETUN_PORT_RANGE_2: '19500-19999',
      },
      'a=19000-19499,b=19500-19999',
      'GLUETUN_CONTAINER_NAME, GLUETUN_PORT_RANGE_1, GLUETUN_CONTAINER_NAME_2 and GLUETUN_PORT_RANGE_2 are deprecated: use VPN_CONTAINERS=a=19000-19499,b=19500-19999',
    ],
    [
      { GLUETUN_PORT_RANGE_1: '19000-19499' },
      '',
      'GLUETUN_PORT_RANGE_1 is deprecated: use VPN_CONTAINERS',
    ],
  ])('%j are VPN containers', (env, text, warning) => {
    const driver = { ENGINE_DRIVER: 'docker' };
    const { config, warnings } = load({ ...driver, ...env });
    expect(config.vpnContainers).toEqual(
      load({ ...driver, VPN_CONTAINERS: text }).config.vpnContainers,
    );
    expect(warnings).toEqual([warning]);
  });

  it('lose against the new name, and the warning says so', () => {
    const { config, warnings } = load({
      ...{ PORT: '7000', APP_PORT: '9000', ACEXY_LISTEN_ADDR: '127.0.0.1:8080' },
      ...{ LOOP_DETECTION: 'failover', STREAM_LOOP_DETECTION_ENABLED: 'maybe' },
    });
    expect(config).toMatchObject({ host: '127.0.0.1', port: 7000, loopDetection: 'failover' });
    expect(warnings).toEqual([
      'ACEXY_LISTEN_ADDR is deprecated: use HOST=127.0.0.1 and PORT (PORT is set and wins)',
      'APP_PORT is deprecated: use PORT (PORT is set and wins)',
      'STREAM_LOOP_DETECTION_ENABLED is deprecated: use LOOP_DETECTION (LOOP_DETECTION is set and wins)',
    ]);
  });

  it('lose against another alias that is listed before them', () => {
    const { config, warnings } = load({ APP_PORT: '9000', ACEXY_LISTEN_ADDR: ':8080' });
    expect(config.port).toBe(9000);
    expect(warnings).toEqual([
      'ACEXY_LISTEN_ADDR is deprecated: use PORT (APP_PORT is set and wins)',
      'APP_PORT is deprecated: use PORT=9000',
    ]);
  });

  it('follow the priority of their sources', () => {
    const { config, warnings } = load(
      { MIN_REPLICAS: '4', APP_PORT: '9000', ACEXY_HOST: 'nas' },
      { ACESTREAM_MIN_REPLICAS: '5', PORT: '7000', ACEXY_PORT: '6879', MAX_TOTAL_STREAMS: '' },
    );
    expect(config).toMatchObject({
      minReplicas: 4,
      port: 9000,
      engineAddresses: [{ host: 'nas', port: 6879 }],
    });
    expect(warnings).toEqual([
      'APP_PORT is deprecated: use PORT=9000',
      'ACEXY_HOST and ACEXY_PORT in .env are deprecated: use ENGINE_ADDRESSES=nas:6879',
      'ACESTREAM_MIN_REPLICAS in .env is deprecated: use MIN_REPLICAS (MIN_REPLICAS is set and wins)',
    ]);
  });

  it.each<[Environment, string]>([
    [{ APP_PORT: 'x' }, 'APP_PORT="x" is not valid: allowed is a whole number from 0 to 65535'],
    [
      { ACEXY_LISTEN_ADDR: '8080' },
      'ACEXY_LISTEN_ADDR="8080" is not valid: allowed is an address with a port from 0 to 65535, such as :8080 or 127.0.0.1:8080',
    ],
    [
      { PROXY_LISTEN_ADDR: ':65536' },
      'PROXY_LISTEN_ADDR=":65536" is not valid: allowed is an address with a port from 0 to 65535, such as :8080 or 127.0.0.1:8080',
    ],
    [
      { DEBUG_MODE: 'loud' },
      'DEBUG_MODE="loud" is not valid: allowed is true or false (also yes, on, 1 and no, off, 0)',
    ],
    [
      { ACEXY_HOST: 'nas', ACEXY_PORT: '0' },
      'ACEXY_HOST="nas" with ACEXY_PORT="0" is not valid: allowed is an IP address or a host name (IPv6 in brackets), and a port from 1 to 65535',
    ],
    [
      { GLUETUN_CONTAINER_NAME: 'vpn', GLUETUN_PORT_RANGE_1: '80-90' },
      'GLUETUN_CONTAINER_NAME="vpn" with GLUETUN_PORT_RANGE_1="80-90" is not valid: allowed is the names of one or two different containers, and port ranges from 1024 to 65535, such as 19000-19499',
    ],
    [
      { ENGINE_VARIANT: 'My Variant' },
      'ENGINE_VARIANT="My Variant" is not valid: allowed is krinkuto11-amd64, jopsis-amd64, AceServe-amd64 (the last two also with arm32 and arm64) or an image reference',
    ],
    [
      { MIN_REPLICAS: '5', ACESTREAM_MAX_REPLICAS: '4' },
      'ACESTREAM_MAX_REPLICAS=4 is not valid: allowed is at least MIN_REPLICAS, which is 5',
    ],
    [
      { GLUETUN_CONTAINER_NAME: 'vpn', ENGINE_DRIVER: 'simulator' },
      'GLUETUN_CONTAINER_NAME="vpn" is not valid with ENGINE_DRIVER=simulator: allowed is none, because only engines of ENGINE_DRIVER=docker can join the network of a container',
    ],
  ])('%j stops with one line that names what the operator wrote', (env, line) => {
    expect(problemsOf(env)).toEqual([line]);
  });

  it('are named when they have no effect', () => {
    const { warnings } = load({ ACEXY_HOST: 'nas', ENGINE_DRIVER: 'docker' });
    expect(warnings).toEqual([
      'ACEXY_HOST is deprecated: use ENGINE_ADDRESSES=nas:6878',
      'ACEXY_HOST is ignored with ENGINE_DRIVER=docker: it needs ENGINE_DRIVER=static',
    ]);
  });
});
