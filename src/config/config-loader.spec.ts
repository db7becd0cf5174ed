import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type AppConfig, SETTINGS } from './app-config';
import { ConfigError, loadConfig, loadProcessConfig, resolveConfig } from './config-loader';
import { type Machine } from './machine';
import { fileVariable, type Setting } from './setting';

const GIB = 1024 ** 3;
const machine: Machine = { totalMemoryBytes: () => 8 * GIB, readText: () => null };

function problemsOf(load: () => unknown): readonly string[] {
  try {
    load();
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

describe('the table of settings', () => {
  it.each(Object.entries<Setting<unknown>>(SETTINGS))('has a default that parses: %s', (_, s) => {
    expect(s.type.parse(s.defaultText, machine)).not.toBeUndefined();
  });

  it.each(Object.entries<Setting<unknown>>(SETTINGS))(
    'names the field after the variable: %s',
    (field, s) => {
      const camel = s.variable
        .toLowerCase()
        .replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
      expect([camel, `${camel}Ms`, `${camel}Bytes`]).toContain(field);
      expect(field.endsWith('Ms')).toBe(s.type.allowed.startsWith('a duration'));
      expect(field.endsWith('Bytes')).toBe(s.type.allowed.startsWith('a size'));
    },
  );

  it('uses no name twice', () => {
    const settings = Object.values<Setting<unknown>>(SETTINGS);
    const own = settings.flatMap((s) => [s.variable, fileVariable(s)]);
    expect(new Set(own).size).toBe(own.length);
    // A variable of another program may decide several settings, but it is no name of ours.
    const aliases = settings.flatMap((s) => s.aliases.flatMap(({ names }) => names));
    expect(aliases.filter((name) => own.includes(name))).toEqual([]);
  });
});

describe('loadConfig', () => {
  it('has the documented defaults', () => {
    expect(loadConfig({}, machine)).toMatchObject({
      host: '::',
      port: 8000,
      apiKey: null,
      dataDir: './data',
      logLevel: 'info',
      logFormat: 'auto',
      publicUrl: null,
      trustedProxies: [],
      engineDriver: 'auto',
      engineAddresses: [],
      minReplicas: 2,
      minFreeReplicas: 1,
      maxReplicas: 6,
      enginesOnShutdown: 'keep',
      portRangeHost: { from: 19_000, to: 19_999 },
      vpnContainers: [],
      dockerHost: null,
      maxStreamsPerEngine: 3,
      engineWaitTimeoutMs: 60_000,
      selectionWeightForwarded: 1000,
      selectionWeightActiveStream: -10,
      selectionWeightUnhealthy: -1000,
      proxyBufferSizeBytes: 32 * 1024 ** 2,
      proxyBufferTtlMs: 60_000,
      proxyBufferTotalBytes: 2 * GIB,
      proxyJoinBehindMs: 3000,
      proxyGracePeriodMs: 10_000,
      proxyInitTimeoutMs: 60_000,
      proxyConnectionTimeoutMs: 10_000,
      proxyStallTimeoutMs: 15_000,
      proxySameEngineTimeoutMs: 1000,
      proxyOutageBudgetMs: 60_000,
      proxyKeepaliveAfterMs: 2000,
      proxyKeepaliveIntervalMs: 500,
      proxyRetryBaseMs: 1000,
      proxyRetryMaxMs: 10_000,
      negativeCacheTtlMs: 30_000,
      shutdownDrainMs: 5000,
      proxyMaxClients: 1500,
      proxyMaxClientsPerStream: 1000,
      proxyMaxClientsPerIp: 0,
      proxyMaxSessions: 150,
      proxyClientMaxLagMs: 20_000,
      proxyClientStallTimeoutMs: 300_000,
      allowUrlSelectors: false,
    } satisfies Partial<AppConfig>);
  });

  it('lists the players with a short read time-out by default', () => {
    const { proxyEarlyHeadersAgents } = loadConfig({}, machine);
    const isEarly = (agent: string) => proxyEarlyHeadersAgents.some((p) => p.test(agent));
    expect(isEarly('ExoPlayerDemo/2.18 (Linux; Android 13) ExoPlayerLib/2.18.1')).toBe(true);
    expect(isEarly('AndroidXMedia3/1.4.1')).toBe(true);
    expect(isEarly('TiviMate/5.1.0')).toBe(true);
    expect(isEarly('VLC/3.0.20 LibVLC/3.0.20')).toBe(false);
    expect(isEarly('Lavf/60.16.100')).toBe(false);
  });

  it.each<[string, string, keyof AppConfig, unknown]>([
    ['PROXY_GRACE_PERIOD', '500ms', 'proxyGracePeriodMs', 500],
    ['PROXY_GRACE_PERIOD', '2m', 'proxyGracePeriodMs', 120_000],
    ['PROXY_GRACE_PERIOD', '0', 'proxyGracePeriodMs', 0],
    ['PROXY_STALL_TIMEOUT', '15', 'proxyStallTimeoutMs', 15_000],
    ['PROXY_BUFFER_SIZE', '16MiB', 'proxyBufferSizeBytes', 16 * 1024 ** 2],
    ['PROXY_BUFFER_SIZE', '1000000', 'proxyBufferSizeBytes', 1_000_000],
    ['PROXY_BUFFER_TOTAL', '512M', 'proxyBufferTotalBytes', 512 * 1024 ** 2],
    ['PROXY_BUFFER_TOTAL', '50 %', 'proxyBufferTotalBytes', 4 * GIB],
    ['APP_PORT', '9000', 'port', 9000],
    ['PORT', '0', 'port', 0],
    ['HOST', '127.0.0.1', 'host', '127.0.0.1'],
    ['HOST', '[::1]', 'host', '::1'],
    ['HOST', 'localhost', 'host', 'localhost'],
    ['ALLOW_URL_SELECTORS', 'yes', 'allowUrlSelectors', true],
    ['LOG_LEVEL', 'DEBUG', 'logLevel', 'debug'],
    ['SELECTION_WEIGHT_ACTIVE_STREAM', '-25', 'selectionWeightActiveStream', -25],
    ['PUBLIC_URL', 'https://tv.example.org/fleet/', 'publicUrl', 'https://tv.example.org/fleet'],
    ['REDIS_URL', 'redis://redis', 'redisUrl', 'redis://redis'],
    ['REDIS_URL', 'redis://:p%23w@[::1]:6380/15', 'redisUrl', 'redis://:p%23w@[::1]:6380/15'],
    ['REDIS_URL', 'rediss://me:pw@r.example.org/', 'redisUrl', 'rediss://me:pw@r.example.org/'],
    ['TRUSTED_PROXIES', '10.0.0.0/8, ::1', 'trustedProxies', ['10.0.0.0/8', '::1']],
    ['TRUSTED_PROXIES', 'none', 'trustedProxies', []],
    ['PROXY_EARLY_HEADERS_AGENTS', 'none', 'proxyEarlyHeadersAgents', []],
    ['PROXY_EARLY_HEADERS_AGENTS', '^my.?player', 'proxyEarlyHeadersAgents', [/^my.?player/i]],
    ['PORT_RANGE_HOST', '20000-20009', 'portRangeHost', { from: 20_000, to: 20_009 }],
    [
      'VPN_CONTAINERS',
      'gluetun, vpn-2=19500-19999',
      'vpnContainers',
      [
        { name: 'gluetun', ports: null },
        { name: 'vpn-2', ports: { from: 19_500, to: 19_999 } },
      ],
    ],
    [
      'SWARM_CONSTRAINTS',
      'node.labels.engines==true, node.role != manager',
      'swarmConstraints',
      ['node.labels.engines==true', 'node.role != manager'],
    ],
    ['ENGINE_IMAGE', 'jopsis/aceserve:x64', 'engineImage', 'jopsis/aceserve:x64'],
    ['DOCKER_HOST', 'tcp://proxy:2375', 'dockerHost', 'tcp://proxy:2375'],
    ['DOCKER_HOST', 'http://10.0.0.2:80', 'dockerHost', 'http://10.0.0.2:80'],
    ['DOCKER_HOST', 'tcp://[fd00::5]:2375', 'dockerHost', 'tcp://[fd00::5]:2375'],
    ['DOCKER_HOST', 'unix:///run/docker.sock', 'dockerHost', 'unix:///run/docker.sock'],
    ['ENGINE_MEMORY_LIMIT', '0', 'engineMemoryLimitBytes', 0],
    ['ENGINE_MEMORY_LIMIT', '6MiB', 'engineMemoryLimitBytes', 6 * 1024 ** 2],
    ['ENGINE_ARGS', `--a 'b c'`, 'engineArgs', ['--a', 'b c']],
    [
      'ENGINE_ENV',
      `TZ=Europe/Rome "NOTE=b c" E=`,
      'engineEnv',
      ['TZ=Europe/Rome', 'NOTE=b c', 'E='],
    ],
    ['ENGINE_CPU_LIMIT', '1.5', 'engineCpuLimit', 1.5],
    ['ENGINE_CPU_LIMIT', '0', 'engineCpuLimit', 0],
    [
      'ENGINE_ADDRESSES',
      'Nas.lan:6878, [FD00::5]:6878:62062,10.0.0.2:1',
      'engineAddresses',
      [
        { host: 'nas.lan', port: 6878, apiPort: null },
        { host: 'fd00::5', port: 6878, apiPort: 62_062 },
        { host: '10.0.0.2', port: 1, apiPort: null },
      ],
    ],
  ])('%s=%s becomes %s', (variable, text, field, value) => {
    // Only this driver supports engines behind VPNs.
    const driver = { ENGINE_DRIVER: 'docker' };
    expect(loadConfig({ ...driver, [variable]: text }, machine)[field]).toEqual(value);
  });

  it.each<[string, string]>([
    ['PORT', '65536'],
    ['PORT', 'http'],
    ['APP_PORT', '-1'],
    ['HOST', 'not a host'],
    ['HOST', '256.0.0.1'],
    ['DATA_DIR', 'a\0b'],
    ['LOG_LEVEL', 'loud'],
    ['LOG_FORMAT', 'xml'],
    ['PUBLIC_URL', 'tv.example.org'],
    ['PUBLIC_URL', 'ftp://tv.example.org'],
    ['PUBLIC_URL', 'https://user@tv.example.org'],
    ['PUBLIC_URL', 'https://tv.example.org/?a=1'],
    ['TRUSTED_PROXIES', '10.0.0.0/33'],
    ['TRUSTED_PROXIES', 'proxy.example.org'],
    ['ENGINE_DRIVER', 'podman'],
    ['PORT_RANGE_HOST', '19999-19000'],
    ['PORT_RANGE_HOST', '80-90'],
    ['VPN_CONTAINERS', 'a,a'],
    ['VPN_CONTAINERS', 'a=1-2'],
    ['ENGINE_IMAGE', 'UPPER case'],
    ['DOCKER_HOST', 'ssh://host'],
    ['DOCKER_HOST', 'tcp://proxy'],
    ['DOCKER_HOST', 'tcp://proxy:99999'],
    ['DOCKER_HOST', 'tcp://proxy:0'],
    ['DOCKER_HOST', 'tcp://[fd00:2375'],
    ['DOCKER_HOST', 'tcp://user@proxy:2375'],
    ['DOCKER_HOST', 'tcp://proxy#1:2375'],
    ['ENGINE_MEMORY_LIMIT', '512'],
    ['ENGINE_MEMORY_LIMIT', '5MiB'],
    ['ENGINE_ARGS', "--name 'never closed"],
    ['ENGINE_CPU_LIMIT', '0.001'],
    ['ENGINE_CPU_LIMIT', '513'],
    ['ENGINE_CPU_LIMIT', '-1'],
    ['ENGINE_CPU_LIMIT', '1,5'],
    ['DOCKER_NETWORK', 'a b'],
    ['SWARM_CONSTRAINTS', 'node.role'],
    ['ENGINES_ON_SHUTDOWN', 'maybe'],
    ['MAX_REPLICAS', '0'],
    ['ENGINE_ADDRESSES', 'nas'],
    ['ENGINE_ADDRESSES', 'nas:0'],
    ['ENGINE_ADDRESSES', 'nas:6878:70000'],
    ['ENGINE_ADDRESSES', 'http://nas:6878'],
    ['ENGINE_ADDRESSES', 'nas/x:6878'],
    ['ENGINE_ADDRESSES', 'fd00::5:6878'],
    ['ENGINE_ADDRESSES', 'nas:6878,NAS:6878'],
    ['MIN_REPLICAS', '1.5'],
    ['MAX_STREAMS_PER_ENGINE', '0'],
    ['ENGINE_WAIT_TIMEOUT', '49ms'],
    ['PROXY_INIT_TIMEOUT', 'soon'],
    ['PROXY_INIT_TIMEOUT', '-5s'],
    ['PROXY_BUFFER_SIZE', '32 elephants'],
    ['PROXY_BUFFER_SIZE', '1KiB'],
    ['PROXY_BUFFER_SIZE', '25%'],
    ['PROXY_BUFFER_TOTAL', '95%'],
    ['PROXY_BUFFER_TOTAL', '0%'],
    ['PROXY_MAX_CLIENTS', '1e3'],
    ['PROXY_EARLY_HEADERS_AGENTS', 'Exo(Player'],
    ['ALLOW_URL_SELECTORS', 'maybe'],
    ['EVENT_LOG_SIZE', '0'],
  ])(
    '%s=%s stops with one line that names it, the value and the allowed values',
    (variable, text) => {
      const problems = problemsOf(() => loadConfig({ [variable]: text }, machine));
      expect(problems).toHaveLength(1);
      expect(problems[0]).toMatch(new RegExp(`^${variable}=`));
      expect(problems[0]).toContain(JSON.stringify(text));
      expect(problems[0]).toMatch(/allowed is .+/);
      expect(problems[0]).not.toContain('\n');
    },
  );

  it('names every wrong variable at once', () => {
    const problems = problemsOf(() =>
      loadConfig({ PORT: 'x', PROXY_GRACE_PERIOD: 'y', HOST: 'z z' }, machine),
    );
    expect(problems.map((line) => line.split('=')[0])).toEqual([
      'HOST',
      'PORT',
      'PROXY_GRACE_PERIOD',
    ]);
  });

  it('keeps a value with line breaks and of any length on one short line', () => {
    const [line] = problemsOf(() => loadConfig({ LOG_LEVEL: `a\nb${'c'.repeat(5000)}` }, machine));
    expect(line).not.toContain('\n');
    expect(line?.length).toBeLessThan(300);
  });

  it('never prints a secret', () => {
    const [line] = problemsOf(() => loadConfig({ API_KEY: 'two words' }, machine));
    expect(line).toMatch(/^API_KEY=\(hidden\)/);
    expect(line).not.toContain('two words');
  });

  it.each([
    'redis.example.org:6379',
    'http://redis.example.org',
    'redis://:secret@',
    'redis:///3',
    'redis://redis/three',
    'redis://redis:99999',
    'redis://:pass#word@redis',
    'redis://:pass/word@redis',
    'redis://:100%@redis',
    'redis://redis?family=6',
    'redis://re\ndis',
  ])('refuses %s as the address of a Redis server, without printing it', (text) => {
    const [line, ...others] = problemsOf(() => loadConfig({ REDIS_URL: text }, machine));
    expect(line).toMatch(/^REDIS_URL=\(hidden\) is not valid: allowed is redis:\/\/host:port/);
    expect(line).not.toContain(text);
    expect(others).toEqual([]);
  });

  it('treats an empty variable as not set', () => {
    expect(loadConfig({ PORT: '', APP_PORT: '9000', LOG_LEVEL: ' ' }, machine)).toMatchObject({
      port: 9000,
      logLevel: 'info',
    });
  });

  it('requires addresses for the static driver', () => {
    const problems = problemsOf(() => loadConfig({ ENGINE_DRIVER: 'static' }, machine));
    expect(problems).toEqual([expect.stringMatching(/^ENGINE_ADDRESSES="".*static.*host:port/)]);
  });

  it.each(['auto', 'swarm', 'static', 'simulator'])(
    'refuses engines behind VPNs with the driver %s: they join networks of containers',
    (driver) => {
      const variables = {
        ENGINE_DRIVER: driver,
        ENGINE_ADDRESSES: '127.0.0.1:6878',
        VPN_CONTAINERS: 'vpn-1,vpn-2=19500-19999',
      };
      const problems = problemsOf(() => loadConfig(variables, machine));
      expect(problems).toEqual([
        `VPN_CONTAINERS="vpn-1,vpn-2" is not valid with ENGINE_DRIVER=${driver}: allowed is none, because only engines of ENGINE_DRIVER=docker can join the network of a container`,
      ]);
      expect(
        problemsOf(() => loadConfig({ ...variables, ENGINE_DRIVER: 'docker' }, machine)),
      ).toEqual([]);
    },
  );

  it("keeps the control server's port out of those for engines, which share the network", () => {
    const problemsWith = (vpns: string, more = {}) =>
      problemsOf(() =>
        loadConfig({ ENGINE_DRIVER: 'docker', VPN_CONTAINERS: vpns, ...more }, machine),
      );
    expect(problemsWith('a=9000-9099,b=7900-8000')).toEqual([
      'VPN_CONTROL_PORT=8000 is not valid: allowed is a port outside of 7900-8000, which is for engines behind b',
    ]);
    expect(problemsWith('a', { PORT_RANGE_HOST: '8000-8999' })).toHaveLength(1);
    expect(problemsWith('a=8001-8100', { PORT_RANGE_HOST: '7000-8100' })).toEqual([]);
  });

  it('requires an image for the generic profile', () => {
    const variables = { ENGINE_PROFILE: 'generic' };
    const problems = problemsOf(() => loadConfig(variables, machine));
    expect(problems).toEqual([expect.stringMatching(/^ENGINE_IMAGE="".*generic.*reference/)]);
    for (const more of [{ ENGINE_IMAGE: 'lan/engine' }, { ENGINE_DRIVER: 'simulator' }]) {
      expect(problemsOf(() => loadConfig({ ...variables, ...more }, machine))).toEqual([]);
    }
  });

  it('refuses fewer engines at most than at least', () => {
    const problems = problemsOf(() =>
      loadConfig({ MIN_REPLICAS: '5', MAX_REPLICAS: '4' }, machine),
    );
    expect(problems).toEqual([expect.stringMatching(/^MAX_REPLICAS=4 .*MIN_REPLICAS.* 5/)]);
  });

  it('refuses a longest wait below the first one', () => {
    const problems = problemsOf(() =>
      loadConfig({ PROXY_RETRY_BASE: '2s', PROXY_RETRY_MAX: '1s' }, machine),
    );
    expect(problems).toEqual([expect.stringMatching(/^PROXY_RETRY_MAX=1000ms.*2000ms/)]);
  });
});

describe('resolveConfig', () => {
  it('warns of a name that resembles a setting, and of no other', () => {
    const variables = {
      PROXY_GRACE_PERIODE: '5s',
      PROXY_PASSWORD: 'x',
      ENGINE_DRVER: 'a',
      PTAH: 'x',
    };
    const { warnings, config } = resolveConfig([{ place: '', variables }], machine);
    expect(warnings).toEqual([
      expect.stringMatching(/^PROXY_GRACE_PERIODE .*PROXY_GRACE_PERIOD\?$/),
      expect.stringMatching(/^ENGINE_DRVER .*ENGINE_DRIVER\?$/),
    ]);
    expect(config.proxyGracePeriodMs).toBe(10_000);
  });
});

describe('addresses of engines', () => {
  it.each(['docker', 'swarm', 'simulator'])(
    'are reported as ignored with the driver %s',
    (name) => {
      const variables = { ENGINE_DRIVER: name, ENGINE_ADDRESSES: 'nas:6878' };
      expect(resolveConfig([{ place: '', variables }], machine).warnings).toEqual([
        `ENGINE_ADDRESSES is ignored with ENGINE_DRIVER=${name}: it needs ENGINE_DRIVER=static`,
      ]);
    },
  );

  it.each(['auto', 'static'])('are used with the driver %s', (name) => {
    const variables = { ENGINE_DRIVER: name, ENGINE_ADDRESSES: 'nas:6878' };
    expect(resolveConfig([{ place: '', variables }], machine).warnings).toEqual([]);
  });
});

describe('loadProcessConfig', () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'config-'))));
  afterEach(() => rmSync(folder, { recursive: true }));

  it('reads .env with lower priority than the environment, whichever alias either uses', () => {
    writeFileSync(join(folder, '.env'), '# ours\nPORT=7000\nLOG_LEVEL="warn"\nMIN_REPLICAS=4\n');
    const { config } = loadProcessConfig(folder, { APP_PORT: '9000', MIN_REPLICAS: '' });
    expect(config).toMatchObject({ port: 9000, logLevel: 'warn', minReplicas: 4 });
  });

  it('works without the file', () => {
    expect(loadProcessConfig(folder, {}).config.port).toBe(8000);
  });

  it('reports that a problem is in the file', () => {
    writeFileSync(join(folder, '.env'), 'PORT=many\n');
    expect(problemsOf(() => loadProcessConfig(folder, {}))).toEqual([
      expect.stringMatching(/^PORT="many" in \.env is not valid/),
    ]);
  });

  it('stops when the file exists but cannot be read', () => {
    mkdirSync(join(folder, '.env'));
    expect(problemsOf(() => loadProcessConfig(folder, {}))).toEqual([
      expect.stringContaining('EISDIR'),
    ]);
  });
});
