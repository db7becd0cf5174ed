import fc from 'fast-check';
import { loadConfig } from '../../../config';
import { type EnginePorts } from './engine-ports';
import { engineRecipe, specHash, type SpecValue } from './engine-recipe';

const recipe = (
  env: Record<string, string> = {},
  runtime: 'docker' | 'swarm' = 'docker',
  architecture: string | null = null,
) => engineRecipe(loadConfig(env), runtime, architecture);

/** Ports as engines behind one VPN get them. */
const SHARED: EnginePorts = { http: 19_001, https: null, api: 19_002, p2p: 51_820 };

describe('the image and command of engines', () => {
  it.each([
    [{}, 'ghcr.io/martinbjeldbak/acestream-http-proxy:latest'],
    [{ ENGINE_PROFILE: 'aceserve' }, 'jopsis/aceserve:latest'],
    [{ ENGINE_IMAGE: 'engine' }, 'engine:latest'],
    [{ ENGINE_IMAGE: 'registry.lan:5000/engine' }, 'registry.lan:5000/engine:latest'],
    [{ ENGINE_IMAGE: 'registry.lan:5000/engine:1.2' }, 'registry.lan:5000/engine:1.2'],
    [{ ENGINE_IMAGE: 'lan/engine@sha256:0a' }, 'lan/engine@sha256:0a'],
  ])('%j: the image is %s', (env, reference) => {
    expect(recipe(env).imageReference).toBe(reference);
  });

  it.each([
    [{}, 'x86_64', true],
    [{}, 'amd64', true],
    [{}, 'aarch64', false],
    [{}, 'riscv64', false],
    [{}, 'toString', false],
    [{ ENGINE_PROFILE: 'aceserve' }, 'aarch64', true],
    [{ ENGINE_PROFILE: 'aceserve' }, 'x86_64', true],
    [{ ENGINE_PROFILE: 'aceserve' }, 'armv7l', true],
    [{ ENGINE_PROFILE: 'aceserve' }, 'riscv64', false],
    [{ ENGINE_IMAGE: 'lan/engine' }, 'aarch64', true],
    [{ ENGINE_IMAGE: 'lan/engine' }, 'riscv64', true],
  ])('%j on %s: may run is %s', (env, architecture, mayRun) => {
    const objection = recipe(env).imageObjection(architecture);
    if (mayRun) expect(objection).toBeNull();
    else expect(objection).toMatch(new RegExp(`not built for ${architecture}`));
  });

  it.each<[string | null, Record<string, string>, string]>([
    ['amd64', {}, 'acestream-http-proxy'],
    ['x86_64', {}, 'acestream-http-proxy'],
    ['arm64', {}, 'aceserve'],
    ['aarch64', {}, 'aceserve'],
    ['arm', {}, 'aceserve'],
    ['armv7l', {}, 'aceserve'],
    ['riscv64', {}, 'acestream-http-proxy'],
    ['toString', {}, 'acestream-http-proxy'],
    [null, {}, 'acestream-http-proxy'],
    ['arm64', { ENGINE_PROFILE: 'acestream-http-proxy' }, 'acestream-http-proxy'],
    ['amd64', { ENGINE_PROFILE: 'aceserve' }, 'aceserve'],
    // Options are passed in the way of the image that the operator chose, on any architecture.
    ['amd64', { ENGINE_IMAGE: 'jopsis/aceserve:x64' }, 'aceserve'],
    ['amd64', { ENGINE_IMAGE: 'docker.io/jopsis/aceserve@sha256:0a' }, 'aceserve'],
    ['arm64', { ENGINE_IMAGE: 'lan:5000/engine:1' }, 'acestream-http-proxy'],
    ['arm64', { ENGINE_IMAGE: 'lan:5000/jopsis/aceserve' }, 'acestream-http-proxy'],
  ])('on %s with %j the profile is %s', (architecture, env, profile) => {
    expect(recipe(env, 'docker', architecture).profile).toBe(profile);
  });

  it.each<[Record<string, string>, string[] | null]>([
    [{}, ['--bind-all', '--http-port', '6878', '--api-port', '62062', '--port', '8621']],
    [
      { ENGINE_ARGS: `--live-buffer 30 --name 'two words'` },
      [
        ...['--bind-all', '--http-port', '6878', '--api-port', '62062', '--port', '8621'],
        ...['--live-buffer', '30', '--name', 'two words'],
      ],
    ],
    [
      { ENGINE_PROFILE: 'aceserve' },
      [
        ...['python', 'main.py', '--bind-all', '--live-cache-type', 'memory'],
        ...['--live-mem-cache-size', '104857600', '--disable-sentry', '--log-stdout'],
        ...['--disable-upnp', '--http-port', '6878', '--api-port', '62062', '--port', '8621'],
      ],
    ],
    [{ ENGINE_PROFILE: 'generic', ENGINE_IMAGE: 'a' }, null],
    [
      { ENGINE_PROFILE: 'generic', ENGINE_IMAGE: 'a', ENGINE_ARGS: 'engine --on {http_port}' },
      ['engine', '--on', '6878'],
    ],
  ])('%j: in its own network it is started with %j', (env, command) => {
    const { launch, ownPorts } = recipe(env);
    const started = launch(ownPorts);
    expect(withoutToken(started.command)).toEqual(command);
    expect(started.env).toEqual([]);
  });

  it('gets its own ports in a shared network', () => {
    const { launch, portNames, sharedNetworkObjection } = recipe({ ENGINE_ARGS: '--x={p2p_port}' });
    expect(portNames).toEqual(['http', 'api', 'p2p']);
    expect(sharedNetworkObjection()).toBeNull();
    expect(withoutToken(launch(SHARED).command)).toEqual([
      ...['--bind-all', '--http-port', '19001', '--api-port', '19002', '--port', '51820'],
      '--x=51820',
    ]);
  });

  it('has the environment of the operator with every profile', () => {
    for (const ENGINE_PROFILE of ['acestream-http-proxy', 'aceserve']) {
      const { launch, ownPorts } = recipe({ ENGINE_PROFILE, ENGINE_ENV: 'A=1 B=2' });
      expect(launch(ownPorts).env).toEqual(['A=1', 'B=2']);
    }
  });

  it('is told its limits before ENGINE_ARGS, and labels keep what changes them', () => {
    const limits = { ENGINE_MAX_UPLOAD_BPS: '4M', ENGINE_LIVE_BUFFER: '20s' };
    const limited = recipe({ ...limits, ENGINE_ARGS: '--upload-limit 9' });
    const { command, labels } = limited.launch(limited.ownPorts);
    const token = command?.[command.indexOf('--access-token') + 1];
    expect(command?.slice(-6)).toEqual([
      ...['--upload-limit', '500', '--live-buffer', '20', '--upload-limit', '9'],
    ]);
    expect(labels).toEqual({
      'dev.acefleet.engine-settings': 'upload_limit=500,live_buffer=20',
      'dev.acefleet.engine-token': token,
    });
    // A change of limits alone replaces no engine.
    expect(limited.specHash).toBe(recipe({ ENGINE_ARGS: '--upload-limit 9' }).specHash);
    const generic = recipe({ ...limits, ENGINE_PROFILE: 'generic', ENGINE_IMAGE: 'a' });
    expect([generic.takesLimits, generic.launch(generic.ownPorts)]).toEqual([
      false,
      { command: null, env: [], labels: {} },
    ]);
  });

  it('opens HTTPS only when the options mention it', () => {
    const { launch, ownPorts, portNames } = recipe({ ENGINE_ARGS: '--cert {https_port}' });
    expect(portNames).toContain('https');
    expect(launch(ownPorts).command?.join(' ')).toMatch(/--https-port 6879 .*--cert 6879$/);
  });

  it('cannot share a network when its options do not set its port', () => {
    const generic = { ENGINE_PROFILE: 'generic', ENGINE_IMAGE: 'a' };
    expect(recipe(generic).sharedNetworkObjection()).toMatch(/\{http_port\}/);
    expect(recipe(generic).ownPorts).toEqual({ http: 6878, https: null, api: null, p2p: null });
    expect(recipe({ ...generic, ENGINE_ARGS: '{http_port}' }).sharedNetworkObjection()).toBeNull();
  });
});

