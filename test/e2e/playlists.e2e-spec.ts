import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  call,
  eventually,
  expectProblem,
  newContentId,
  onScopeEnd,
  openViewer,
  startProduct,
  startSimulator,
  type Answer,
  type Product,
  type Simulator,
  type Viewer,
} from './support';

const KODI = { 'User-Agent': 'Kodi/21.0 (X11; Linux x86_64)', Accept: '*/*' };
const PLEX = { 'User-Agent': 'PlexMediaServer/1.41.0' };
const PLEX_TUNER = { 'User-Agent': 'Lavf/LIBAVFORMAT_VERSION', 'Icy-MetaData': '1' };
const DEVICE_ID = /^1[0-9A-F]{7}$/;

interface Entry {
  readonly attributes: Readonly<Record<string, string>>;
  readonly name: string;
  readonly properties: readonly string[];
  readonly address: string;
}

function readPlaylist(text: string): Entry[] {
  const [start, ...blocks] = text.split(/^(?=#EXTINF:)/m);
  expect(start).toBe('#EXTM3U\n');
  return blocks.map((block) => {
    const [info = '', ...lines] = block.trimEnd().split('\n');
    return {
      attributes: Object.fromEntries(
        [...info.matchAll(/([a-z-]+)="([^"]*)"/g)].map(([, key, value]) => [key, value]),
      ),
      name: info.slice(info.lastIndexOf('",') + 2),
      properties: lines.slice(0, -1),
      address: lines.at(-1) ?? '',
    };
  });
}

describe('playlists and the tuner', () => {
  let engine: Simulator;
  let product: Product;
  let folder: string;
  let file: string;

  const inFile = (id: string, more: object = {}): object => ({
    id,
    name: `File ${id}`,
    sources: [{ id: newContentId() }],
    ...more,
  });

  function writeChannels(...channels: object[]): void {
    writeFileSync(file, JSON.stringify({ channels }));
  }

  function start(): Promise<Product> {
    return startProduct({
      engines: [engine],
      dataDir: join(folder, 'data'),
      env: {
        CHANNELS_FILE: file,
        TRUSTED_PROXIES: '127.0.0.1',
        MAX_STREAMS_PER_ENGINE: '1',
        PROXY_GRACE_PERIOD: '0s',
      },
    });
  }

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'acefleet-playlists-'));
    onScopeEnd(() => rmSync(folder, { recursive: true, force: true }));
    file = join(folder, 'mine.json');
    writeChannels(inFile('first'), inFile('second', { number: 20, group: 'Sport' }));
    engine = await startSimulator({ startDelayMs: 0, bitrateMbps: 1 });
    product = await start();
    await put('news', {
      name: 'News, "live"',
      group: 'Information',
      logo: 'https://logos.example/news.png',
      tvg_id: 'news.example',
      number: 3,
    });
    await put('films', { name: 'Films', group: 'Sport' });
    await put('secret', { name: 'Secret', is_hidden: true });
  });

  beforeEach(async () => {
    await eventually(async () => (await product.sessionCount()) === 0, 20_000, 'no session');
  });

  async function put(id: string, body: object): Promise<void> {
    const sources = [{ id: newContentId() }];
    const answer = await product.api('PUT', `/api/v1/channels/${id}`, { sources, ...body });
    expect([200, 201]).toContain(answer.status);
  }

  function ask(
    path: string,
    headers: Readonly<Record<string, string>> = {},
    method = 'GET',
  ): Promise<Answer> {
    return call({ port: product.port, method, path, headers });
  }

  async function playlist(query = '', headers: Record<string, string> = {}): Promise<Entry[]> {
    const { status, text } = await ask(`/playlist.m3u${query}`, headers);
    expect(status).toBe(200);
    return readPlaylist(text);
  }

  async function numbers(): Promise<Record<string, number>> {
    const { channels } = (await product.api('GET', '/api/v1/channels')).body;
    return Object.fromEntries(
      (channels as { id: string; number: number }[]).map(({ id, number }) => [id, number]),
    );
  }

  async function plays(viewer: Viewer): Promise<void> {
    await viewer.playing();
    expect((await viewer.head).headers['content-type']).toBe('video/mp2t');
    viewer.destroy();
    await eventually(async () => (await product.sessionCount()) === 0);
  }

  it('lists the visible channels by number', async () => {
    const entries = await playlist();
    expect(entries.map(({ attributes }) => attributes['channel-id'])).toEqual([
      'news',
      'second',
      'first',
      'films',
    ]);
    expect(entries[0]).toEqual({
      attributes: {
        'channel-id': 'news',
        'channel-number': '3',
        'tvg-id': 'news.example',
        'tvg-name': "News, 'live'",
        'tvg-logo': 'https://logos.example/news.png',
        'tvg-chno': '3',
        'group-title': 'Information',
      },
      name: "News; 'live'",
      properties: ['#KODIPROP:mimetype=video/mp2t'],
      address: product.url('/ace/getstream?channel=news'),
    });
    expect(await playlist('?group=Sport&group=Information&x=y')).toHaveLength(3);
    expect(await playlist('?group=Sport')).toHaveLength(2);
    const [, sport] = await playlist('?group=Sport&format=hls');
    expect(sport).toMatchObject({
      properties: [],
      address: product.url('/ace/manifest.m3u8?channel=films'),
    });
    expect(await playlist('?group=none')).toEqual([]);
  });

  it.each(['?format=', '?format=flv', '?format=ts&format=hls', '?group=', '?group=%f', '?%zz=1'])(
    'refuses %s',
    async (query) => {
      const { status, body, headers } = await ask(`/playlist.m3u${query}`);
      expect({ status, code: body.code }).toEqual({ status: 400, code: 'invalid_request' });
      expect(headers['access-control-allow-origin']).toBe('*');
    },
  );

  it('has the headers of a list that clients may keep, also for HEAD', async () => {
    const got = await ask('/playlist.m3u');
    expect(got.headers).toMatchObject({
      'content-type': 'audio/x-mpegurl; charset=utf-8',
      'cache-control': 'no-cache',
      vary: 'Accept-Encoding',
      etag: expect.stringMatching(/^"[\w-]+"$/),
      'access-control-allow-origin': '*',
      'content-length': String(Buffer.byteLength(got.text)),
    });
    const head = await ask('/playlist.m3u', {}, 'HEAD');
    expect({ status: head.status, text: head.text }).toEqual({ status: 200, text: '' });
    for (const name of ['content-type', 'etag', 'content-length', 'vary']) {
      expect(head.headers[name]).toBe(got.headers[name]);
    }
    const options = await ask(
      '/playlist.m3u',
      { 'Access-Control-Request-Headers': 'x' },
      'OPTIONS',
    );
    expect(options.status).toBe(204);
    expect((await ask('/playlist.m3u', {}, 'POST')).status).toBe(405);
  });

  it('is compressed for clients that accept it, and not sent again while it is unchanged', async () => {
    const url = product.url('/playlist.m3u');
    const plain = await fetch(url, { headers: { 'Accept-Encoding': 'identity' } });
    const zipped = await fetch(url, { headers: { 'Accept-Encoding': 'gzip' } });
    expect(plain.headers.get('content-encoding')).toBeNull();
    expect(zipped.headers.get('content-encoding')).toBe('gzip');
    expect(await zipped.text()).toBe(await plain.text());
    const tags = [plain, zipped].map(({ headers }) => headers.get('etag') ?? '');
    expect(tags[0]).not.toBe(tags[1]);
    const again = async (encoding: string, tag: string, method = 'GET'): Promise<Answer> =>
      ask('/playlist.m3u', { 'Accept-Encoding': encoding, 'If-None-Match': tag }, method);
    for (const method of ['GET', 'HEAD']) {
      const unchanged = await again('gzip', `"other", W/${tags[1]}`, method);
      expect(unchanged).toMatchObject({ status: 304, text: '', headers: { etag: tags[1] } });
    }
    expect((await again('identity', tags[0] ?? '')).status).toBe(304);
    expect((await again('identity', tags[1] ?? '')).status).toBe(200);
    await put('films', { name: 'Other films', group: 'Sport' });
    const changed = await again('identity', tags[0] ?? '');
    expect(changed.status).toBe(200);
    expect(changed.text).toContain(',Other films\n');
    await put('films', { name: 'Films', group: 'Sport' });
    expect((await again('identity', tags[0] ?? '')).status).toBe(304);
  });

  it('has the address that the client used, and that of a trusted proxy only', async () => {
    const originOf = ([entry]: Entry[]): string => new URL(entry?.address ?? '').origin;
    expect(originOf(await playlist('', { Host: 'tv.home:81' }))).toBe('http://tv.home:81');
    const proxied = {
      Host: 'inner:8000',
      'X-Forwarded-Proto': 'https',
      'X-Forwarded-Host': 'tv.example',
    };
    expect(originOf(await playlist('', proxied))).toBe('https://tv.example');
    const { body } = await ask('/lineup.json', proxied);
    expect(body[0].URL).toBe('https://tv.example/auto/v3');
    expect((await ask('/discover.json', proxied)).body).toMatchObject({
      BaseURL: 'https://tv.example',
      LineupURL: 'https://tv.example/lineup.json',
    });
    const forged = { ...proxied, 'X-Forwarded-Host': 'evil"\t.example' };
    expect(originOf(await playlist('', forged))).toBe('https://inner:8000');
    const stranger = openViewer(product.url('/playlist.m3u'), {
      localAddress: '127.0.0.9',
      headers: { 'X-Forwarded-Proto': 'https', 'X-Forwarded-Host': 'evil.example' },
    });
    expect(await stranger.body()).not.toContain('evil');
    stranger.destroy();
  });

  it('replayed, Kodi: loads the playlist and plays without a probe', async () => {
    const [entry] = await playlist('', { ...KODI, 'Accept-Encoding': 'identity' });
    expect(entry?.properties).toEqual(['#KODIPROP:mimetype=video/mp2t']);
    const headers = { ...KODI, Range: 'bytes=0-', Connection: 'close' };
    await plays(openViewer(entry!.address, { headers }));
  });

  it('replayed, Jellyfin with the playlist: asks for the type and then plays', async () => {
    const [entry] = await playlist();
    const { pathname, search } = new URL(entry!.address);
    const head = await ask(pathname + search, {}, 'HEAD');
    expect(head).toMatchObject({ status: 200, headers: { 'content-type': 'video/mp2t' } });
    await plays(openViewer(entry!.address));
  });

  it('replayed, TiviMate: gets the list compressed, plays, and zaps before it closes', async () => {
    const agent = { 'User-Agent': 'TiviMate/5.1.0 (Android 12)' };
    const { status, headers } = await ask('/playlist.m3u', { ...agent, 'Accept-Encoding': 'gzip' });
    expect([status, headers['content-encoding']]).toEqual([200, 'gzip']);
    const [first, next] = await playlist('', agent);
    const asPlayer = { ...agent, 'Icy-MetaData': '1', 'Accept-Encoding': 'identity' };
    const viewer = openViewer(first!.address, { headers: asPlayer });
    await viewer.playing();
    const zapped = openViewer(next!.address, { headers: asPlayer });
    viewer.destroy();
    await plays(zapped);
  });

  it('replayed, Dispatcharr: refreshes the list, validates an address and plays it', async () => {
    const headers = { 'User-Agent': 'VLC/3.0.20 LibVLC/3.0.20' };
    const before = await ask('/playlist.m3u', headers);
    expect((await ask('/playlist.m3u', headers)).text).toBe(before.text);
    const [entry] = await playlist('', headers);
    const { pathname, search } = new URL(entry!.address);
    const head = await ask(pathname + search, headers, 'HEAD');
    expect(head).toMatchObject({ status: 200, headers: { 'content-type': 'video/mp2t' } });
    await plays(openViewer(entry!.address, { headers }));
  });

  it('replayed, Channels: every entry has an id and a number of its own', async () => {
    const headers = { 'User-Agent': 'Go-http-client/1.1', 'Accept-Encoding': 'identity' };
    const entries = await playlist('', headers);
    for (const name of ['channel-id', 'channel-number']) {
      expect(new Set(entries.map(({ attributes }) => attributes[name])).size).toBe(4);
    }
    await plays(openViewer(entries[3]!.address, { headers }));
  });

  it('replayed, Jellyfin with the tuner: reads the line-up and plays', async () => {
    const { status, body } = await ask('/discover.json');
    expect(status).toBe(200);
    expect(body).toEqual({
      FriendlyName: 'acefleet',
      Manufacturer: 'acefleet',
      ModelNumber: expect.any(String),
      FirmwareName: expect.any(String),
      FirmwareVersion: expect.any(String),
      DeviceID: expect.stringMatching(DEVICE_ID),
      DeviceAuth: expect.any(String),
      BaseURL: product.url(''),
      LineupURL: product.url('/lineup.json'),
      // One slot, and one more for a change of the channel.
      TunerCount: 2,
    });
    const lineup = await ask(new URL(body.LineupURL).pathname);
    expect(lineup.body).toEqual([
      { GuideNumber: '3', GuideName: 'News, "live"', URL: product.url('/auto/v3'), HD: 1 },
      { GuideNumber: '20', GuideName: 'File second', URL: product.url('/auto/v20'), HD: 1 },
      { GuideNumber: '21', GuideName: 'File first', URL: product.url('/auto/v21'), HD: 1 },
      { GuideNumber: '22', GuideName: 'Films', URL: product.url('/auto/v22'), HD: 1 },
    ]);
    await plays(openViewer(lineup.body[0].URL));
  });

  it('replayed, Plex: finds the tuner, reads its line-up and tunes', async () => {
    const { body: device } = await ask('/discover.json', PLEX);
    const xml = await ask('/device.xml', PLEX);
    expect(xml.headers['content-type']).toBe('application/xml; charset=utf-8');
    expect(xml.text).toContain(`<serialNumber>${device.DeviceID}</serialNumber>`);
    expect((await ask('/lineup_status.json', PLEX)).body).toEqual({
      ScanInProgress: 0,
      ScanPossible: 1,
      Source: 'Cable',
      SourceList: ['Cable'],
    });
    const form = { ...PLEX, 'Content-Type': 'application/x-www-form-urlencoded' };
    const scan = await ask('/lineup.post?scan=start', { ...form, 'Content-Length': '0' }, 'POST');
    expect(scan.status).toBe(200);
    const { body: lineup } = await ask('/lineup.json', PLEX);
    await plays(openViewer(lineup[1].URL, { headers: { ...PLEX_TUNER, Range: 'bytes=0-' } }));
  });

  it('the stream of the tuner is that of the channel, and answers HEAD without an engine', async () => {
    const head = await ask('/auto/v3', {}, 'HEAD');
    expect(head).toMatchObject({ status: 200, headers: { 'content-type': 'video/mp2t' } });
    expect(await product.sessionCount()).toBe(0);
    const viewers = ['/auto/v3', '/ace/getstream?channel=news'].map((path) =>
      openViewer(product.url(path)),
    );
    await Promise.all(viewers.map((viewer) => viewer.playing()));
    expect(await product.sessionCount()).toBe(1);
    for (const viewer of viewers) viewer.destroy();
  });

  it('a hidden channel can be played by its number', async () => {
    const { secret } = await numbers();
    await plays(openViewer(product.url(`/auto/v${secret}`)));
  });

  it.each(['4', '0', '03', '-3', '3.1', '100000', 'x', '%00', '3%2F..'])(
    'the tuner does not know the number %s',
    async (number) => {
      for (const method of ['GET', 'HEAD']) {
        const answer = await ask(`/auto/v${number}`, {}, method);
        expect(answer.status).toBe(404);
        expect(answer.headers['x-hdhomerun-error']).toBe('801');
        expect(answer.headers['access-control-allow-origin']).toBe('*');
        if (method === 'GET') expect(answer.body.code).toBe('content_not_found');
      }
    },
  );

  it('the tuner refuses a channel when every slot plays', async () => {
    const viewer = openViewer(product.url('/auto/v3'));
    await viewer.playing();
    const refused = openViewer(product.url('/auto/v20'), { headers: PLEX_TUNER });
    await expectProblem(refused, 503, 'no_capacity');
    expect((await refused.head).headers['x-hdhomerun-error']).toBe('805');
    viewer.destroy();
  });

  it('numbers and the device id are the same after a restart, and with an edited file', async () => {
    const { DeviceID } = (await ask('/discover.json')).body;
    const before = await numbers();
    await product.api('DELETE', '/api/v1/channels/films');
    await product.stop();
    writeChannels(inFile('third'), inFile('second', { number: 20 }), inFile('first'));
    product = await start();
    expect((await ask('/discover.json')).body.DeviceID).toBe(DeviceID);
    const { films, ...rest } = before;
    expect(await numbers()).toEqual({ ...rest, third: 24 });
    await put('films', { name: 'Films' });
    expect(await numbers()).toMatchObject({ films });
    await product.stop();
    // Now the file wants the number of a channel of the API.
    writeChannels(inFile('first'), inFile('second', { number: before['news'] }));
    product = await start();
    expect(await numbers()).toMatchObject({ second: 3, first: before['first'], news: 25 });
  });
});

