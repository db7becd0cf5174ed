import {
  eventually,
  newContentId,
  openViewer,
  startProduct,
  startSimulator,
  streamPath,
  type Product,
  type Simulator,
} from './support';
import { openPage, whyNoBrowser } from './support/browser';
import { faultsOfOpenApi, misfits, operationsOf } from './support/openapi-check';

/** Addresses that the product promises. */
const OPEN = [
  'GET /ace/getstream',
  'GET /ace/getstream/{id}',
  'GET /ace/manifest.m3u8',
  'GET /ace/preflight',
  'GET /ace/status',
  'GET /api/v1/health/status',
  'GET /api/v1/metrics',
  'GET /auto/v{number}',
  'GET /device.xml',
  'GET /discover.json',
  'GET /epg.xml',
  'GET /epg.xml.gz',
  'GET /health/live',
  'GET /health/ready',
  'GET /health/status',
  'GET /lineup.json',
  'GET /lineup_status.json',
  'GET /live/{file}',
  'GET /metrics',
  'GET /playlist.m3u',
  'POST /api/v1/sessions',
  'POST /lineup.post',
];
const BOTH = [
  'GET /engines',
  'GET /engines/{}',
  'DELETE /engines/{}',
  'GET /containers/{}',
  'DELETE /containers/{}',
  'GET /containers/{}/logs',
  'POST /provision',
  'POST /provision/acestream',
  'POST /scale/{}',
  'POST /gc',
  'GET /by-label',
  'GET /orchestrator/status',
  'GET /vpn/status',
  'GET /health/status',
  'POST /health/circuit-breaker/reset',
  'GET /streams',
  'GET /streams/{}',
  'GET /streams/{}/stats',
  'DELETE /streams/{}',
  'POST /streams/{}/move',
  'GET /proxy/status',
  'GET /proxy/sessions',
  'GET /proxy/sessions/{}',
  'GET /events',
  'GET /events/stats',
  'GET /metrics/dashboard',
  'GET /metrics',
];
const ONLY_V1 = [
  'GET /channels',
  'GET /channels/{}',
  'PUT /channels/{}',
  'DELETE /channels/{}',
  'GET /history/channels',
  'GET /history/series',
  'GET /history/streams',
  'DELETE /history',
  'GET /keys',
  'POST /keys',
  'PATCH /keys/{}',
  'DELETE /keys/{}',
  'POST /engines/{}/drain',
  'POST /engines/{}/restart',
  'GET /engines/{}/logs',
  'GET /engines/{}/stats',
  'GET /engines/selection',
  'GET /guide/sources',
  'POST /guide/sources',
  'GET /guide/sources/{}',
  'PATCH /guide/sources/{}',
  'DELETE /guide/sources/{}',
  'POST /guide/sources/{}/refresh',
  'DELETE /proxy/sessions/{}',
  'GET /proxy/sessions/{}/clients',
  'DELETE /proxy/sessions/{}/clients/{}',
];
/** Addresses in engine-style answers, each with its own token. People do not call them. */
const HANDED_OUT = /^\/ace\/(?:r|stat|cmd|hls)\//;
/** For browsers only. */
const PAGE = '/login';

/** The status of GET if the fleet is not managed and there is no VPN; null: no refusal. */
function refusalOf(path: string): number | null {
  if (/\/(?:containers\/\{id\}(?:\/logs)?|engines\/\{id\}\/(?:logs|stats))$/.test(path)) return 409;
  return /\/(?:vpn\/publicip|sessions\/current)$/.test(path) ? 404 : null;
}

