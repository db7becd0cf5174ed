import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  API_KEY,
  call,
  eventually,
  newContentId,
  onScopeEnd,
  openViewer,
  startProduct,
  startSimulator,
  type Answer,
  type Product,
  type Simulator,
} from './support';

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- tests look into answers of many shapes
type Json = any;

/** A server of lists, whose text and status change between requests. */
class ListServer {
  text = '';
  status = 200;
  private readonly server: Server;

  constructor() {
    this.server = createServer((_request, response) => {
      response.writeHead(this.status, { 'Content-Type': 'audio/x-mpegurl' });
      response.end(this.text);
    });
  }

  async listen(): Promise<string> {
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    onScopeEnd(() => void this.server.close());
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/user/secret/list.m3u`;
  }
}

function expectProblem(
  { status, body }: Pick<Answer, 'status' | 'body'>,
  ...expected: [number, string]
): void {
  expect([status, body.code]).toEqual(expected);
}

interface Listed {
  readonly name: string;
  readonly content: string;
  readonly tvg?: string;
  readonly group?: string;
}

function m3u(...entries: readonly Listed[]): string {
  const lines = entries.map(
    ({ name, content, tvg = '', group = '' }) =>
      `#EXTINF:-1 tvg-id="${tvg}" group-title="${group}",${name}\nacestream://${content}\n`,
  );
  return `#EXTM3U\n${lines.join('')}`;
}

