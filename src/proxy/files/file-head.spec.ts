import { fileHeadOf, headersOf, isSameFile, wholeOf } from './file-head';

const ENGINE = {
  server: 'BaseHTTP/0.6 Python/3.8.16',
  date: 'now',
  connection: 'close, X-Secret',
  'keep-alive': 'timeout=5',
  'transfer-encoding': 'chunked',
  'set-cookie': ['a=b'],
  location: 'http://engine/',
  'access-control-allow-origin': 'engine',
  'content-type': 'video/x-matroska; charset=x',
  'content-length': '100',
  'accept-ranges': 'bytes',
  etag: '"e"',
  'last-modified': 'then',
};

describe('the head of a file', () => {
  it('contains the headers of the file, and none of the connection', () => {
    expect(headersOf(fileHeadOf(200, ENGINE))).toEqual({
      'Content-Type': 'video/x-matroska',
      'Content-Length': '100',
      'Accept-Ranges': 'bytes',
      ETag: '"e"',
      'Last-Modified': 'then',
    });
  });

  it.each([
    ['video/mp4', 'video/mp4'],
    ['Audio/MPEG', 'audio/mpeg'],
    ['application/ogg', 'application/ogg'],
    ['text/html', 'application/octet-stream'],
    ['image/svg+xml', 'application/octet-stream'],
    ['application/javascript', 'application/octet-stream'],
    ['video/', 'application/octet-stream'],
    [undefined, 'application/octet-stream'],
  ])('turns the type %j into %s', (type, expected) => {
    expect(fileHeadOf(200, { 'content-type': type }).contentType).toBe(expected);
  });

  it('of a part announces ranges, and gives the length of the whole file', () => {
    const head = fileHeadOf(206, { 'content-length': '10', 'content-range': 'bytes 5-14/1000' });
    expect(headersOf(head)).toMatchObject({
      'Content-Range': 'bytes 5-14/1000',
      'Accept-Ranges': 'bytes',
    });
    const whole = wholeOf(head)!;
    expect(whole.status).toBe(200);
    expect(headersOf(whole)).toEqual({
      'Content-Type': 'application/octet-stream',
      'Content-Length': '1000',
      'Accept-Ranges': 'bytes',
    });
  });

  it('of a refused range announces an empty body', () => {
    const head = fileHeadOf(416, { 'content-length': '9', 'content-range': 'bytes */1000' });
    expect(headersOf(head)).toMatchObject({
      'Content-Length': '0',
      'Content-Range': 'bytes */1000',
    });
    expect(wholeOf(head)).toBeNull();
  });
});

describe('two answers', () => {
  const part = (etag: string | undefined, total: number | '*') =>
    fileHeadOf(206, { etag, 'content-range': `bytes 0-0/${total}` });

  it.each([
    ['the same tag', part('"a"', 10), part('"a"', 10), true],
    ['another tag', part('"a"', 10), part('"b"', 10), false],
    ['a tag that only one gives', part('"a"', 10), part(undefined, 10), true],
    ['another length', part(undefined, 10), part(undefined, 11), false],
    ['no length', part(undefined, 10), part(undefined, '*'), true],
  ])('with %s', (_what, one, other, expected) => expect(isSameFile(one, other)).toBe(expected));
});
