import http from 'node:http';
import { type AddressInfo } from 'node:net';
import { HlsPlayer, parsePlaylist } from './hls-player';

const playlist = (first: number, count: number): string =>
  [
    '#EXTM3U',
    '#EXT-X-TARGETDURATION:8',
    `#EXT-X-MEDIA-SEQUENCE:${first}`,
    ...Array.from({ length: count }, (_, n) => `#EXTINF:4.000,\nhls/t/${first + n}.ts`),
  ].join('\n');

describe('parsePlaylist', () => {
  it('reads durations, numbers and addresses', () => {
    expect(parsePlaylist(playlist(7, 2))).toEqual({
      targetMs: 8000,
      bytes: 107,
      segments: [
        { number: 7, address: 'hls/t/7.ts' },
        { number: 8, address: 'hls/t/8.ts' },
      ],
    });
  });

  it('refuses other texts', () => {
    expect(() => parsePlaylist('{}')).toThrow('no playlist');
  });
});

describe('HlsPlayer', () => {
  let server: http.Server;
  let asked: string[];
  let text: string;

  beforeEach(async () => {
    asked = [];
    text = playlist(1, 5);
    server = http.createServer((request, response) => {
      asked.push(request.url ?? '');
      const answer = (status: number, body: string, headers: Record<string, string> = {}): void => {
        response.writeHead(status, { ...headers, 'Content-Length': body.length }).end(body);
      };
      if (request.url === '/ace/manifest.m3u8?id=1') {
        answer(302, '', { Location: 'manifest.m3u8?id=1&playback=t' });
      } else if (request.url?.startsWith('/ace/manifest')) answer(200, text);
      else if (request.url === '/ace/hls/t/404.ts') answer(404, 'gone');
      else answer(200, 'x'.repeat(300_000));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });

  afterEach(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  const open = (): HlsPlayer =>
    new HlsPlayer((server.address() as AddressInfo).port, '/ace/manifest.m3u8?id=1');

  it('begins three segments before the end, and requests each once', async () => {
    const player = open();
    expect(player.due(await player.playlist())).toEqual(['hls/t/3.ts', 'hls/t/4.ts', 'hls/t/5.ts']);
    expect(player.due(await player.playlist())).toEqual([]);
    text = playlist(3, 5);
    expect(player.due(await player.playlist())).toEqual(['hls/t/6.ts', 'hls/t/7.ts']);
    player.close();
    expect(asked.filter((url) => !url.includes('playback'))).toHaveLength(1);
  });

  it('passes on every byte of a segment, on one connection', async () => {
    let connections = 0;
    server.on('connection', () => connections++);
    const player = open();
    let bytes = 0;
    for (const address of player.due(await player.playlist())) {
      await player.segment(address, (_, start, end) => (bytes += end - start));
    }
    expect(bytes).toBe(3 * 300_000);
    expect(connections).toBe(1);
    player.close();
  });

  it('reports failed requests, and continues', async () => {
    const player = open();
    await player.playlist();
    const gone = player.segment('hls/t/404.ts', () => undefined);
    await expect(gone).rejects.toThrow('segment: status 404');
    // The server closes the connection at the moment of the next request, which is then repeated.
    server.closeAllConnections();
    expect((await player.playlist()).segments).toHaveLength(5);
    player.close();
  });
});