describe('the documentation of the API', () => {
  let engine: Simulator;
  let product: Product;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- a document of unknown shape
  let document: any;

  beforeAll(async () => {
    engine = await startSimulator({ startDelayMs: 0, bitrateMbps: 1 });
    product = await startProduct({ engines: [engine] });
    document = (await product.api('GET', '/openapi.json', undefined, {})).body;
  });

  function named(path: string): string {
    return path.replace(/\{[^}]+\}/g, '{}');
  }

  function routesInDocument(): string[] {
    return operationsOf(document).map(({ path, method }) => `${method.toUpperCase()} ${path}`);
  }

  it('lists the errors of the key, and has examples that fit', () => {
    expect(faultsOfOpenApi(document)).toEqual([]);
  });

  it('lists every documented address, and every route', () => {
    const told = routesInDocument().map(named);
    const wanted = [
      ...BOTH,
      ...[...BOTH, ...ONLY_V1].map((route) => route.replace(' ', ' /api/v1')),
      ...OPEN.map(named),
    ];
    expect(wanted.filter((route) => !told.includes(route))).toEqual([]);
    const mapped = product.logs().flatMap(({ msg }) => {
      const [, path = '', method = ''] = /^Mapped \{(.*), (\w+)\} route$/.exec(msg ?? '') ?? [];
      return ['', PAGE].includes(path) ||
        HANDED_OUT.test(path) ||
        ['HEAD', 'OPTIONS'].includes(method)
        ? []
        : [`${method} ${path.replace(/:\w+/g, '{}')}`];
    });
    expect(mapped.length).toBeGreaterThan(20);
    expect(mapped.filter((route) => !told.includes(route))).toEqual([]);
    expect(told.filter((route) => !mapped.includes(route))).toEqual([]);
  });

  it('marks the unprefixed aliases as deprecated, and nothing else', () => {
    const deprecated = operationsOf(document)
      .filter(({ operation }) => operation['deprecated'] === true)
      .map(({ path, method }) => `${method.toUpperCase()} ${named(path)}`);
    expect(BOTH.filter((route) => !deprecated.includes(route))).toEqual(['GET /metrics']);
    expect(deprecated.filter((route) => route.includes(' /api/v1'))).toEqual([]);
  });

  it('names operations after what they do, and aliases after their canonical addresses', () => {
    const idOf = (method: string, path: string) => document.paths[path][method].operationId;
    expect(idOf('get', '/api/v1/engines')).toBe('listEngines');
    expect(idOf('delete', '/api/v1/streams/{id}')).toBe('stopStream');
    expect(idOf('get', '/ace/getstream')).toBe('watchContent');
    const odd = operationsOf(document).filter(({ path, method, operation }) => {
      const canonical = document.paths[`/api/v1${path}`]?.[method]?.operationId;
      return canonical !== undefined && operation.operationId !== `${canonical}_alias`;
    });
    expect(odd.map(({ path }) => path)).toEqual([]);
  });

  it('states the scope of the key at every operation that needs one', () => {
    const rolesOf = (method: string, path: string) => document.paths[path][method].security;
    const roles = (scope: string) =>
      ['bearer', 'api_key', 'session'].map((scheme) => ({ [scheme]: [scope] }));
    expect(rolesOf('get', '/api/v1/engines')).toEqual(expect.arrayContaining(roles('read')));
    expect(rolesOf('delete', '/streams/{id}')).toEqual(expect.arrayContaining(roles('operate')));
    expect(rolesOf('post', '/api/v1/keys')).toEqual(expect.arrayContaining(roles('admin')));
    expect(rolesOf('get', '/ace/getstream')).toEqual([]);
  });

  it('describes the duplicate fields of aliases, and leaves them out at canonical addresses', async () => {
    const schemaOf = (path: string): string =>
      document.paths[path].get.responses['200'].content['application/json'].schema.$ref;
    expect(schemaOf('/api/v1/vpn/status')).toMatch(/VpnStatusDto$/);
    expect(schemaOf('/vpn/status')).toMatch(/VpnStatusCompatDto$/);
    const [canonical, alias] = await Promise.all([
      product.api('GET', '/api/v1/vpn/status'),
      product.api('GET', '/vpn/status'),
    ]);
    expect(canonical.body).not.toHaveProperty('last_check');
    expect(alias.body).toMatchObject({ last_check: null, last_check_at: null, vpn1: null });
  });

  it('declares which addresses are open, and they are', async () => {
    // A setting can close what has `{}` beside the keys; by default it is open.
    const isOpen = ({ security }: { security?: object[] }): boolean =>
      security?.length === 0 ||
      (security?.[0] !== undefined && Object.keys(security[0]).length === 0);
    const open = operationsOf(document).filter(({ operation }) => isOpen(operation));
    expect(open.map(({ path, method }) => `${method.toUpperCase()} ${path}`).sort()).toEqual(OPEN);
    for (const { path, method, operation } of operationsOf(document)) {
      const address = path.replace(/\{[^}]+\}/g, 'unknown');
      const answer = await product.api(method.toUpperCase(), address, undefined, {});
      const isLetIn = answer.status !== 401;
      expect({ method, path, isLetIn }).toEqual({ method, path, isLetIn: isOpen(operation) });
      expect(answer.headers['x-request-id']).toMatch(/^[0-9a-f]{16}$/);
      if (answer.status >= 400) {
        expect(answer.headers['content-type']).toBe('application/problem+json');
      }
    }
    for (const path of ['/docs', '/openapi.json', '/ace/status', '/metrics', '/health/live']) {
      expect((await product.api('GET', path, undefined, {})).status).toBe(200);
    }
    // No other address is open: an unknown address reveals nothing more.
    for (const path of ['/.env', '/data/api-key', '/package.json', '/docs/../package.json']) {
      const { status, headers } = await product.api('GET', path, undefined, {});
      expect([403, 404]).toContain(status);
      expect(headers['content-type']).toBe('application/problem+json');
    }
  });

  it('states the scope of every operation that needs a key, admin for what changes access', () => {
    const scopes = new Map(
      operationsOf(document).map(({ path, method, operation }) => [
        `${method.toUpperCase()} ${path}`,
        operation['x-required-scope'] as string | undefined,
      ]),
    );
    for (const { path, method, operation } of operationsOf(document)) {
      const scope = scopes.get(`${method.toUpperCase()} ${path}`);
      // Without security, or with that of the users of streams.
      const isOpen = operation.security?.every((one: object) => 'user' in one) === true;
      expect({ path, scope }).toEqual({
        path,
        scope: isOpen ? undefined : expect.stringMatching(/^(?:read|operate|admin)$/),
      });
      if (!isOpen) expect(operation.description).toContain(`scope \`${scope}\``);
      if (/^\/api\/v1\/(?:keys|users)\b/.test(path))
        expect({ path, scope }).toEqual({ path, scope: 'admin' });
    }
    for (const operation of [
      'PATCH /api/v1/settings',
      'POST /api/v1/settings/import',
      'POST /api/v1/channels/imports',
      'POST /api/v1/guide/sources',
      'DELETE /api/v1/channels/{id}',
      'DELETE /api/v1/history',
    ]) {
      expect({ operation, scope: scopes.get(operation) }).toEqual({ operation, scope: 'admin' });
    }
    expect(scopes.get('GET /api/v1/engines')).toBe('read');
    expect(scopes.get('PUT /api/v1/channels/{id}')).toBe('operate');
  });

  it('is where the root address redirects browsers, and no other client', async () => {
    const browser = { Accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };
    for (const taker of [browser, { Accept: '*/*' }, {}]) {
      for (const method of ['GET', 'HEAD']) {
        const { status, headers } = await product.api(method, '/', undefined, taker);
        expect({ status, to: headers.location }).toEqual({ status: 302, to: 'docs' });
      }
    }
    for (const path of ['/nowhere', '/api/v1/']) {
      expect((await product.api('GET', path, undefined, browser)).status).toBe(404);
    }
    for (const accept of ['application/problem+json', 'application/json']) {
      const { status, body } = await product.api('GET', '/', undefined, { Accept: accept });
      expect({ status, code: body.code }).toEqual({ status: 404, code: 'not_found' });
    }
  });

  it('refuses other methods with the list of allowed ones, on every address', async () => {
    for (const path of new Set(operationsOf(document).map((one) => one.path))) {
      const address = path.replace(/\{[^}]+\}/g, 'unknown');
      // An address may be one with a parameter as well, as /api/v1/channels/imports is.
      const told = operationsOf(document).filter((one) =>
        new RegExp(`^${one.path.replace(/\{[^}]+\}/g, '[^/]+')}$`).test(address),
      );
      for (const method of ['PUT', 'PATCH', 'SEARCH']) {
        if (told.some((one) => one.method === method.toLowerCase())) continue;
        const { status, headers, body } = await product.api(method, address, {}, {});
        expect({ method, path, status }).toEqual({ method, path, status: 405 });
        expect(headers['content-type']).toBe('application/problem+json');
        expect(body).toMatchObject({ status, code: 'method_not_allowed' });
        expect(body.request_id).toBe(headers['x-request-id']);
        const allowed = (headers.allow ?? '').split(', ');
        expect(allowed).toEqual(
          expect.arrayContaining(told.map((one) => one.method.toUpperCase())),
        );
      }
    }
  });

  it('answers match their schemas', async () => {
    const id = newContentId();
    const playing = openViewer(product.url(streamPath(id)));
    const over = newContentId();
    await engine.fault({ kind: 'json_error', content: over });
    await openViewer(product.url(streamPath(over))).head;
    await playing.playing();
    const user = await product.createUser();
    const source = { name: 'a', url: 'http://guides.example/', is_enabled: false };
    const created = await product.api('POST', '/api/v1/guide/sources', source);
    const channel = { name: 'News', sources: [{ id }] };
    expect((await product.api('PUT', '/api/v1/channels/news', channel)).status).toBe(201);
    const run = (await product.api('POST', '/api/v1/checks')).body as { id: string };
    const ids = {
      '/users/': user.id,
      '/guide/': created.body.id,
      '/engines/': engine.engineId,
      '/containers/': engine.engineId,
      '/proxy/': id,
      '/streams/': id,
      '/imports/': 'lists',
      '/profiles/': 'kids',
      '/channels/': 'news',
      '/checks/': run.id,
    };
    const lists = { name: 'Lists', url: 'http://lists.example/x.m3u', is_enabled: false };
    expect((await product.api('POST', '/api/v1/channels/imports', lists)).status).toBe(201);
    expect((await product.api('POST', '/api/v1/profiles', { name: 'kids' })).status).toBe(201);
    const faults: string[] = [];
    for (const { path, method, operation } of operationsOf(document)) {
      const isMedia = /^\/(ace\/(getstream|manifest)|auto\/|live\/)/.test(path);
      const isText = /([._](m3u|xml)|\.xml\.gz|\.php)$/.test(path);
      if (method !== 'get' || isMedia || isText || path.endsWith('metrics')) continue;
      // It never ends.
      if (path.endsWith('/events/stream')) continue;
      const entry = Object.entries(ids).find(([part]) => path.includes(part));
      const queries = {
        '/by-label': '?key=a&value=b',
        '/ace/preflight': `?id=${id}`,
        '/history/series': '?metric=viewers',
      };
      const query = Object.entries(queries).find(([part]) => path.endsWith(part))?.[1] ?? '';
      const address = path.replace(/\{[^}]+\}/g, entry?.[1] ?? 'unknown') + query;
      const answer = await product.api('GET', address);
      const refusal = refusalOf(path);
      if (refusal !== null) {
        expect({ path, status: answer.status }).toEqual({ path, status: refusal });
        faults.push(
          ...misfits(document, { $ref: '#/components/schemas/Problem' }, answer.body, path),
        );
        continue;
      }
      expect({ path, status: answer.status }).toEqual({ path, status: 200 });
      const schema = operation.responses['200'].content?.['application/json']?.schema;
      faults.push(...misfits(document, schema, answer.body, path));
    }
    const { body } = await product.api('GET', '/nowhere');
    faults.push(...misfits(document, { $ref: '#/components/schemas/Problem' }, body));
    expect(faults).toEqual([]);
  });

  it('answers about managed engines match their schemas too', async () => {
    const own = await startProduct({
      env: {
        ENGINE_DRIVER: 'simulator',
        MIN_REPLICAS: '2',
        ENGINE_PROBE_INTERVAL: '300ms',
        ENGINE_PROBE_TIMEOUT: '10s',
      },
    });
    const faults: string[] = [];
    const ask = async (method: string, path: string, values: readonly string[], status: number) => {
      const told = operationsOf(document).find((one) => {
        return one.method === method.toLowerCase() && named(one.path) === path;
      })!.operation.responses[status];
      const [address = '', query = ''] = [...values]
        .reduce((at, value) => {
          return at.includes('{}') ? at.replace('{}', value) : `${at}?${value}`;
        }, path)
        .split(/(?=\?)/);
      const answer = await own.api(method, address + query);
      expect({ method, path, status: answer.status }).toEqual({ method, path, status });
      const schema = told?.content?.['application/json']?.schema;
      faults.push(...misfits(document, schema, answer.body, path));
      return answer.body;
    };
    const [{ id }, { id: other }] = await eventually(async () => {
      const { body } = await own.api('GET', '/engines');
      return body.length === 2 && body.every(({ state }: { state: string }) => state === 'healthy')
        ? body
        : undefined;
    }, 60_000);
    await ask('POST', '/scale/{}', ['3'], 200);
    await ask('POST', '/provision/acestream', [], 202);
    await ask('POST', '/provision/acestream', ['wait=true'], 201);
    for (const path of ['/engines/{}', '/engines/{}/logs', '/engines/{}/stats']) {
      await ask('GET', path, [id], 200);
    }
    await ask('GET', '/containers/{}', [id], 200);
    await ask('GET', '/containers/{}/logs', [id], 200);
    await ask('POST', '/engines/{}/restart', [id], 200);
    await ask('DELETE', '/engines/{}', [id], 202);
    await ask('DELETE', '/containers/{}', [other], 202);
    await ask('POST', '/gc', [], 200);
    await ask('POST', '/health/circuit-breaker/reset', [], 200);
    const status = await ask('GET', '/orchestrator/status', [], 200);
    expect(status.decisions).not.toEqual([]);
    expect(faults).toEqual([]);
  });

  const why = whyNoBrowser();
  (why === null ? it : it.skip)(
    `is a page that loads nothing from other hosts ${why ?? ''}`,
    async () => {
      const { page, complaints, foreign } = await openPage();
      await page.goto(product.url('/'));
      expect(page.url()).toBe(product.url('/docs'));
      await page.locator('.opblock').first().waitFor();
      expect(await page.title()).toBe('acefleet');
      expect(await page.locator('.opblock').count()).toBe(operationsOf(document).length);
      // The page works: it can call an open address.
      const status = page.locator('.opblock', {
        has: page.locator('[data-path="/health/live"]'),
      });
      await status.locator('.opblock-summary-control').click();
      await status.locator('.try-out__btn').click();
      await status.locator('.execute').click();
      await status
        .locator('.live-responses-table .response-col_status', { hasText: '200' })
        .waitFor();
      expect(complaints).toEqual([]);
      expect(foreign).toEqual([]);
    },
  );
});

