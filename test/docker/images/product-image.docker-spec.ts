import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import {
  call,
  eventually,
  newContentId,
  onScopeEnd,
  openViewer,
  streamPath,
} from '../../e2e/support';
import { describeWithDocker } from '../support/docker-availability';
import { docker } from '../support/docker-cli';
import { dockerInspect } from '../support/long-commands';
import { dockerfileSimulatorImage, productImage, productImageWith } from '../support/product-image';
import { withLag } from '../../../src/kernel/testing/lag.spec-support';

const ROOT = join(__dirname, '../../..');
const BUILD_WITHIN_MS = 900_000;
/** Time limit for a container and programs in it on a busy machine. */
const WITHIN_MS = 60_000;
const NAME = `acefleet-image-test-${process.pid}`;

/** The options of docker-compose.yml, with more frequent health checks. */
const RUN = [
  ...['--read-only', '--tmpfs', '/tmp', '--cap-drop', 'ALL'],
  ...['--security-opt', 'no-new-privileges', '--pids-limit', '200', '--publish', '127.0.0.1::8000'],
  ...['--health-interval', '1s', '--health-timeout', '20s', '--health-retries', '2'],
  ...['--env', 'ENGINE_DRIVER=simulator', '--env', 'MIN_REPLICAS=1'],
];

