import {
  API_KEY,
  eventually,
  expectProblem,
  newContentId,
  openViewer,
  startProduct,
  startSimulator,
  streamPath,
  type Product,
  type Viewer,
} from './support';

describe('errors', () => {
  let product: Product;

  beforeAll(async () => {
    const engine = await startSimulator();
    product = await startProduct({
      engines: [engine],
      env: { PROXY_MAX_CLIENTS_PER_STREAM: '2' },
    });
  });

  function send(raw: string): Viewer {
    return openViewer({ port: product.port, path: '/' }, { raw });
  }

  it.each([
    ['no HTTP at all', 'HELLO\r\n\r\n', 400],
    ['a header without a colon', 'GET /ace/status HTTP/1.1\r\nHost: a\r\nnonsense\r\n\r\n', 400],
    ['no Host in HTTP/1.1', 'GET /ace/status HTTP/1.1\r\n\r\n', 400],
    [
      'two lengths',
      'GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n',
      400,
    ],
    ['a huge header', `GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(70_000)}\r\n\r\n`, 431],
  ])('of the HTTP parser are problem documents too: %s', async (_what, raw, status) => {
    await expectProblem(send(raw), status, status === 431 ? 'header_too_large' : 'invalid_request');
  });

  it.each([
    '/ace/getstream?format=json&id=' + newContentId(),
    '/ace/status',
    '/docs',
    '/health/live',
    '/nowhere',
  ])('of an invalid Host header come before any other: %s', async (path) => {
    for (const host of ['evil"><script>/x', 'a/b', 'user@host', '[::1', 'host:port']) {
      const viewer = openViewer(product.url(path), { headers: { Host: host } });
      const { detail } = await expectProblem(viewer, 400, 'invalid_request');
      expect(detail).not.toContain('evil');
    }
  });

  it.each(['my_server:8000', '[2001:db8::7]:8000', '[::1]', 'tv.example.org', '10.0.0.7:1'])(
    'do not occur with a valid Host header: %s',
    async (host) => {
      const path = streamPath(newContentId(), '&format=json');
      const viewer = openViewer(product.url(path), { headers: { Host: host } });
      const { response } = await viewer.json();
      expect(response.playback_url).toMatch(/^http:\/\/[^/]+\/ace\/r\//);
      expect(new URL(response.playback_url).host).toBe(new URL(`http://${host}`).host);
    },
  );

  it.each([
    '/nowhere',
    '/ace/nowhere',
    '/ace/getstream/a/b',
    '/api/v1/nowhere',
    '/%2e%2e/etc/passwd',
  ])('at an unknown address: %s', async (path) => {
    const headers = { 'X-API-Key': API_KEY };
    await expectProblem(openViewer(product.url(path), { headers }), 404, 'not_found');
  });

  it('of the key: without a key 401, with a wrong one 403, in the query refused', async () => {
    await expectProblem(openViewer(product.url('/proxy/status')), 401, 'unauthorized');
    for (const [name, value] of [
      ['X-API-Key', 'wrong'],
      ['Authorization', 'Bearer wrong'],
    ] as const) {
      const viewer = openViewer(product.url('/proxy/status'), { headers: { [name]: value } });
      await expectProblem(viewer, 403, 'forbidden');
    }
    for (const name of ['api_key', 'key']) {
      const viewer = openViewer(product.url(`/proxy/status?${name}=${API_KEY}`));
      expect([400, 401, 403]).toContain(await viewer.status());
    }
    const allowed = openViewer(product.url('/proxy/status'), {
      headers: { Authorization: `Bearer ${API_KEY}` },
    });
    expect(await allowed.status()).toBe(200);
  });

  it('of a limit are 429 with Retry-After, and present viewers continue', async () => {
    const id = newContentId();
    const viewers = [1, 2].map(() => openViewer(product.url(streamPath(id))));
    await Promise.all(viewers.map((viewer) => viewer.playing()));
    const third = openViewer(product.url(streamPath(id)));
    const problem = await expectProblem(third, 429, 'client_limit');
    expect(problem.retry_after).toBeGreaterThan(0);
    await viewers[0]!.receiveMore(1000);
    viewers[0]!.destroy();
    await eventually(async () => (await product.session(id)).client_count === 1);
    const fourth = openViewer(product.url(streamPath(id)));
    await fourth.playing();
    await viewers[1]!.receiveMore(500);
  });

  it('on the streaming addresses may be read by pages of other sites', async () => {
    const viewer = openViewer(product.url('/ace/getstream?id=x'), {
      headers: { Origin: 'http://elsewhere.example' },
    });
    await expectProblem(viewer, 400, 'invalid_selector');
    expect((await viewer.head).headers['access-control-allow-origin']).toBe('*');
  });

  it('on the admin API may not be read by pages of other sites, and no answer sets a cookie', async () => {
    const origin = { Origin: 'http://elsewhere.example', 'X-API-Key': API_KEY };
    const asked = { ...origin, 'Access-Control-Request-Method': 'DELETE' };
    for (const [method, headers] of [
      ['GET', origin],
      ['OPTIONS', asked],
    ] as const) {
      for (const path of [
        '/api/v1/engines',
        '/api/v1/keys',
        '/proxy/status',
        '/docs',
        '/metrics',
      ]) {
        const answer = await product.api(method, path, undefined, headers);
        expect(answer.headers).not.toHaveProperty('access-control-allow-origin');
        expect(answer.headers).not.toHaveProperty('set-cookie');
      }
    }
  });
});
