import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  call,
  eventually,
  newContentId,
  onScopeEnd,
  openViewer,
  streamPath,
} from '../../e2e/support';
import { temporaryFolder, whyNoPrograms } from '../../e2e/support/programs';
import { describeWithDocker } from '../support/docker-availability';
import { docker } from '../support/docker-cli';
import { freePorts } from '../support/free-ports';
import { dockerInspect, runCommand } from '../support/long-commands';
import { productImage } from '../support/product-image';
import { SIMULATOR_IMAGE, simulatorImage } from '../support/simulator-image';

const ROOT = join(__dirname, '../../..');
const MAIN = ['-f', 'docker-compose.yml'];
const GLUETUN = ['-f', 'docker-compose.gluetun.yml'];
const LOCAL = ['-f', 'test/docker/images/compose-images.yml'];

const BUILD_WITHIN_MS = 900_000;
const UP_WITHIN_MS = 150_000;
const PROJECT = `acefleet-compose-test-${process.pid}`;
const KEY = 'key-of-the-compose-test';

/** A developer's .env must not reach tests. */
const NO_SETTINGS = join(temporaryFolder(), 'no-settings');
writeFileSync(NO_SETTINGS, '');

function compose(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const all = { TEST_OPEN_FILES: String(openFiles()), ...env };
  const words = ['--env-file', NO_SETTINGS, ...args];
  return runCommand('docker-compose', words, { timeoutMs: UP_WITHIN_MS, cwd: ROOT, env: all });
}

/** The limit in the file, or the maximum of a Docker Engine that may not raise limits. */
function openFiles(): number {
  const limit = /^Max open files\s+\d+\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'));
  return Math.min(65_536, Number(limit?.[1] ?? 1024));
}

const missing = whyNoPrograms('docker-compose');
const describeCompose =
  missing === null
    ? describe
    : (name: string, tests: () => void) => describe.skip(`${name} ${missing}`, tests);

describeCompose('the compose files', () => {
  const account = { VPN_SERVICE_PROVIDER: 'mullvad', VPN_CONTROL_API_KEY: 'a-key' };

  it('are valid, alone and together', async () => {
    await compose([...MAIN, 'config', '-q']);
    await compose([...MAIN, ...GLUETUN, 'config', '-q'], account);
    await compose([...MAIN, ...LOCAL, 'config', '-q']);
  });

  it('build the image of the product under a name that ACEFLEET_IMAGE changes', async () => {
    expect(await compose([...MAIN, 'config'])).toMatch(
      /\n {4}build:\n {6}context: .*\n(?: {4,}.*\n)+? {4}image: acefleet:local\n/,
    );
    const named = { ACEFLEET_IMAGE: 'acefleet:v1.2.3' };
    expect(await compose([...MAIN, 'config'], named)).toContain('\n    image: acefleet:v1.2.3\n');
  });

  it('bring a Redis server with the profile, and tell the product where it is', async () => {
    const env = { REDIS_URL: 'redis://redis' };
    const text = await compose([...MAIN, '--profile', 'redis', 'config'], env);
    expect(text).toContain('REDIS_URL: redis://redis');
    expect(text).toMatch(/\n {2}redis:\n(?: {4}.*\n)+? {4}profiles:\n {4}- redis\n/);
  });

  it('request the rights that a VPN needs', async () => {
    const refused = expect(compose([...MAIN, ...GLUETUN, 'config', '-q'])).rejects;
    await refused.toThrow(/set it in \.env/);
    await expect(
      compose([...MAIN, ...GLUETUN, 'config', '-q'], { VPN_CONTROL_API_KEY: 'a-key' }),
    ).rejects.toThrow(/a provider that Gluetun knows/);
  });

  it('pass settings to the containers, give the product and Gluetun one key, and publish one port', async () => {
    const settings = { MIN_REPLICAS: '5', TZ: 'Europe/Madrid' };
    const env = { ...account, ...settings, WIREGUARD_PRIVATE_KEY: 'private', PORT: '8123' };
    const text = await compose([...MAIN, ...GLUETUN, 'config'], env);
    expect(text).toContain("MIN_REPLICAS: '5'");
    expect(text).toContain('TZ: Europe/Madrid');
    expect(text).toContain('VPN_CONTROL_API_KEY: a-key');
    expect(text).toContain(`'{"auth":"apikey","apikey":"a-key"}'`);
    expect(text.match(/published: \d+/g)).toEqual(['published: 8123']);
    // Settings that are not set are not passed, because an empty value would be a value.
    expect(text).toContain('MAX_REPLICAS: null');
  });
});

