import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync, gzipSync } from 'node:zlib';
import {
  call,
  eventually,
  newContentId,
  onScopeEnd,
  startProduct,
  startSimulator,
  type Answer,
  type Product,
} from './support';

const MARKER = 'marker-of-the-guide';

const programme = (id: string, title: string): string =>
  `<programme start="20261130180000 +0100" stop="20261130190000 +0100" channel="${id}">` +
  `<title>${title}</title></programme>`;

const GUIDE = `<?xml version="1.0"?>
<!DOCTYPE tv SYSTEM "xmltv.dtd">
<tv>
<channel id="NEWS.example"><display-name>News</display-name></channel>
<channel id="17"><display-name>films hd</display-name></channel>
<channel id="other"><display-name>Other</display-name></channel>
${programme('NEWS.example', 'The news &amp; more')}
${programme('17', 'A film')}
${programme('other', 'Not wanted')}
</tv>`;

describe('the guide', () => {
  let product: Product;
  let provider: Server;
  let port: number;
  /** What the provider sends at each path. */
  const bodies = new Map<string, Buffer>();

  beforeAll(async () => {
    provider = createServer((request, response) => {
      const body = bodies.get((request.url ?? '').split('?')[0] ?? '');
      response.writeHead(body === undefined ? 404 : 200).end(body ?? MARKER);
    }).listen(0, '127.0.0.1');
    onScopeEnd(() => {
      provider.closeAllConnections();
      provider.close();
    });
    await once(provider, 'listening');
    port = (provider.address() as AddressInfo).port;
    product = await startProduct({
      engines: [await startSimulator({ startDelayMs: 0, bitrateMbps: 1 })],
      env: { OUTBOUND_ALLOW: `127.0.0.1:${port}` },
    });
    await put('news', { name: 'News, at "8"', tvg_id: 'news.example', logo: 'http://a/n.png?b&c' });
    await put('films', { name: 'Films HD', tvg_id: 'films' });
    await put('secret', { name: 'Secret', tvg_id: 'other', is_hidden: true });
    await put('without', { name: 'Without' });
  });

  async function put(id: string, body: object): Promise<void> {
    const sources = [{ id: newContentId() }];
    const answer = await product.api('PUT', `/api/v1/channels/${id}`, { sources, ...body });
    expect([200, 201]).toContain(answer.status);
  }

  function ask(path: string, headers: Record<string, string> = {}, method = 'GET') {
    return call({ port: product.port, method, path, headers });
  }

  const source = (id = '', method = 'GET', body?: object): Promise<Answer> =>
    product.api(method, `/api/v1/guide/sources${id}`, body);

  /** Resolves with the source when its refresh is over. */
  async function refreshed(id: string, since: string | null): Promise<Answer['body']> {
    let seen: Answer['body'];
    await eventually(
      async () => {
        seen = (await source(`/${id}`)).body;
        return !seen.is_refreshing && seen.checked_at !== null && seen.checked_at !== since;
      },
      30_000,
      'the refresh',
    );
    return seen;
  }

  async function create(path: string): Promise<Answer['body']> {
    const url = `http://${MARKER}:${MARKER}@127.0.0.1:${port}${path}?token=${MARKER}`;
    const created = await source('', 'POST', { name: 'My guide', url });
    expect(created.status).toBe(201);
    return created.body;
  }

  it('is that of the channels, reduced and with their ids, in all forms that clients request', async () => {
    expect((await ask('/playlist.m3u')).text).toMatch(/^#EXTM3U\n/);
    expect((await ask('/epg.xml')).text).not.toContain('<programme');
    bodies.set('/guide.xml', gzipSync(GUIDE));
    const { id } = await create('/guide.xml');
    const state = await refreshed(id, null);
    expect(state).toMatchObject({
      ...{ name: 'My guide', is_enabled: true, refresh_interval_s: 43_200, last_error: null },
      // The hidden channel has programmes too, so that it is complete at once when it is shown.
      ...{ channels: 3, programmes: 3 },
    });

    const guide = await ask('/epg.xml');
    expect(guide.status).toBe(200);
    expect(guide.headers).toMatchObject({
      'content-type': 'application/xml; charset=utf-8',
      'access-control-allow-origin': '*',
      'content-length': String(Buffer.byteLength(guide.text)),
    });
    expect(guide.text.split('\n').sort()).toEqual(
      [
        '',
        '<?xml version="1.0" encoding="UTF-8"?>',
        '<tv generator-info-name="acefleet">',
        '<channel id="news.example"><display-name>News, at "8"</display-name><icon src="http://a/n.png?b&amp;c"/></channel>',
        '<channel id="films"><display-name>Films HD</display-name></channel>',
        programme('news.example', 'The news &amp; more'),
        programme('films', 'A film'),
        '</tv>',
      ].sort(),
    );

    const etag = guide.headers.etag ?? '';
    const same = await ask('/epg.xml', { 'If-None-Match': etag });
    expect([same.status, same.text]).toEqual([304, '']);
    const head = await ask('/epg.xml', {}, 'HEAD');
    expect([head.status, head.text, head.headers.etag]).toEqual([200, '', etag]);
    expect(head.headers['content-length']).toBe(guide.headers['content-length']);
    const response = await fetch(product.url('/epg.xml'));
    expect(response.headers.get('content-encoding')).toBe('gzip');
    expect(response.headers.get('etag')).not.toBe(etag);
    expect(await response.text()).toBe(guide.text);
    const packed = await fetch(product.url('/epg.xml.gz'));
    expect(packed.headers.get('content-encoding')).toBeNull();
    expect(packed.headers.get('content-type')).toBe('application/gzip');
    expect(gunzipSync(Buffer.from(await packed.arrayBuffer())).toString()).toBe(guide.text);

    const address = product.url('/epg.xml');
    const [first] = (await ask('/playlist.m3u')).text.split('\n');
    expect(first).toBe(`#EXTM3U url-tvg="${address}" x-tvg-url="${address}"`);

    // A new name is in the guide at once.
    await put('films', { name: 'Films 4K', tvg_id: 'films' });
    const renamed = await ask('/epg.xml', { 'If-None-Match': etag });
    expect(renamed.status).toBe(200);
    expect(renamed.text).toContain('<display-name>Films 4K</display-name>');
    expect(renamed.text).toContain('A film');

    // A bomb, and every other failure, leaves the last good guide.
    bodies.set('/guide.xml', gzipSync(Buffer.alloc(30 * 2 ** 20, ' ')));
    const refresh = await source(`/${id}/refresh`, 'POST');
    // The address of the source contains a password.
    expect([refresh.status, refresh.text]).toEqual([202, '']);
    const bombed = await refreshed(id, state.checked_at);
    expect(bombed).toMatchObject({ fetched_at: state.fetched_at, channels: 3 });
    expect(bombed.last_error).toEqual({
      code: 'outbound_failed',
      detail: 'the compressed body unpacks to more than 200 times its size',
    });
    bodies.delete('/guide.xml');
    expect((await source(`/${id}/refresh`, 'POST')).status).toBe(202);
    const missing = await refreshed(id, bombed.checked_at);
    expect(missing.last_error).toEqual({
      code: 'guide_status',
      detail: 'the server answers with status 404',
    });
    expect((await ask('/epg.xml')).text).toBe(renamed.text);

    expect((await source(`/${id}`, 'PATCH', { is_enabled: false })).body.is_enabled).toBe(false);
    expect((await ask('/epg.xml')).text).not.toContain('<programme');
    expect((await source(`/${id}/refresh`, 'POST')).body).toMatchObject({ code: 'conflict' });
    expect((await source(`/${id}`, 'DELETE')).status).toBe(200);
    expect((await source()).body).toEqual({ sources: [] });
    expect((await ask('/playlist.m3u')).text).toMatch(/^#EXTM3U\n/);
    expect(JSON.stringify(await product.logsSoFar())).not.toContain(MARKER);
  });

  it('cannot come from this machine, unless OUTBOUND_ALLOW lists it', async () => {
    const { id } = (
      await source('', 'POST', { name: 'self', url: `http://[::ffff:7f00:1]:${port + 1}/` })
    ).body;
    const { last_error, fetched_at } = await refreshed(id, null);
    expect([last_error.code, fetched_at]).toEqual(['outbound_refused', null]);
    expect((await source(`/${id}`, 'DELETE')).status).toBe(200);
  });

  it('has sources that are checked', async () => {
    const url = 'http://guides.example/';
    for (const body of [
      {},
      { name: 'a' },
      { name: '', url },
      { name: 'a', url: 'file:///etc/passwd' },
      { name: 'a', url, refresh_interval_s: 60 },
      { name: 'a', url, is_enabled: null },
    ]) {
      const refused = await source('', 'POST', body);
      expect(refused.body).toMatchObject({ status: 400, code: 'invalid_request' });
    }
    for (const [method, path] of [
      ['GET', '/nothing'],
      ['PATCH', '/nothing'],
      ['DELETE', '/nothing'],
      ['POST', '/nothing/refresh'],
    ] as const) {
      const missing = await source(path, method, method === 'PATCH' ? {} : undefined);
      expect(missing.body).toMatchObject({ status: 404, code: 'not_found' });
    }
    const { status } = await product.api('GET', '/api/v1/guide/sources', undefined, {});
    expect(status).toBe(401);
  });
});
