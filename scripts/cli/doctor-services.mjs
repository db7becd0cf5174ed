// What acefleet needs besides the machine: a data folder, a port, Docker, Redis.
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, rmSync, statfsSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { dirname, join, resolve } from 'node:path';
import { fine, problem, warning } from './finding.mjs';
import { ownAddress } from './server.mjs';
import { loadCode } from './settings.mjs';

const ANSWER_WITHIN_MS = 5_000;

/** The database, its journal and a backup need some 10 MiB; a full disk stops new channels and keys. */
const LITTLE_BYTES = 256 * 1024 * 1024;
const PROBE_BYTES = 256 * 1024;

const MAX_CLOCK_DIFFERENCE_MS = 5_000;

const MIB = 1024 * 1024;

export async function checkDataFolder({ dataDir }) {
  const folder = resolve(dataDir);
  const existing = findExisting(folder);
  if (!statSync(existing).isDirectory()) {
    return [problem(`${existing} is no folder`, 'remove it, or set DATA_DIR to another folder')];
  }
  const probe = join(existing, `.doctor-${randomBytes(6).toString('hex')}`);
  try {
    mkdirSync(probe);
    writeFileSync(join(probe, 'probe'), Buffer.alloc(PROBE_BYTES), { flush: true });
  } catch (error) {
    return [explainWrite(error, existing)];
  } finally {
    rmSync(probe, { recursive: true, force: true });
  }
  const { bavail, bsize } = statfsSync(existing);
  const free = `${Math.floor((bavail * bsize) / MIB)} MiB are free`;
  if (bavail * bsize < LITTLE_BYTES) {
    return [warning(`${folder}: only ${free}`, `make room: du -xh ${existing} | sort -h | tail`)];
  }
  const isNew = existing === folder ? '' : ', made at the first start';
  return [fine(`${folder} can be written${isNew}; ${free}`)];
}

function findExisting(folder) {
  return existsSync(folder) ? folder : findExisting(dirname(folder));
}

function explainWrite(error, folder) {
  if (error.code === 'ENOSPC' || error.code === 'EDQUOT') {
    return problem(`the disk of ${folder} is full`, `make room: du -xh ${folder} | sort -h | tail`);
  }
  if (error.code === 'EROFS') {
    return problem(`${folder} is read-only`, 'mount it for writing, or set DATA_DIR');
  }
  const user = `${process.getuid?.() ?? 'USER'}:${process.getgid?.() ?? 'GROUP'}`;
  return problem(`${folder} cannot be written (${error.code})`, `sudo chown -R ${user} ${folder}`);
}

export async function checkPort(config) {
  const address = ownAddress(config);
  const answer = config.port === 0 ? null : await askReadiness(address);
  if (answer !== null) {
    if (answer.reasons.length === 0) return [fine(`it answers at ${address} and is ready`)];
    const reasons = [...answer.reasons, ...answer.details].join('; ');
    const fix = 'see docs/troubleshooting.md, and the log of the server';
    const isUsable = answer.status !== 'not_ready';
    return [(isUsable ? warning : problem)(`${address} is ${answer.status}: ${reasons}`, fix)];
  }
  const trouble = await tryPort(config);
  if (trouble === null) return [fine(`it does not run; port ${config.port} is free`)];
  if (trouble === 'EADDRINUSE') {
    return [
      problem(
        `port ${config.port} is used by another program`,
        `sudo ss -ltnp 'sport = :${config.port}' shows it; end it, or set PORT`,
      ),
    ];
  }
  if (trouble === 'EACCES') {
    return [
      problem(`this user may not use port ${config.port}`, 'set PORT to a number above 1023'),
    ];
  }
  return [
    problem(
      `${config.host} port ${config.port} cannot be used (${trouble})`,
      'set HOST to an address of this machine, or to 0.0.0.0',
    ),
  ];
}

/** Null if nothing answers there, or another program. */
async function askReadiness(address) {
  try {
    const signal = AbortSignal.timeout(ANSWER_WITHIN_MS);
    const body = await (await fetch(`${address}/health/ready`, { signal })).json();
    return Array.isArray(body.reasons) && Array.isArray(body.details) ? body : null;
  } catch {
    return null;
  }
}