describe('the spec hash', () => {
  it.each<Record<string, string>>([
    { ENGINE_PROFILE: 'aceserve' },
    { ENGINE_IMAGE: 'lan/engine' },
    { ENGINE_ARGS: '--live-buffer 30' },
    { ENGINE_MEMORY_LIMIT: '2GiB' },
    { ENGINE_CPU_LIMIT: '2' },
    { ENGINE_ENV: 'A=1' },
    { ENGINE_REACH: 'published' },
    { DOCKER_NETWORK: 'engines' },
    { ENGINE_DRIVER: 'docker', VPN_CONTAINERS: 'gluetun' },
  ])('differs with %j', (env) => {
    expect(recipe(env).specHash).not.toBe(recipe().specHash);
  });

  it.each<Record<string, string>>([
    { ENGINE_DRIVER: 'docker' },
    { MAX_REPLICAS: '9' },
    { PORT: '9000' },
    { SWARM_CONSTRAINTS: 'node.role==worker' },
    { ENGINE_IMAGE: 'ghcr.io/martinbjeldbak/acestream-http-proxy' },
    { ENGINE_ARGS: '   ' },
  ])('is unchanged with %j', (env) => {
    expect(recipe(env).specHash).toBe(recipe().specHash);
  });

  it('is the same whether the profile was configured or detected', () => {
    for (const architecture of ['amd64', 'arm64']) {
      const found = recipe({}, 'docker', architecture);
      expect(recipe({ ENGINE_PROFILE: found.profile }).specHash).toBe(found.specHash);
    }
  });

  it('differs between a service and a container, and between placements of services', () => {
    const hashes = [
      recipe(),
      recipe({}, 'swarm'),
      recipe({ SWARM_CONSTRAINTS: 'node.role==worker' }, 'swarm'),
    ].map(({ specHash }) => specHash);
    expect(new Set(hashes).size).toBe(3);
  });
});