const describeUp: typeof describeWithDocker =
  missing === null
    ? describeWithDocker
    : (name, tests) => describe.skip(`${name} ${missing}`, tests);

describeUp(
  'the product with its engines behind the socket proxy, as docker-compose.yml says',
  () => {
    const files = ['-p', PROJECT, ...MAIN, ...LOCAL];
    let env: Record<string, string> = {};
    let port = 0;

    beforeAll(async () => {
      await productImage();
      simulatorImage();
      port = (await freePorts(1)).first;
      env = {
        PORT: String(port),
        API_KEY: KEY,
        ENGINE_IMAGE: SIMULATOR_IMAGE,
        ENGINE_NETWORK: PROJECT,
      };
      onScopeEnd(async () => {
        await compose([...files, 'stop', '--timeout', '10'], env);
        const engines = await enginesInDocker();
        if (engines.length > 0) await docker(['rm', '--force', '--volumes', ...engines]);
        await compose([...files, 'down', '--volumes', '--timeout', '10'], env);
      });
      await compose([...files, 'up', '--detach', '--no-build'], env);
    }, BUILD_WITHIN_MS);

    // eslint-disable-next-line @typescript-eslint/no-explicit-any -- tests check the shape of answers
    async function api(method: string, path: string): Promise<any> {
      const answer = await call({ port, method, path, headers: { 'X-API-Key': KEY } });
      if (answer.status >= 300)
        throw new Error(`${method} ${path}: ${answer.status} ${answer.text}`);
      return answer.body;
    }

    /** Ids of engines that the product has and holds healthy, in order. */
    async function healthyEngines(count: number): Promise<string[]> {
      return eventually(
        async () => {
          const engines = (await api('GET', '/engines')) as { id: string; state: string }[];
          const healthy = engines.filter(({ state }) => state === 'healthy').map(({ id }) => id);
          return healthy.length === count && engines.length === count ? healthy.sort() : undefined;
        },
        150_000,
        `${count} healthy engines`,
      );
    }

    /** Containers of the simulator in the engines' network, in any phase. */
    async function enginesInDocker(): Promise<string[]> {
      const filters = ['--filter', `network=${PROJECT}`, '--filter', `ancestor=${SIMULATOR_IMAGE}`];
      const ids = await docker(['ps', '--all', '--quiet', '--no-trunc', ...filters]);
      return ids
        .split('\n')
        .filter((id) => id !== '')
        .sort();
    }

    async function play(): Promise<void> {
      const viewer = openViewer({ port, path: streamPath(newContentId()) });
      await viewer.playing(60_000);
      await viewer.receiveMore(1000);
      expect(viewer.audit.continuityErrors).toBe(0);
      viewer.destroy();
    }

    it('starts engines in their network, without a port of the host, and plays', async () => {
      const engines = await healthyEngines(2);
      expect(engines).toEqual(await enginesInDocker());
      for (const id of engines) {
        const { NetworkSettings, HostConfig } = await dockerInspect(id);
        expect(Object.keys(NetworkSettings.Networks)).toEqual([PROJECT]);
        expect(HostConfig.PortBindings ?? {}).toEqual({});
      }
      await play();
    });

    it('needs no other calls of Docker than the allowed ones', async () => {
      await api('POST', '/scale/3');
      const [first = '', second = ''] = await healthyEngines(3);
      await api('GET', `/engines/${first}/logs`);
      await api('GET', `/engines/${first}/stats`);
      await api('POST', `/engines/${first}/restart`);
      await healthyEngines(3);
      await docker(['pause', second]);
      const isPaused = async () => (await dockerInspect(second)).State.Paused;
      await eventually(async () => !(await isPaused()), 90_000, 'a paused engine continues to run');
      // The number of engines that exists anyway, so that it does not change from here on.
      await api('POST', '/scale/2');
      await api('DELETE', `/engines/${second}`);
      await eventually(async () => !(await enginesInDocker()).includes(second), 60_000, 'gone');
      const log = await compose([...files, 'logs', '--no-color', 'socket-proxy'], env);
      expect(log.split('\n').filter((line) => line.includes('blocked'))).toEqual([]);
      await healthyEngines(2);
    }, 400_000);

    it('cannot make other calls, because the proxy refuses them', async () => {
      const [engine = ''] = await enginesInDocker();
      const bind = { Image: SIMULATOR_IMAGE, HostConfig: { Binds: ['/:/host'] } };
      const refused: [string, string, object?][] = [
        ['GET', `/containers/${engine}/archive?path=/etc`],
        ['GET', `/containers/${engine}/export`],
        ['GET', '/images/json'],
        ['GET', '/volumes'],
        ['GET', '/networks'],
        ['GET', '/secrets'],
        ['POST', `/v1.41/containers/${engine}/exec`, { Cmd: ['true'] }],
        ['POST', `/containers/${engine}/attach`],
        ['POST', `/containers/${engine}/kill`],
        ['POST', '/containers/prune'],
        ['POST', '/containers/create', bind],
        ['POST', '/build'],
        ['POST', '/swarm/init', {}],
        ['PUT', `/containers/${engine}/archive?path=/tmp`],
        ['DELETE', `/images/${SIMULATOR_IMAGE}`],
        ['DELETE', `/networks/${PROJECT}`],
      ];
      const allowed: [string, string, object?][] = [
        ['GET', '/_ping'],
        ['GET', '/v1.41/info'],
        ['GET', `/images/${SIMULATOR_IMAGE}/json`],
        // The proxy passes this call, and Docker rejects the image's name.
        ['POST', '/images/create?fromImage=Not%20A%20Name&tag=1'],
      ];
      const code = `
      const ask = ([method, path, body]) => fetch('http://socket-proxy:2375' + path, {
        method, body: body && JSON.stringify(body), headers: { 'content-type': 'application/json' },
        signal: AbortSignal.timeout(5000),
      }).then((answer) => answer.status);
      Promise.all(JSON.parse(process.argv[1]).map(ask)).then((all) => console.log(JSON.stringify(all)));
    `;
      const product = await compose([...files, 'ps', '--quiet', 'acefleet'], env);
      const ask = async (calls: readonly unknown[]) =>
        JSON.parse(
          await docker(['exec', product, 'node', '-e', code, JSON.stringify(calls)]),
        ) as number[];
      expect((await ask(refused)).filter((status) => status !== 403 && status !== 405)).toEqual([]);
      expect(await ask(allowed)).toEqual([200, 200, 200, 400]);
    });

    it('keeps its engines when it is restarted, and removes them with ENGINES_ON_SHUTDOWN=remove', async () => {
      const before = await healthyEngines(2);
      await compose([...files, 'restart', 'acefleet'], env);
      expect(await healthyEngines(before.length)).toEqual(before);
      await play();

      // As the comment in the file says: removal is a setting, so the product is created again with it and then
      // stopped.
      const removing = { ...env, ENGINES_ON_SHUTDOWN: 'remove' };
      await compose([...files, 'up', '--detach', '--no-build'], removing);
      expect(await healthyEngines(before.length)).toEqual(before);
      await compose([...files, 'down', '--timeout', '20'], removing);
      expect(await enginesInDocker()).toEqual([]);
      await expect(dockerInspect(PROJECT)).rejects.toThrow(/no such/i);
    }, 400_000);
  },
);