describe('/metrics', () => {
  const TYPES = {
    proxy_sessions_total: 'counter',
    proxy_sessions_active: 'gauge',
    proxy_clients_total: 'counter',
    proxy_clients_active: 'gauge',
    proxy_bytes_streamed_total: 'counter',
    proxy_session_duration_seconds: 'histogram',
    engines: 'gauge',
  };
  const SERIES =
    /^[a-z_][a-z0-9_]*(?:\{[a-z_]+="[^"\\]*"(?:,[a-z_]+="[^"\\]*")*\})? [-+0-9.eInfNa]+$/;

  it('have the documented names and do not reveal contents, viewers or engines', async () => {
    const engine = await startSimulator({ startDelayMs: 0, bitrateMbps: 1 });
    const product = await startProduct({ engines: [engine], env: { PROXY_GRACE_PERIOD: '0s' } });
    const gone = newContentId();
    await engine.fault({ kind: 'json_error', content: gone });
    const headers = { 'User-Agent': 'SecretPlayer/1.0' };
    const viewers = [newContentId(), newContentId(), gone].map((id) =>
      openViewer(product.url(streamPath(id)), { headers }),
    );
    await Promise.all(viewers.slice(0, 2).map((viewer) => viewer.playing()));
    await viewers[2]!.head;
    viewers[1]!.destroy();
    const { text, headers: fields } = await product.api('GET', '/metrics', undefined, {});
    expect(fields['content-type']).toMatch(/^text\/plain; version=0\.0\.4/);
    for (const [name, type] of Object.entries(TYPES)) {
      expect(text).toMatch(new RegExp(`^# HELP ${name} .+\\n# TYPE ${name} ${type}$`, 'm'));
      expect(text).toMatch(new RegExp(`^${name}(?:_count)?(?:\\{.*\\})? [0-9.e+]+$`, 'm'));
    }
    expect(text).toMatch(/^engines\{state="healthy"\} 1$/m);
    expect(text).toMatch(/^proxy_sessions_total 3$/m);
    expect(text).toMatch(/^proxy_clients_total 2$/m);
    const series = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    expect(series.filter((line) => !SERIES.test(line))).toEqual([]);
    expect(text).not.toMatch(/[0-9a-f]{40}/i);
    expect(text).not.toMatch(/\b\d{1,3}(?:\.\d{1,3}){3}\b|::|localhost/);
    // Names and labels only, because any digits may be part of a value.
    const told = text.replace(/ \S+$/gm, '').replace(/le="[^"]*"/g, '');
    expect(told).toContain('state="healthy"');
    expect(told).not.toContain(String(engine.httpPort));
    expect(text).not.toContain('SecretPlayer');
    const same = await product.api('GET', '/api/v1/metrics', undefined, {});
    expect(same.status).toBe(200);
  });
});