describeWithDocker("the product's image", () => {
  let image = '';
  let port = 0;

  beforeAll(async () => {
    image = await productImage();
    removeAtEnd(NAME);
    await docker(['run', '--detach', '--name', NAME, ...RUN, image]);
    port = await publishedPort();
    await eventually(
      async () => (await call({ port, method: 'GET', path: '/health/ready' })).status === 200,
      WITHIN_MS,
      '/health/ready',
    );
  }, BUILD_WITHIN_MS);

  /** Runs JavaScript in the product's container and parses its output as JSON. */
  async function inside(code: string): Promise<unknown> {
    return JSON.parse(await docker(['exec', NAME, 'node', '-e', code]));
  }

  it('declares user, port, volume, health check and the Docker driver, and no other settings', async () => {
    const { Config, Size } = await dockerInspect(image);
    process.stdout.write(`      image: ${Math.round(Size / 1e6)} MB\n`);
    expect(Config.User).toBe('10001:10001');
    expect(Object.keys(Config.ExposedPorts)).toEqual(['8000/tcp']);
    expect(Object.keys(Config.Volumes)).toEqual(['/data']);
    expect(Config.Healthcheck.Test).toEqual(['CMD', 'node', 'docker/healthcheck.mjs']);
    expect(Config.StopSignal).toBe('SIGTERM');
    const settings = Config.Env.filter((line: string) => !line.startsWith('PATH=')).sort();
    expect(settings).toEqual(['DATA_DIR=/data', 'ENGINE_DRIVER=docker', 'NODE_ENV=production']);
  });

  it(
    'says in OCI labels what it is, and of which build',
    async () => {
      const { description, license } = JSON.parse(
        readFileSync(join(ROOT, 'package.json'), 'utf8'),
      ) as { description: string; license: string };
      expect(await ociLabels(image)).toEqual({
        title: 'acefleet',
        description,
        licenses: license,
        version: 'dev',
        revision: 'unknown',
        created: '1970-01-01T00:00:00Z',
      });
      const args = ['VERSION=1.2.3', 'REVISION=0123abc', 'CREATED=2026-01-02T03:04:05Z'];
      const released = await productImageWith(args);
      onScopeEnd(async () => {
        await docker(['image', 'rm', released]);
      });
      expect(await ociLabels(released)).toMatchObject({
        version: '1.2.3',
        revision: '0123abc',
        created: '2026-01-02T03:04:05Z',
      });
    },
    BUILD_WITHIN_MS,
  );

  it('runs without privileges, and can write to its volume only', async () => {
    const status = (await inside(
      `console.log(JSON.stringify(require('fs').readFileSync('/proc/1/status', 'utf8').split('\\n')))`,
    )) as string[];
    const field = (name: string) =>
      status
        .find((line) => line.startsWith(`${name}:`))
        ?.split(/\s+/)
        .slice(1);
    expect(field('Uid')).toEqual(['10001', '10001', '10001', '10001']);
    expect(field('CapEff')).toEqual(['0000000000000000']);
    expect(field('NoNewPrivs')).toEqual(['1']);
    const outcome = await inside(`
      const fs = require('fs');
      const write = (folder) => { try { fs.writeFileSync(folder + '/probe', ''); return 'written'; } catch (e) { return e.code; } };
      console.log(JSON.stringify(['/app', '/app/dist', '/etc', '/data', '/tmp'].map(write)));
    `);
    expect(outcome).toEqual(['EROFS', 'EROFS', 'EROFS', 'written', 'written']);
  });

  it('contains the product and no tools to build, download or test', async () => {
    const there = (await inside(`
      const fs = require('fs');
      const path = require('path');
      const found = [];
      for (const folder of [...process.env.PATH.split(':'), '/usr/sbin', '/sbin', '/opt'])
        for (const name of ['npm', 'npx', 'corepack', 'yarn', 'git', 'gcc', 'cc', 'make', 'python3', 'curl', 'wget'])
          if (fs.existsSync(path.join(folder, name))) found.push(path.join(folder, name));
      for (const name of ['typescript', 'jest', 'eslint', 'npm'])
        if (fs.existsSync('node_modules/' + name)) found.push(name);
      if (fs.existsSync('/usr/local/lib/node_modules')) found.push('global modules');
      const walk = (folder) => fs.readdirSync(folder, { withFileTypes: true }).forEach((entry) => {
        const file = path.join(folder, entry.name);
        if (entry.isDirectory()) { if (entry.name !== 'node_modules') walk(file); }
        else if (/\\.ts$|\\.spec|^\\.env|^\\.npmrc$/.test(entry.name)) found.push(file);
      });
      walk('/app');
      console.log(JSON.stringify(found.filter((file) => !file.endsWith('.d.ts'))));
    `)) as string[];
    expect(there).toEqual([]);
  });

  it('contains machine code only in its base image and in packages that npm chooses for the platform', async () => {
    const compiled = await inside(`
      const fs = require('fs');
      const path = require('path');
      const found = [];
      const head = Buffer.alloc(4);
      const isProgram = (file) => {
        const fd = fs.openSync(file, 'r');
        fs.readSync(fd, head, 0, 4, 0);
        fs.closeSync(fd);
        return head.toString('latin1') === '\\x7fELF';
      };
      const walk = (folder) => fs.readdirSync(folder, { withFileTypes: true }).forEach((entry) => {
        const file = path.join(folder, entry.name);
        if (entry.isDirectory()) walk(file);
        else if (entry.isFile() && (/\\.(node|so)$/.test(file) || isProgram(file))) found.push(file);
      });
      walk('/app');
      console.log(JSON.stringify(found));
    `);
    const chosen = /^\/app\/node_modules\/@(?:libsql|msgpackr-extract)\//;
    expect((compiled as string[]).filter((path) => !chosen.test(path))).toEqual([]);
  });

  it('has the code that REDIS_URL loads', async () => {
    const loaded = await inside(`
      require('reflect-metadata');
      const { RedisModule } = require('./dist/coordination/redis.loader').loadRedis();
      console.log(JSON.stringify(RedisModule.name));
    `);
    expect(loaded).toBe('RedisModule');
  });

  it('plays a stream through its published port', async () => {
    expect((await call({ port, method: 'GET', path: '/health/live' })).status).toBe(200);
    const viewer = openViewer({ port, path: streamPath(newContentId()) });
    await viewer.playing(WITHIN_MS);
    await viewer.receiveMore(2000);
    const { continuityErrors, misaligned } = viewer.audit;
    expect({ continuityErrors, misaligned }).toEqual({ continuityErrors: 0, misaligned: 0 });
  });

  it('generates a key, and shows it and links to sign in only by its commands', async () => {
    // By the command in the log.
    const told = /docker exec NAME ([^)"]+)\)/.exec(await docker(['logs', NAME]))?.[1];
    const link = await docker(['exec', NAME, ...told!.split(' ')]);
    const token = /\/login#token=([\w-]{43})/.exec(link)?.[1];
    expect(token).toBeDefined();
    const key = await docker(['exec', NAME, 'node', 'bin/acefleet.mjs', 'key']);
    expect(key).toMatch(/^\S{20,}$/);
    const headers = { 'X-API-Key': key };
    expect((await call({ port, method: 'GET', path: '/engines', headers })).status).toBe(200);
    const said = [docker(['inspect', NAME]), docker(['logs', NAME]), docker(['top', NAME])];
    for (const text of await Promise.all(said)) {
      expect(text).not.toContain(key);
      expect(text).not.toContain(token);
    }
  });

  it('is healthy while it answers, and unhealthy while it is frozen', async () => {
    const health = async () => (await dockerInspect(NAME)).State.Health.Status;
    await eventually(async () => (await health()) === 'healthy', WITHIN_MS, 'healthy');
    await docker(['kill', '--signal', 'STOP', NAME]);
    try {
      await eventually(async () => (await health()) === 'unhealthy', WITHIN_MS, 'unhealthy');
    } finally {
      await docker(['kill', '--signal', 'CONT', NAME]);
    }
    await eventually(async () => (await health()) === 'healthy', WITHIN_MS, 'healthy again');
  });

  it('ends on SIGTERM as process 1', async () => {
    const startedMs = performance.now();
    await docker(['stop', '--time', '45', NAME]);
    // Otherwise Docker would have killed it, with another exit code.
    expect(performance.now() - startedMs).toBeLessThan(withLag(40_000));
    const { State } = await dockerInspect(NAME);
    expect([State.ExitCode, State.OOMKilled]).toEqual([0, false]);
  });

  it('has a simulator image on the same base', async () => {
    const simulator = await dockerfileSimulatorImage();
    const name = `${NAME}-simulator`;
    removeAtEnd(name);
    const flags = ['--read-only', '--cap-drop', 'ALL', '--publish', '127.0.0.1::6900'];
    // Options of the real engine, in addition to the image's own command.
    const command = ['--client-console', '--http-port', '6900'];
    await docker(['run', '--detach', '--name', name, ...flags, simulator, ...command]);
    const enginePort = await publishedPort(name, 6900);
    const path = '/webui/api/service?method=get_version';
    const answer = await eventually(
      () => call({ port: enginePort, method: 'GET', path }),
      WITHIN_MS,
    );
    expect(answer.body.result.platform).toBe('linux');
    expect((await dockerInspect(name)).Config.User).toBe('10002:10002');
  }, 600_000);
});

/** Labels of an image below `org.opencontainers.image`, without this prefix. */
async function ociLabels(image: string): Promise<Record<string, string>> {
  const labels: Record<string, string> = (await dockerInspect(image)).Config.Labels;
  const prefix = 'org.opencontainers.image.';
  return Object.fromEntries(
    Object.entries(labels)
      .filter(([name]) => name.startsWith(prefix))
      .map(([name, value]) => [name.slice(prefix.length), value]),
  );
}

function removeAtEnd(name: string): void {
  onScopeEnd(async () => {
    await docker(['rm', '--force', '--volumes', name]);
  });
}

async function publishedPort(name = NAME, port = 8000): Promise<number> {
  const address = await docker(['port', name, `${port}/tcp`]);
  return Number(address.split('\n')[0]!.split(':').at(-1));
}