/** The code of the error with which listening fails; null if it succeeds. */
function tryPort({ host, port }) {
  return new Promise((resolvePort) => {
    const server = createServer();
    server.once('error', ({ code }) => resolvePort(code));
    server.listen({ host, port }, () => server.close(() => resolvePort(null)));
  });
}

export async function checkDocker(config) {
  const { engineDriver, dockerHost, engineAddresses } = config;
  const isNeeded = engineDriver === 'docker' || engineDriver === 'swarm';
  const isTried = engineDriver === 'auto' && engineAddresses.length === 0;
  if (!isNeeded && !isTried) return [];
  const { DockerClient, isAccessDenied } = loadCode('engines/drivers/docker-client');
  const client = new DockerClient(dockerHost);
  try {
    const signal = AbortSignal.timeout(ANSWER_WITHIN_MS);
    await client.ping(signal);
    const { arch } = await client.version(signal);
    return [fine(`it answers (${arch})`), ...(await checkImage(client, config, arch, signal))];
  } catch (error) {
    const isDenied = error.name.startsWith('Docker') && isAccessDenied(error);
    const detail = error.name === 'TimeoutError' ? 'Docker does not answer' : error.message;
    if (isTried && !isDenied) {
      return [
        warning(
          `${detail}: without it the engines are simulated and show test pictures`,
          'start Docker, or set ENGINE_ADDRESSES to your own engines',
        ),
      ];
    }
    const fix = isDenied
      ? 'give this user access to Docker as described; for a container: docker run --group-add $(stat -c %g /var/run/docker.sock)'
      : 'sudo systemctl start docker; check DOCKER_HOST, and that the socket is mounted in the container';
    return [problem(detail, fix)];
  } finally {
    client.close();
  }
}

async function checkImage(client, config, architecture, signal) {
  const { engineRecipe } = loadCode('engines/drivers/containers/engine-recipe.js');
  const runtime = config.engineDriver === 'swarm' ? 'swarm' : 'docker';
  const { imageReference, imageObjection } = engineRecipe(config, runtime, architecture);
  const objection = imageObjection(architecture);
  if (objection !== null) return [problem(objection, 'see docs/fleet.md')];
  if (await client.images.has(imageReference, signal)) {
    return [fine(`the engine's image ${imageReference} is here`)];
  }
  return [
    warning(
      `the engine's image ${imageReference} is not here: the first start downloads it`,
      `docker pull ${imageReference}`,
    ),
  ];
}

export async function checkRedis({ redisUrl }) {
  if (redisUrl === null) return [];
  const { Redis } = createRequire(import.meta.url)('ioredis');
  const { host } = new URL(redisUrl);
  const redis = new Redis(redisUrl, {
    lazyConnect: true,
    connectTimeout: ANSWER_WITHIN_MS,
    commandTimeout: ANSWER_WITHIN_MS,
    maxRetriesPerRequest: 0,
    retryStrategy: null,
  });
  let reason = null;
  // The promise of `connect` says only that the connection was closed.
  redis.on('error', (error) => (reason ??= error));
  try {
    await redis.connect();
    const [seconds, micros] = await redis.time();
    const differenceMs = Date.now() - (Number(seconds) * 1000 + Number(micros) / 1000);
    return [fine(`it answers at ${host}`), ...compareClocks(differenceMs, host)];
  } catch (error) {
    const { code, message } = reason ?? error;
    if (/^(?:NOAUTH|WRONGPASS|NOPERM)/.test(message)) {
      return [
        problem(`Redis at ${host} refuses: ${message}`, 'correct user and password in REDIS_URL'),
      ];
    }
    return [
      problem(
        `Redis at ${host} cannot be reached (${code ?? message})`,
        'start it (sudo systemctl start redis-server), correct REDIS_URL, or unset it',
      ),
    ];
  } finally {
    redis.disconnect();
  }
}

function compareClocks(differenceMs, host) {
  if (Math.abs(differenceMs) <= MAX_CLOCK_DIFFERENCE_MS) return [];
  const seconds = Math.round(differenceMs / 1000);
  return [
    warning(
      `the clock of Redis at ${host} differs by ${seconds} s`,
      'sudo timedatectl set-ntp true on both machines',
    ),
  ];
}
