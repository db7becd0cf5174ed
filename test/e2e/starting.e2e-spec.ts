import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  Child,
  eventually,
  newContentId,
  NO_DOCKER,
  onScopeEnd,
  openViewer,
  startProduct,
  startSimulator,
  streamPath,
  type Simulator,
} from './support';

const SCRIPT = join(__dirname, '../../dist/main.js');
const EXIT_CONFIG = 78;
/** Time limit for several simultaneous starts on a busy machine. */
const ENDS_WITHIN_MS = 60_000;
/** Number of programs that are started together. */
const AT_ONCE = 3;

type Variables = Readonly<Record<string, string>>;

/** The program with only these settings, in its own folder. */
function run(env: Variables, dotEnv?: string): Child {
  const cwd = mkdtempSync(join(tmpdir(), 'acefleet-start-'));
  if (dotEnv !== undefined) writeFileSync(join(cwd, '.env'), dotEnv);
  const child = new Child('product', process.execPath, [SCRIPT], {
    cwd,
    env: { PATH: process.env['PATH'], PORT: '0', DOCKER_HOST: NO_DOCKER, ...env },
  });
  onScopeEnd(async () => {
    await child.end('SIGKILL', 20_000);
    rmSync(cwd, { recursive: true, force: true });
  });
  return child;
}

async function endOf(child: Child): Promise<{ code: number | null; lines: readonly string[] }> {
  await eventually(() => child.ended !== null, ENDS_WITHIN_MS, 'the end of the program');
  return { code: child.ended!.code, lines: child.lines };
}

/** The message of a line, without its time and process. */
function messageOf(line: string): string {
  try {
    return String((JSON.parse(line) as { msg?: unknown }).msg);
  } catch {
    return line;
  }
}

describe('a wrong setting ends the start with one line', () => {
  const STATIC = { ENGINE_DRIVER: 'static', ENGINE_ADDRESSES: '127.0.0.1:1' };
  const WRONG: readonly [string, string, RegExp][] = [
    ['PORT', 'banana', /0 to 65535/],
    ['PORT', '65536', /0 to 65535/],
    ['PORT', '-1', /0 to 65535/],
    ['HOST', '256.0.0.1', /IP address/],
    ['ENGINE_DRIVER', 'podman', /auto, static/],
    ['ENGINE_ADDRESSES', '127.0.0.1', /port/],
    ['ENGINE_ADDRESSES', 'http://a:6878', /port/],
    ['PROXY_GRACE_PERIOD', 'soon', /duration/],
    ['PROXY_GRACE_PERIOD', '-1s', /duration/],
    ['PROXY_BUFFER_SIZE', '32XB', /size/],
    ['PROXY_BUFFER_TOTAL', '120%', /90%/],
    ['MAX_STREAMS_PER_ENGINE', '0', /1 to/],
    ['MAX_STREAMS_PER_ENGINE', '2.5', /whole number/],
    ['ALLOW_URL_SELECTORS', 'perhaps', /true or false/],
    ['LOG_LEVEL', 'loud', /debug/],
    ['LOG_FORMAT', 'xml', /pretty/],
    ['TRUSTED_PROXIES', '10.0.0.0/33', /./],
    ['PUBLIC_URL', 'tv.example', /http/],
    ['PROXY_EARLY_HEADERS_AGENTS', '(', /./],
  ];

  const GROUPS = WRONG.flatMap((_, at) =>
    at % AT_ONCE === 0 ? [{ some: WRONG.slice(at, at + AT_ONCE) }] : [],
  );

  it.each(GROUPS)(
    'that names variable, value and allowed values, with exit code 78 (%#)',
    async ({ some }) => {
      const ends = await Promise.all(
        some.map(([name, value]) => endOf(run({ ...STATIC, [name]: value }))),
      );
      some.forEach(([name, value, allowed], index) => {
        const { code, lines } = ends[index]!;
        expect({ name, code, count: lines.length }).toEqual({ name, code: EXIT_CONFIG, count: 1 });
        expect(lines[0]).toContain(`${name}=${JSON.stringify(value)}`);
        expect(/allowed is (.*)$/.exec(lines[0]!)?.[1]).toMatch(allowed);
      });
    },
  );

  it('one for each problem, also from .env, without a key or any other text', async () => {
    const [several, file, key, alone, long] = await Promise.all(
      [
        run({ ...STATIC, PORT: 'x', LOG_LEVEL: 'y' }),
        run(STATIC, 'PROXY_GRACE_PERIOD=soon\n'),
        run({ ...STATIC, API_KEY: 'SECRET with blanks' }),
        run({ ENGINE_DRIVER: 'static' }),
        run({ ...STATIC, LOG_LEVEL: 'x'.repeat(5000) }),
      ].map(endOf),
    );
    expect(several!.code).toBe(EXIT_CONFIG);
    expect(several!.lines.map((line) => line.split('=')[0]).sort()).toEqual(['LOG_LEVEL', 'PORT']);
    expect(file).toEqual({
      code: EXIT_CONFIG,
      lines: [expect.stringMatching(/^PROXY_GRACE_PERIOD="soon" in \.env .*allowed is /)],
    });
    expect(key).toEqual({
      code: EXIT_CONFIG,
      lines: [expect.stringMatching(/^API_KEY=\(hidden\).*allowed is .*ASCII/)],
    });
    expect(alone).toEqual({
      code: EXIT_CONFIG,
      lines: [expect.stringMatching(/^ENGINE_ADDRESSES="".*allowed is /)],
    });
    expect(long!.lines.join('\n').length).toBeLessThan(500);
  });
});