const value = fc.oneof(
  fc.string(),
  fc.integer(),
  fc.boolean(),
  fc.constant(null),
  fc.array(fc.string()),
);
const facts = fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), value, { maxKeys: 8 });

describe('the hash of engine facts', () => {
  it('is 16 hex digits for any facts', () => {
    fc.assert(fc.property(facts, (given) => expect(specHash(given)).toMatch(/^[0-9a-f]{16}$/)));
  });

  it('does not depend on the order of the names', () => {
    const shuffled = facts.chain((given) =>
      fc
        .shuffledSubarray(Object.entries(given), { minLength: Object.keys(given).length })
        .map((entries) => [given, Object.fromEntries<SpecValue>(entries)] as const),
    );
    fc.assert(fc.property(shuffled, ([a, b]) => expect(specHash(a)).toBe(specHash(b))));
  });

  it('differs for any other value', () => {
    fc.assert(
      fc.property(facts, value, value, (given, a, b) => {
        fc.pre(JSON.stringify(a) !== JSON.stringify(b));
        expect(specHash({ ...given, NAME: a })).not.toBe(specHash({ ...given, NAME: b }));
      }),
    );
  });

  it('stays the same in every release, because a change would replace every engine', () => {
    expect(specHash({ b: [1, 'two'], a: null })).toBe('74df8afee624e544');
  });
});

/** Leaves out the access token, which is another one for each engine. */
function withoutToken(command: readonly string[] | null): string[] | null {
  const at = command?.indexOf('--access-token') ?? -1;
  return command?.filter((_, n) => at < 0 || (n !== at && n !== at + 1)) ?? null;
}