describe('imports, profiles and foreign lists', () => {
  let engine: Simulator;
  let product: Product;
  let dataDir: string;
  const lists = new ListServer();
  let address: string;

  const start = (): Promise<Product> =>
    startProduct({
      engines: [engine],
      dataDir,
      env: { OUTBOUND_ALLOW: '127.0.0.1', TRUSTED_PROXIES: '127.0.0.1' },
    });

  beforeAll(async () => {
    dataDir = mkdtempSync(join(tmpdir(), 'acefleet-imports-'));
    onScopeEnd(() => rmSync(dataDir, { recursive: true, force: true }));
    address = await lists.listen();
    engine = await startSimulator({ startDelayMs: 0, bitrateMbps: 1 });
    product = await start();
  });

  /** Sends a list as a body. */
  async function send(
    text: string,
    query = '',
    path = '/api/v1/channels/import',
    headers: Record<string, string> = { 'X-API-Key': API_KEY },
  ): Promise<{ status: number; body: Json }> {
    const answer = await fetch(product.url(path + query), {
      method: 'POST',
      body: text,
      headers: { 'Content-Type': 'audio/x-mpegurl; charset=utf-8', ...headers },
    });
    return { status: answer.status, body: await answer.json() };
  }

  const ok = ({ status, body }: { status: number; body: Json }): Json => {
    expect({ status, body }).toMatchObject({ status: 200 });
    return body;
  };
  const refresh = async (id: string): Promise<Json> =>
    ok(await product.api('POST', `/api/v1/channels/imports/${id}/refresh`));
  const channel = async (id: string): Promise<Json> =>
    ok(await product.api('GET', `/api/v1/channels/${id}`));
  const get = (path: string, headers: Record<string, string> = {}): Promise<Answer> =>
    call({ port: product.port, path, headers });
  const playlist = async (path: string): Promise<string[]> => {
    const { status, text } = await get(path);
    expect(status).toBe(200);
    return text.match(/(?<=^#EXTINF.*,).*$/gm) ?? [];
  };

  it('imports a list that is sent, after a dry run, and plays a channel of it', async () => {
    const list = m3u(
      { name: 'Films', content: newContentId(), group: 'Cinema' },
      { name: 'News', content: newContentId() },
      { name: 'Films', content: newContentId() },
    );
    const text = `${list}#EXTINF:-1,Radio\nhttp://radio.example/live.mp3\n`;
    const expected = {
      import_name: 'mine',
      entries: 3,
      channels: 2,
      added: 2,
      changed: 0,
      missing: 0,
      skipped: 1,
      skipped_lines: [{ line: 9, reason: 'no_acestream_content' }],
      changes: [
        { channel_id: 'films', name: 'Films', change: 'added', fields: [] },
        { channel_id: 'news', name: 'News', change: 'added', fields: [] },
      ],
    };
    const tried = ok(await send(text, '?dry_run=1&name=mine'));
    expect(tried).toMatchObject({ ...expected, is_dry_run: true, import_id: null });
    expect(await playlist('/playlist.m3u')).toEqual([]);
    const done = ok(await send(text, '?name=mine'));
    expect(done).toMatchObject({ ...expected, is_dry_run: false, import_id: 'mine' });
    expect(await playlist('/playlist.m3u')).toEqual(['Films', 'News']);
    expect(await channel('films')).toMatchObject({
      origin: 'import',
      imports: ['mine'],
      edited: [],
      is_missing: false,
      group: 'Cinema',
      sources: [{ rank: 1 }, { rank: 2 }],
    });
    expect(ok(await send(text, '?name=mine'))).toMatchObject({ added: 0, changed: 0, missing: 0 });
    const viewer = openViewer(product.url('/ace/getstream?channel=films'));
    await viewer.playing();
    viewer.destroy();
    ok(await product.api('DELETE', '/api/v1/channels/imports/mine'));
    expect(await playlist('/playlist.m3u')).toEqual([]);
  });

  it('follows a list at an address, except for what an administrator has changed', async () => {
    const [first, second, third] = [newContentId(), newContentId(), newContentId()];
    lists.text = m3u(
      { name: 'One', content: first, tvg: 'one', group: 'A' },
      { name: 'Two', content: second, group: 'A' },
    );
    const created = await product.api('POST', '/api/v1/channels/imports', {
      name: 'Mi lista',
      url: address,
      refresh_interval_s: 3600,
    });
    expect(created).toMatchObject({ status: 201, body: { id: 'mi-lista', is_enabled: true } });
    const shown = await eventually(async () => {
      const { body } = await product.api('GET', '/api/v1/channels/imports/mi-lista');
      return body.state === 'ok' ? body : false;
    });
    expect(shown).toMatchObject({ url: address, channels: 2, missing_channels: 0 });
    expect(Date.parse(shown.next_refresh_at) - Date.parse(shown.tried_at)).toBe(3_600_000);
    const numbers = [(await channel('one')).number, (await channel('two')).number];

    ok(await product.api('PATCH', '/api/v1/channels/one', { name: 'My one', is_hidden: true }));
    lists.text = m3u({ name: 'One!', content: third, tvg: 'ONE', group: 'B' });
    expect(await refresh('mi-lista')).toMatchObject({
      changed: 1,
      missing: 1,
      changes: [
        { channel_id: 'one', change: 'changed', fields: ['group', 'tvg_id', 'sources'] },
        { channel_id: 'two', name: 'Two', change: 'missing', fields: [] },
      ],
    });
    expect(await playlist('/playlist.m3u')).toEqual(['Two']);

    expect(await channel('one')).toMatchObject({
      name: 'My one',
      group: 'B',
      is_hidden: true,
      edited: ['name'],
      number: numbers[0],
      sources: [{ id: third }],
    });
    expect(await channel('two')).toMatchObject({
      is_missing: true,
      missing_since: expect.any(String),
    });
    expect(ok(await product.api('GET', '/api/v1/channels/imports')).imports).toEqual([
      expect.objectContaining({ id: 'mi-lista', state: 'ok', channels: 1, missing_channels: 1 }),
    ]);

    lists.text = m3u(
      { name: 'One!', content: third, tvg: 'one' },
      { name: 'Two', content: second, group: 'A' },
    );
    expect(await refresh('mi-lista')).toMatchObject({ returned: 1, changed: 1, added: 0 });
    expect(await channel('two')).toMatchObject({ is_missing: false, number: numbers[1] });
    ok(await product.api('PATCH', '/api/v1/channels/one', { name: null, is_hidden: false }));
    expect(await channel('one')).toMatchObject({ name: 'One!', edited: [] });
  });

  it('shows why a refresh failed, and keeps the channels', async () => {
    const before = await playlist('/playlist.m3u');
    const failures: [() => void, number, string][] = [
      [() => (lists.status = 500), 502, 'outbound_failed'],
      [() => (lists.text = '<html>moved</html>'), 422, 'unusable_list'],
      [() => (lists.text = `#EXTM3U\n${'x'.repeat(20_000)}`), 422, 'unusable_list'],
    ];
    for (const [fail, status, code] of failures) {
      lists.status = 200;
      fail();
      expectProblem(
        await product.api('POST', '/api/v1/channels/imports/mi-lista/refresh'),
        status,
        code,
      );
      const { body } = await product.api('GET', '/api/v1/channels/imports/mi-lista');
      expect(body).toMatchObject({ state: 'failed', last_error: { code } });
    }
    expect(await playlist('/playlist.m3u')).toEqual(before);
    const url = address.replace('127.0.0.1', '127.0.0.2');
    expectProblem(
      await product.api('POST', '/api/v1/channels/import', { url }),
      400,
      'outbound_refused',
    );
    await product.logsSoFar();
    expect(product.logText()).not.toContain('/user/secret');
  });

  it('refuses bodies beyond a limit, of another type, and without a key', async () => {
    const big = await send('x'.repeat(1000).concat('\n').repeat(17_000));
    expect([big.status, big.body.code]).toEqual([413, 'payload_too_large']);
    const other = await send('#EXTM3U', '', '/api/v1/channels/imports');
    expect([other.status, other.body.code]).toEqual([415, 'unsupported_media_type']);
    const open = await send('#EXTM3U', '', '/api/v1/channels/import', {});
    expect([open.status, open.body.code]).toEqual([401, 'unauthorized']);
    const empty = await send('#EXTM3U\n');
    expect([empty.status, empty.body.code]).toEqual([422, 'unusable_list']);
    for (const id of ['import', 'imports']) {
      const body = { name: 'x', sources: [{ id: newContentId() }] };
      expectProblem(
        await product.api('PUT', `/api/v1/channels/${id}`, body),
        400,
        'invalid_request',
      );
    }
  });

  it('gives a profile a playlist and a tuner of its own', async () => {
    ok(
      await send(
        m3u(
          { name: 'Cartoons', content: newContentId(), group: 'Kids' },
          { name: 'Horror', content: newContentId(), group: 'Films' },
        ),
        '?name=more',
      ),
    );
    const created = await product.api('POST', '/api/v1/profiles', {
      name: 'kids',
      included_groups: ['Kids'],
    });
    expect(created).toMatchObject({ status: 201, body: { name: 'kids', channels: 1 } });
    expect(await playlist('/profiles/kids/playlist.m3u')).toEqual(['Cartoons']);
    expect(await playlist('/playlist.m3u?profile=kids&format=hls')).toEqual(['Cartoons']);
    const { body: device } = await get('/profiles/kids/discover.json');
    expect(device).toMatchObject({
      DeviceID: created.body.device_id,
      BaseURL: product.url('/profiles/kids'),
      LineupURL: product.url('/profiles/kids/lineup.json'),
    });
    expect(device.DeviceID).not.toBe((await get('/discover.json')).body.DeviceID);
    const lineup = (await get(new URL(device.LineupURL).pathname)).body;
    expect(lineup).toHaveLength(1);
    expect((await get('/profiles/kids/device.xml')).text).toContain(device.DeviceID);
    expect((await get('/profiles/kids/lineup_status.json')).status).toBe(200);
    const viewer = openViewer(lineup[0].URL);
    await viewer.playing();
    viewer.destroy();

    ok(await product.api('PATCH', '/api/v1/profiles/kids', { included_channels: ['horror'] }));
    expect(await playlist('/profiles/kids/playlist.m3u')).toEqual(['Cartoons', 'Horror']);
    ok(await product.api('PATCH', '/api/v1/channels/horror', { is_hidden: true }));
    expect(await playlist('/profiles/kids/playlist.m3u')).toEqual(['Cartoons']);
    for (const path of ['/profiles/none/lineup.json', '/playlist.m3u?profile=none']) {
      const answer = await get(path);
      expectProblem(answer, 404, 'not_found');
      expect(answer.body.detail).not.toContain('kids');
    }
  });

  it('gives a foreign list the addresses of this server, but only with the key', async () => {
    const id = newContentId();
    lists.status = 200;
    lists.text = `#EXTM3U\r\n#EXTINF:-1,One\r\nacestream://${id}\r\nhttp://other.example/x\r\n`;
    const path = `/modify_m3u?m3u_url=${encodeURIComponent(address)}`;
    expectProblem(await get(path), 401, 'unauthorized');
    expectProblem(await get(`${path}&api_key=${API_KEY}`), 401, 'unauthorized');
    const key = { 'X-API-Key': API_KEY };
    const proxied = { ...key, 'X-Forwarded-Proto': 'https', 'X-Forwarded-Host': 'tv.example' };
    const answer = await get(path, proxied);
    expect(answer).toMatchObject({
      status: 200,
      headers: {
        'content-type': 'audio/x-mpegurl; charset=utf-8',
        'cache-control': 'private, no-store',
      },
      text: `#EXTM3U\r\n#EXTINF:-1,One\r\nhttps://tv.example/ace/getstream?id=${id}\r\nhttp://other.example/x\r\n`,
    });
    lists.status = 404;
    expectProblem(await get(path, key), 502, 'outbound_failed');
    expectProblem(
      await get('/modify_m3u?m3u_url=file:///etc/passwd', key),
      400,
      'outbound_refused',
    );
    expectProblem(await get('/modify_m3u', key), 400, 'invalid_request');
  });

  it('keeps channels, imports, profiles and edits over a restart', async () => {
    ok(await product.api('PATCH', '/api/v1/channels/one', { name: 'My one' }));
    lists.status = 200;
    lists.text = m3u({ name: 'One!', content: newContentId(), tvg: 'one' });
    expect(await refresh('mi-lista')).toMatchObject({ missing: 1 });
    const paths = [
      '/api/v1/channels',
      '/api/v1/channels/imports',
      '/api/v1/profiles',
      '/profiles/kids/discover.json',
      '/playlist.m3u',
    ];
    const state = async (): Promise<string[]> => {
      const answers = await Promise.all(paths.map((path) => product.api('GET', path)));
      // The times of sources are stored with another clock.
      return answers.map(({ text }) =>
        text.replaceAll(product.url(''), '').replace(/"started_at":"[^"]*"/g, ''),
      );
    };
    const before = await state();
    await product.stop();
    product = await start();
    expect(await state()).toEqual(before);
    const name = 'Renamed';
    lists.text = m3u({ name, content: newContentId(), tvg: 'one' });
    expect(await refresh('mi-lista')).toMatchObject({ added: 0, changed: 1, missing: 0 });
    expect(await channel('one')).toMatchObject({ name: 'My one', edited: ['name'] });
    ok(await product.api('PATCH', '/api/v1/channels/one', { name: null }));
    expect(await channel('one')).toMatchObject({ name });
    ok(await product.api('DELETE', '/api/v1/profiles/kids'));
    expectProblem(await get('/profiles/kids/playlist.m3u'), 404, 'not_found');
  });
});
