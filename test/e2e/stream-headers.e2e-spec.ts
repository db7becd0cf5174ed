import {
  newContentId,
  openViewer,
  startProduct,
  startSimulator,
  streamPath,
  type Product,
} from './support';

/** The headers that each player sends with its GET request. */
const PLAYERS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'VLC 3': { 'User-Agent': 'VLC/3.0.20 LibVLC/3.0.20', Range: 'bytes=0-', Accept: '*/*' },
  ffmpeg: {
    'User-Agent': 'Lavf/60.16.100',
    Accept: '*/*',
    Range: 'bytes=0-',
    Connection: 'close',
    'Icy-MetaData': '1',
  },
  mpv: { 'User-Agent': 'libmpv', Range: 'bytes=0-', Connection: 'close', 'Icy-MetaData': '1' },
  Kodi: { 'User-Agent': 'Kodi/21.0 (X11; Linux x86_64)', Range: 'bytes=0-', Accept: '*/*' },
  ExoPlayer: {
    'User-Agent': 'ExoPlayerLib/2.19.1',
    'Icy-MetaData': '1',
    'Accept-Encoding': 'identity',
    Connection: 'Keep-Alive',
  },
  'ExoPlayer that resumes': {
    'User-Agent': 'TiviMate/5.0',
    Range: 'bytes=1880000-',
    'If-Range': '"an-etag"',
  },
  'a browser': {
    'User-Agent': 'Mozilla/5.0 Chrome/126.0',
    Origin: 'http://panel.example',
    'Accept-Encoding': 'gzip, deflate, br, zstd',
    'Sec-Fetch-Mode': 'cors',
  },
  'an old television': { 'User-Agent': 'Lavf52.104.0', Range: 'bytes=100-200' },
  'a probe of two bytes': { 'User-Agent': 'Kodi/20.2', Range: 'bytes=0-1' },
  'a probe of the end': { 'User-Agent': 'Lavf/60.16.100', Range: 'bytes=-188' },
};

const NEVER_SENT = [
  'content-length',
  'content-range',
  'content-encoding',
  'content-disposition',
  'transfer-encoding',
  'etag',
  'last-modified',
  'icy-metaint',
  'icy-name',
  'keep-alive',
];

describe('the head of a stream', () => {
  let product: Product;
  const id = newContentId();

  beforeAll(async () => {
    const engine = await startSimulator();
    product = await startProduct({ engines: [engine] });
  });

  it.each(Object.entries(PLAYERS))('is 200 without a length for %s', async (_player, headers) => {
    const viewer = openViewer(product.url(streamPath(id)), { headers });
    const head = await viewer.head;
    expect(head.status).toBe(200);
    expect(head.headers).toMatchObject({
      'content-type': 'video/mp2t',
      'accept-ranges': 'none',
      'cache-control': 'no-store, no-transform',
      'x-accel-buffering': 'no',
      'access-control-allow-origin': '*',
      'x-request-id': expect.stringMatching(/^\S+$/),
      connection: 'close',
    });
    for (const name of NEVER_SENT) expect(head.headers[name]).toBeUndefined();
    await viewer.playing();
    expect(viewer.audit.firstAt.pat).toBe(0);
    expect(viewer.audit.misaligned).toBe(0);
  });

  it('identifies viewers by the request id', async () => {
    const [one, other] = [
      openViewer(product.url(streamPath(id))),
      openViewer(product.url(streamPath(id))),
    ];
    const ids = [
      (await one.head).headers['x-request-id'],
      (await other.head).headers['x-request-id'],
    ];
    expect(ids[0]).not.toBe(ids[1]);
  });

  it('is the same for HTTP/1.0, and the body is raw', async () => {
    for (const connection of ['close', 'keep-alive']) {
      const headers = { Connection: connection };
      const viewer = openViewer(product.url(streamPath(id)), { httpVersion: '1.0', headers });
      const head = await viewer.head;
      expect(head.status).toBe(200);
      expect(head.headers['content-type']).toBe('video/mp2t');
      expect(head.headers['connection']).toBe('close');
      expect(head.headers['transfer-encoding']).toBeUndefined();
      await viewer.playing();
      await viewer.receiveMore(1000);
      expect(viewer.audit).toMatchObject({ misaligned: 0, continuityErrors: 0 });
      expect(viewer.audit.markers).toMatchObject({ lostPackets: 0, repeatedPackets: 0 });
    }
  });

  it('requires no Host header in HTTP/1.0', async () => {
    const raw = (method: string): string => `${method} ${streamPath(id)} HTTP/1.0\r\n\r\n`;
    const viewer = openViewer({ port: product.port, path: '/' }, { raw: raw('GET') });
    expect(await viewer.status()).toBe(200);
    await viewer.playing();
    expect(viewer.audit.misaligned).toBe(0);
    const probe = openViewer({ port: product.port, path: '/' }, { raw: raw('HEAD') });
    expect(await probe.status()).toBe(200);
    expect((await probe.closed).how).toBe('fin');
  });
});