describe('a playlist of 10,000 channels', () => {
  it('is sent at once', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'acefleet-playlists-'));
    onScopeEnd(() => rmSync(folder, { recursive: true, force: true }));
    const file = join(folder, 'mine.json');
    const channels = Array.from({ length: 10_000 }, (_, i) => ({
      id: `channel-${i}`,
      name: `Channel ${i}`,
      group: `Group ${i % 50}`,
      logo: `https://logos.example/channels/${i}.png`,
      tvg_id: `channel${i}.example`,
      sources: [{ id: newContentId() }],
    }));
    writeFileSync(file, JSON.stringify({ channels }));
    const engine = await startSimulator({ startDelayMs: 0, bitrateMbps: 1 });
    const product = await startProduct({ engines: [engine], env: { CHANNELS_FILE: file } });
    const figures: string[] = [];
    for (const encoding of ['identity', 'identity', 'identity', 'gzip', 'gzip']) {
      const beganMs = performance.now();
      const headers = { 'Accept-Encoding': encoding };
      const response = await fetch(product.url('/playlist.m3u'), { headers });
      const firstByteMs = performance.now() - beganMs;
      const text = await response.text();
      expect(readPlaylist(text)).toHaveLength(10_000);
      figures.push(`${encoding}: first byte after ${firstByteMs.toFixed(1)} ms`);
    }
    console.info(figures.join('\n'));
  });
});
