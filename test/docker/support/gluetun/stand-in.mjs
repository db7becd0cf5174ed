/**
 * Acts as a container of Gluetun v3.41: its control server on port 8000, and its health server on 127.0.0.1:9999, which the
 * container's health check calls (`stand-in.mjs healthcheck`). There is no VPN: its answers are set on port 9009.
 *
 *   PUT /settings  any of the fields of `settings` below; answers all of them
 *   GET /asked     the requests to the control server: [{ route, key }], oldest first
 *
 * A restart of the container restores the settings of the variable SETTINGS, in JSON.
 */
import { createServer, get } from 'node:http';

const CONTROL_PORT = 8000;
const SETTINGS_PORT = 9009;
const HEALTH = { host: '127.0.0.1', port: 9999 };
const MAX_ASKED = 10_000;

const settings = {
  /** State of the VPN: starting, running, stopping, stopped, crashed. */
  status: 'running',
  /** Forwarded port; 0: none. */
  port: 0,
  publicIp: '203.0.113.7',
  country: 'Denmark',
  healthy: true,
  /** The key of the only role; null: no key is required. */
  apiKey: null,
  /** Delay before each answer of the control server. */
  delayMs: 0,
  ...JSON.parse(process.env.SETTINGS ?? '{}'),
};
const asked = [];

if (process.argv[2] === 'healthcheck') checkHealth();
else serve();

function checkHealth() {
  get({ ...HEALTH, path: '/', timeout: 15_000 }, (response) => {
    process.exit(response.statusCode === 200 ? 0 : 1);
  })
    .on('timeout', () => process.exit(1))
    .on('error', () => process.exit(1));
}

function serve() {
  createServer((request, response) => {
    response.writeHead(settings.healthy ? 200 : 500).end();
  }).listen(HEALTH.port, HEALTH.host);
  createServer((request, response) => {
    setTimeout(() => answer(request, response), settings.delayMs);
  }).listen(CONTROL_PORT);
  createServer((request, response) => void set(request, response)).listen(SETTINGS_PORT);
  // The first process of a container receives only signals for which it has a handler.
  process.on('SIGTERM', () => process.exit(0));
}

const ROUTES = {
  'GET /v1/vpn/status': () => ({ status: settings.status }),
  'GET /v1/portforward': () => ({ port: settings.port }),
  'GET /v1/publicip/ip': () => ({ public_ip: settings.publicIp, country: settings.country }),
};

function answer(request, response) {
  const route = `${request.method} ${request.url}`;
  const key = request.headers['x-api-key'] ?? null;
  if (asked.length < MAX_ASKED) asked.push({ route, key });
  const read = ROUTES[route];
  const mayRead = settings.apiKey === null || settings.apiKey === key;
  if (read === undefined || !mayRead) return response.writeHead(401).end('Unauthorized\n');
  response.end(`${JSON.stringify(read())}\n`);
}

async function set(request, response) {
  if (request.url === '/asked') return response.end(JSON.stringify(asked));
  let body = '';
  for await (const chunk of request) body += chunk;
  Object.assign(settings, JSON.parse(body));
  response.end(JSON.stringify(settings));
}
