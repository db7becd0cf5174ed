// Replaces the image wollomatic/socket-proxy, which tests cannot download. It reads the same variables from
// docker-compose.yml, and allows and refuses the same calls. It prints one line for each refused call.
import { lookup } from 'node:dns/promises';
import { createServer, request } from 'node:http';

const SOCKET = '/var/run/docker.sock';
const PORT = 2375;
const MAX_BODY_BYTES = 1024 * 1024;

/** Patterns of whole paths by method, because the real proxy anchors every pattern. */
const allowed = new Map();
for (const [name, pattern] of Object.entries(process.env)) {
  const method = /^SP_ALLOW_([A-Z]+)(?:_\d+)?$/.exec(name)?.[1];
  if (method === undefined) continue;
  allowed.set(method, [...(allowed.get(method) ?? []), new RegExp(`^${pattern}$`)]);
}
const isBindRefused = process.env.SP_ALLOWBINDMOUNTFROM !== undefined;

const server = createServer({ requestTimeout: 0 }, (asked, answer) => {
  handle(asked, answer).catch(() => answer.destroy());
});
server.listen(PORT, process.env.SP_LISTENIP ?? '127.0.0.1');
process.on('SIGTERM', () => process.exit(0));

async function handle(asked, answer) {
  const path = decodeURIComponent(new URL(asked.url, 'http://proxy').pathname);
  if (!(await isKnown(asked.socket.remoteAddress))) return refuse('caller');
  if (!allowed.has(asked.method)) return refuse('method', 405);
  if (!allowed.get(asked.method).some((pattern) => pattern.test(path))) return refuse('path');
  if (isBindRefused && asked.method === 'POST' && path.endsWith('/containers/create')) {
    const body = await read(asked);
    return hasBind(JSON.parse(body)) ? refuse('bind mount') : pass(body);
  }
  return pass(null);

  function refuse(why, status = 403) {
    process.stdout.write(`blocked ${why}: ${asked.method} ${path}\n`);
    answer.writeHead(status).end();
  }

  function pass(body) {
    const { url, method, headers } = asked;
    const onward = request({ socketPath: SOCKET, path: url, method, headers }, (response) => {
      answer.writeHead(response.statusCode, response.headers).flushHeaders();
      response.pipe(answer);
      response.on('error', () => answer.destroy());
    });
    onward.on('error', () => answer.destroy());
    answer.on('close', () => onward.destroy());
    if (body === null) asked.pipe(onward);
    else onward.end(body);
  }
}

async function isKnown(address) {
  for (const name of (process.env.SP_ALLOWFROM ?? '127.0.0.1').split(',')) {
    const found = await lookup(name, { all: true, family: 4 }).catch(() => []);
    if (found.some((one) => address.endsWith(one.address))) return true;
  }
  return false;
}

async function read(asked) {
  let body = '';
  for await (const chunk of asked) {
    body += chunk;
    if (body.length > MAX_BODY_BYTES) throw new Error('too long');
  }
  return body;
}

function hasBind({ HostConfig = {} }) {
  const { Binds, Mounts, VolumesFrom } = HostConfig;
  const isPath = (bind) => bind.startsWith('/');
  return (
    (Binds ?? []).some(isPath) ||
    (Mounts ?? []).some(({ Type }) => Type === 'bind') ||
    (VolumesFrom ?? []).length > 0
  );
}
