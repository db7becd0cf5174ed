import fc from 'fast-check';
import { readAceAddress } from './ace-address';
import { MAX_LINE_BYTES, MAX_LIST_BYTES } from './list-lines';
import { MAX_ENTRIES, readM3u, type M3uList } from './m3u-list';

const A = 'a'.repeat(40);
const B = 'b'.repeat(40);

async function* chunksOf(text: Buffer | string, size = 64 * 1024): AsyncGenerator<Buffer> {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += size) {
    await Promise.resolve();
    yield bytes.subarray(at, at + size);
  }
}

function read(text: Buffer | string, size?: number): Promise<M3uList> {
  return readM3u(chunksOf(text, size), 'payload_too_large');
}

async function only(text: string): Promise<object> {
  const { entries, skipped } = await read(text);
  expect(skipped).toEqual([]);
  expect(entries).toHaveLength(1);
  return entries[0]!;
}

describe('readAceAddress', () => {
  it.each([
    [A, 'content_id'],
    [A.toUpperCase(), 'content_id'],
    [`acestream://${A}`, 'content_id'],
    [`ACESTREAM://${A}|User-Agent=x`, 'content_id'],
    [`ace://${A}/`, 'content_id'],
    [`acestream:?infohash=${A}&title=x`, 'infohash'],
    [`http://127.0.0.1:6878/ace/getstream?id=${A}`, 'content_id'],
    [`http://127.0.0.1:6878/ace/getstream?content_id=${A}&pid=1`, 'content_id'],
    [`http://host/ace/getstream?x=y&amp;infohash=${A}&amp;.mp4`, 'infohash'],
    [`https://host//ace/getstream/${A}.ts`, 'content_id'],
    [`http://host:8000/ace/getstream?id=acestream://${A}`, 'content_id'],
    [`http://[::1]:6878/ace/manifest.m3u8?id=${A}`, 'content_id'],
    [`http://host:8888/pid/${A}/stream.mp4`, 'content_id'],
    [`http://host:8888/infohash/${A}`, 'infohash'],
  ])('reads %s', (line, kind) => {
    expect(readAceAddress(line)).toMatchObject({ kind, id: A });
  });

  it.each([
    'http://host/live.m3u8',
    `http://host/other?id=${A}`,
    `http://host/ace/getstream?id=${A}0`,
    'http://host/ace/getstream?channel=news',
    `ftp://host/ace/getstream?id=${A}`,
    `${A}0`,
    'acestream://xyz',
    'http://',
    '',
  ])('refuses %j', (line) => {
    expect(readAceAddress(line)).toBeNull();
  });

  it('knows an address of HLS, and the file of a content of several', () => {
    expect(readAceAddress(`http://h/ace/manifest.m3u8?infohash=${A}&_idx=3`)).toEqual({
      kind: 'infohash',
      id: A,
      isHls: true,
      fileIndex: 3,
    });
  });
});

describe('readM3u', () => {
  it('reads what real lists have', async () => {
    const list = [
      '\ufeff#EXTM3U url-tvg="http://guide"',
      '#EXTINF:-1 tvg-id="news.es" tvg-name="N" tvg-logo="https://l/n.png" tvg-chno="7" group-title="A, B",News, live',
      '#KODIPROP:inputstream=inputstream.ffmpegdirect',
      '#EXTVLCOPT:http-user-agent=x',
      `acestream://${A}`,
      '',
      '#EXTGRP:Sport',
      "#extinf:0 tvg-id=films.es  tvg-chno=x group-title='x',Films",
      `http://h/ace/getstream?id=${B}|User-Agent=y`,
      '#EXTINF:-1 group-title="",No "quotes',
      `ace://${A}`,
      A,
      '#EXTINF:-1,Other',
      'http://host/other.ts',
      '#EXTINF:-1',
      'rtmp://host/x',
    ].join('\r\n');
    const { entries, skipped } = await read(list);
    expect(entries).toEqual([
      {
        line: 5,
        name: 'News, live',
        group: 'A, B',
        logo: 'https://l/n.png',
        tvgId: 'news.es',
        number: 7,
        source: { kind: 'content_id', id: A },
      },
      expect.objectContaining({ line: 9, name: 'Films', tvgId: 'films.es', number: null }),
      expect.objectContaining({ line: 11, name: 'No "quotes', group: 'Sport', tvgId: null }),
      expect.objectContaining({ line: 12, name: null, group: 'Sport' }),
    ]);
    expect(skipped).toEqual([
      { line: 14, reason: 'no_acestream_content' },
      { line: 16, reason: 'no_acestream_content' },
    ]);
  });

  it('gives fields the form that channels must have', async () => {
    const long = 'n'.repeat(300);
    expect(
      await only(
        `#EXTINF:-1 tvg-id="none" tvg-logo="data:x" group-title="\u0007a\t b",${long}\n${A}`,
      ),
    ).toMatchObject({ name: 'n'.repeat(200), group: 'a b', logo: null, tvgId: null });
    expect(await only(`#EXTINF:-1 tvg-name="T",  \n${A}`)).toMatchObject({ name: 'T' });
    const latin = Buffer.concat([
      Buffer.from([0x23]),
      Buffer.from(`EXTINF:-1,Espa\xf1a\n${A}`, 'latin1'),
    ]);
    expect((await read(latin)).entries[0]).toMatchObject({ name: 'España' });
  });

  it('reads a list the same, however it is divided into chunks', async () => {
    const list = `#EXTM3U\r\n#EXTINF:-1 group-title="Ä",Ünï\r\nacestream://${A}\r\nx\r\n${B}`;
    const whole = await read(list);
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 80 }), async (size) => {
        expect(await read(list, size)).toEqual(whole);
      }),
    );
  });

  it('reads any text without a fault, and finds nothing in it that it does not have', async () => {
    const piece = fc.oneof(
      fc.constantFrom(
        '#EXTINF:',
        ' ',
        ',',
        '"',
        '=',
        'tvg-id',
        'tvg-name="x"',
        '\n',
        A,
        '#EXTGRP:',
      ),
      fc.string({ unit: 'binary' }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 40 }), async (pieces) => {
        const text = pieces.join('');
        const { entries, skipped } = await read(text);
        const lines = text.split('\n').length;
        expect(entries.length + skipped.length).toBeLessThanOrEqual(lines);
        for (const { source } of entries) expect(text.toLowerCase()).toContain(source.id);
      }),
    );
  });

  it.each([
    ['a large list', `${'x'.repeat(1000)}\n`.repeat(MAX_LIST_BYTES / 1000), 'payload_too_large'],
    ['a long line', `${A}\n${'x'.repeat(MAX_LINE_BYTES + 1)}`, 'unusable_list'],
    ['many entries', 'http://h\n'.repeat(MAX_ENTRIES + 1), 'unusable_list'],
  ])('refuses %s', async (_, text, code) => {
    await expect(read(text)).rejects.toMatchObject({ code });
  });

  it('stops at a long line without waiting for its end', async () => {
    let sent = 0;
    async function* endless(): AsyncGenerator<Buffer> {
      for (;;) {
        await Promise.resolve();
        sent += 1024;
        yield Buffer.alloc(1024, 'x');
      }
    }
    await expect(readM3u(endless(), 'unusable_list')).rejects.toThrow('Line 1 of the list');
    expect(sent).toBeLessThan(2 * MAX_LINE_BYTES);
  });

  it('takes time in proportion to a hostile line', async () => {
    const commas = `#EXTINF:-1 ${',=" '.repeat(4000)}\n${A}\n`;
    expect((await read(commas.repeat(500))).entries).toHaveLength(500);
  });
});
