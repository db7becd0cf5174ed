import { Readable } from 'node:stream';
import { modifiedList } from './modified-list';

const A = 'a'.repeat(40);
const B = 'B'.repeat(40);

async function modify(text: string | Buffer, status = 200): Promise<Buffer> {
  const bytes = Buffer.from(text);
  const halves = [bytes.subarray(0, bytes.length / 2), bytes.subarray(bytes.length / 2)];
  const outbound = {
    get: () => Promise.resolve({ status, headers: {}, body: Readable.from(halves) }),
  };
  const { signal } = new AbortController();
  const parts: Buffer[] = [];
  for await (const part of modifiedList(outbound, 'http://x', 'http://tv:8000', signal)) {
    parts.push(part);
  }
  return Buffer.concat(parts);
}

it('replaces the addresses of AceStream content, and nothing else', async () => {
  const list = [
    '\ufeff#EXTM3U url-tvg="http://guide/ace/getstream?id=1"\r\n',
    `#EXTINF:-1 tvg-name="É",acestream://${A}\r\n`,
    `  acestream://${A}\t\r\n`,
    `http://127.0.0.1:6878/ace/getstream?id=${B}&pid=x&_idx=2|User-Agent=z\n`,
    `http://h/ace/manifest.m3u8?infohash=${A}\n`,
    `http://h:8888/pid/${A}/stream.mp4\n`,
    '\n',
    'http://other/live.ts|a=É\n',
    A,
  ].join('');
  expect((await modify(list)).toString()).toBe(
    [
      '\ufeff#EXTM3U url-tvg="http://guide/ace/getstream?id=1"\r\n',
      `#EXTINF:-1 tvg-name="É",acestream://${A}\r\n`,
      `  http://tv:8000/ace/getstream?id=${A}\t\r\n`,
      `http://tv:8000/ace/getstream?id=${B.toLowerCase()}&_idx=2|User-Agent=z\n`,
      `http://tv:8000/ace/manifest.m3u8?infohash=${A}\n`,
      `http://tv:8000/ace/getstream?id=${A}\n`,
      '\n',
      'http://other/live.ts|a=É\n',
      `http://tv:8000/ace/getstream?id=${A}`,
    ].join(''),
  );
});

it('keeps bytes that are not UTF-8', async () => {
  const list = Buffer.from(`#EXTM3U\n#EXTINF:-1,Espa\xf1a\n${A}\n`, 'latin1');
  expect((await modify(list)).includes(Buffer.from('Espa\xf1a', 'latin1'))).toBe(true);
});

it.each([
  ['<html>no list</html>', 200, 'unusable_list'],
  ['#EXTM3U\n', 404, 'outbound_failed'],
  [`#EXTM3U\n${'x'.repeat(20_000)}`, 200, 'unusable_list'],
])('refuses %.20j with status %d', async (text, status, code) => {
  await expect(modify(text, status)).rejects.toMatchObject({ code });
});