describe('a start that fails', () => {
  it('a port in use is reported in one line, with advice', async () => {
    const engine = await startSimulator({ startDelayMs: 0 });
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '::', resolve));
    onScopeEnd(() => void other.close());
    const port = String((other.address() as AddressInfo).port);
    const { code, lines } = await endOf(
      run({ PORT: port, ENGINE_DRIVER: 'static', ENGINE_ADDRESSES: engine.address }),
    );
    expect(code).toBe(1);
    // As a separate word, because a time or a process id may contain the same digits.
    const told = lines.filter((line) => new RegExp(`\\b${port}\\b`).test(messageOf(line)));
    expect(told).toEqual([expect.stringMatching(/cannot listen .*taken.*set PORT/)]);
    expect(lines.join('\n')).not.toMatch(/EADDRINUSE|^\s+at /m);
    expect(lines.join('\n')).not.toMatch(/player:/);
  });

  it('a failed start with simulated engines leaves none of them behind', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '::', resolve));
    onScopeEnd(() => void other.close());
    const { port } = other.address() as AddressInfo;
    const child = run({ PORT: String(port), ENGINE_DRIVER: 'simulator', MIN_REPLICAS: '2' });
    // The pipes of its children are its own: they close only when all of them have ended.
    expect((await endOf(child)).code).toBe(1);
  });

  const isRoot = process.getuid?.() === 0;

  (isRoot ? it : it.skip)(
    'a Docker that this user may not use (needs root) is reported with advice, and no test pictures are played',
    async () => {
      const folder = mkdtempSync(join(tmpdir(), 'acefleet-docker-'));
      onScopeEnd(() => rmSync(folder, { recursive: true, force: true }));
      chmodSync(folder, 0o777);
      const socket = join(folder, 'docker.sock');
      const docker = createServer();
      await new Promise<void>((resolve) => docker.listen(socket, resolve));
      onScopeEnd(() => void docker.close());
      chmodSync(socket, 0o600);
      const child = new Child('product', process.execPath, [SCRIPT], {
        cwd: folder,
        env: {
          PATH: process.env['PATH'],
          PORT: '0',
          DATA_DIR: join(folder, 'data'),
          DOCKER_HOST: `unix://${socket}`,
        },
        // The user nobody, in no group.
        ...{ uid: 65_534, gid: 65_534 },
      });
      onScopeEnd(() => child.kill());
      const { code, lines } = await endOf(child);
      expect({ code, lines }).toEqual({
        code: EXIT_CONFIG,
        lines: [expect.stringContaining(`${socket}: EACCES, `)],
      });
      expect(lines[0]).toMatch(/group docker .*sudo usermod -aG docker .*ENGINE_DRIVER=simulator/);
    },
  );

  it('an unusable data folder is reported in one line', async () => {
    const { code, lines } = await endOf(
      run({ DATA_DIR: '/proc/nowhere', ENGINE_DRIVER: 'static', ENGINE_ADDRESSES: '127.0.0.1:1' }),
    );
    expect(code).not.toBe(0);
    expect(lines.filter((line) => line.includes('/proc/nowhere'))).toHaveLength(1);
    expect(lines.join('\n')).not.toMatch(/^\s+at /m);
  });
});

describe('the lines of a start', () => {
  let engine: Simulator;

  beforeAll(async () => {
    engine = await startSimulator({ startDelayMs: 0 });
  });

  /** The documented lines of a start, in this order. */
  const ORDER = [
    /^acefleet \d+\.\d+\.\d+$/,
    /^engines: .+ \(.+\)$/,
    /^store: embedded/,
    /^(?:panel|admin): http:\/\/localhost:\d+\//,
    /^player: http:\/\/localhost:\d+\/ace\/getstream\?id=/,
  ];

  it('are version, engines, store, panel and player, also in the JSON format', async () => {
    const env = { ENGINE_DRIVER: 'static', ENGINE_ADDRESSES: engine.address };
    const pretty = run({ ...env, LOG_FORMAT: 'pretty' });
    await pretty.line((line) => (line.includes('player:') ? true : null));
    await eventually(() => pretty.lines.some((line) => line.includes('streams are open')));
    const banner = pretty.lines.filter((line) => !/^\[?\d\d:\d\d:\d\d/.test(line));
    ORDER.forEach((form, index) => expect(banner[index]).toMatch(form));
    expect(banner).toHaveLength(ORDER.length + 1);
    // At most one further line about each engine's announcement and health.
    expect(pretty.lines.length).toBeLessThanOrEqual(banner.length + 3);

    const json = await startProduct({ engines: [engine], env: { LOG_LEVEL: 'info' } });
    const start = json.logs().filter((line) => line['context'] === 'Start');
    ORDER.forEach((form, index) => expect(start[index]!.msg).toMatch(form));
    expect((await pretty.end('SIGINT', ENDS_WITHIN_MS)).code).toBe(0);
  });

  it('without engines contain a warning about test pictures, with their addresses', async () => {
    const product = await startProduct({ env: { ENGINE_DRIVER: 'auto', LOG_LEVEL: 'info' } });
    const warnings = product.logs().filter(({ level }) => Number(level) === 40);
    expect(warnings[0]!.msg).toMatch(/no real engine/);
    const channels = warnings.filter(({ msg }) => /\?id=[0-9a-f]{40}$/.test(msg ?? ''));
    expect(channels.length).toBeGreaterThan(0);
    expect(product.logs().find(({ msg }) => msg?.startsWith('engines:'))!.msg).toMatch(/simulator/);
  });

  it('with ENGINE_DRIVER=simulator contain the addresses of demo channels, and any id plays', async () => {
    const product = await startProduct({ env: { ENGINE_DRIVER: 'simulator', MIN_REPLICAS: '1' } });
    const said = product.logs().filter(({ context }) => context === 'Start');
    const channels = said.filter(({ msg }) => /^demo channel .+\?id=[0-9a-f]{40}$/.test(msg ?? ''));
    expect(channels.length).toBeGreaterThan(0);
    expect(channels.every(({ level }) => level === 30)).toBe(true);
    await openViewer(product.url(streamPath(newContentId()))).playing();
    const demo = /[0-9a-f]{40}$/.exec(channels[0]!.msg!)![0];
    await openViewer(product.url(streamPath(demo))).playing();
  });

  it('contain a warning about a misspelt setting, whose value is ignored', async () => {
    const product = await startProduct({
      engines: [engine],
      env: { PROXY_GRACE_PERIODE: '1s', LOG_LEVEL: 'info' },
    });
    expect(product.logs().map(({ msg }) => msg)).toContain(
      'PROXY_GRACE_PERIODE is unknown and ignored: did you mean PROXY_GRACE_PERIOD?',
    );
  });
});
