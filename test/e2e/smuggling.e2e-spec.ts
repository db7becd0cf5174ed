import {
  API_KEY,
  eventually,
  newContentId,
  openViewer,
  startProduct,
  startSimulator,
  streamPath,
  type Product,
} from './support';
import { exchange, openRaw, problemOf } from './support/raw-connection';

const HOST = 'Host: a\r\n';
const KEY = `X-API-Key: ${API_KEY}\r\n`;

describe('requests that two parsers would read differently', () => {
  let product: Product;
  let tails = 0;

  beforeAll(async () => {
    const engine = await startSimulator({ startDelayMs: 0, bitrateMbps: 1 });
    product = await startProduct({ engines: [engine] });
  });

  /** A complete request with the key that must never be handled. */
  function nextTail(): { readonly path: string; readonly text: string } {
    const path = `/engines/smuggled-${++tails}`;
    return { path, text: `GET ${path} HTTP/1.1\r\n${HOST}${KEY}\r\n` };
  }

  /** Every handled request has a log line, also with 404. */
  async function wasHandled(path: string): Promise<boolean> {
    const sentinel = `/engines/sentinel-${++tails}`;
    await product.api('GET', sentinel);
    const isLogged = (one: string): boolean => product.logs().some((line) => line['path'] === one);
    await eventually(() => isLogged(sentinel));
    return isLogged(path);
  }

  function post(fields: string, body: string): string {
    return `POST /engines/x/drain HTTP/1.1\r\n${HOST}${KEY}Content-Type: application/json\r\n${fields}\r\n${body}`;
  }

  const chunked = 'Transfer-Encoding: chunked\r\n';
  it.each([
    ['a length and chunks', post(`Content-Length: 4\r\n${chunked}`, '0\r\n\r\n'), 400],
    ['chunks and a length', post(`${chunked}Content-Length: 4\r\n`, '0\r\n\r\n'), 400],
    ['two lengths', post('Content-Length: 2\r\nContent-Length: 40\r\n', '{}'), 400],
    ['two lengths in one field', post('Content-Length: 2, 40\r\n', '{}'), 400],
    ['a signed length', post('Content-Length: +2\r\n', '{}'), 400],
    ['a hexadecimal length', post('Content-Length: 0x2\r\n', '{}'), 400],
    ['a folded field', `GET /ace/status HTTP/1.1\r\n${HOST}X-A: 1\r\n 2\r\n\r\n`, 400],
    ['a blank before the colon', `GET /ace/status HTTP/1.1\r\n${HOST}X-A : 1\r\n\r\n`, 400],
    ['a blank before the coding', post('Transfer-Encoding : chunked\r\n', '0\r\n\r\n'), 400],
    ['a coding after chunks', post('Transfer-Encoding: chunked, identity\r\n', '0\r\n\r\n'), 400],
    ['an odd coding', post('Transfer-Encoding: xchunked\r\n', '0\r\n\r\n'), 400],
    ['an invalid chunk size', post(chunked, 'zz\r\n{}\r\n0\r\n\r\n'), 400],
    ['bare line feeds', 'GET /ace/status HTTP/1.1\nHost: a\n\n', 400],
    [
      'a bare line feed in a field',
      `GET /ace/status HTTP/1.1\r\n${HOST}X-A: 1\nX-B: 2\r\n\r\n`,
      400,
    ],
    ['a bare carriage return', `GET /ace/status HTTP/1.1\r\n${HOST}X-A: 1\rX-B: 2\r\n\r\n`, 400],
    ['a null byte in a field', `GET /ace/status HTTP/1.1\r\n${HOST}X-A: 1\0\r\n\r\n`, 400],
    ['no Host', 'GET /ace/status HTTP/1.1\r\n\r\n', 400],
    ['two Hosts', `GET /ace/status HTTP/1.1\r\n${HOST}Host: b\r\n\r\n`, 400],
    [
      'a field of 20 KB',
      `GET /ace/status HTTP/1.1\r\n${HOST}X: ${'x'.repeat(20_000)}\r\n\r\n`,
      431,
    ],
    ['an address of 20 KB', `GET /ace/status?${'x'.repeat(20_000)} HTTP/1.1\r\n${HOST}\r\n`, 431],
    ['200 fields', `GET /ace/status HTTP/1.1\r\n${HOST}${'X: 1\r\n'.repeat(200)}\r\n`, 431],
    ['CONNECT', `CONNECT a:80 HTTP/1.1\r\n${HOST}\r\n`, 405],
    ['an expectation', `GET /ace/status HTTP/1.1\r\n${HOST}Expect: wonders\r\n\r\n`, 400],
    ['TLS', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n', 400],
    ['HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400],
    ['no version', 'GET /ace/status\r\n\r\n', 400],
    ['HTTP/3.0', `GET /ace/status HTTP/3.0\r\n${HOST}\r\n`, 400],
    ['an unknown method', `SMUGGLE /ace/status HTTP/1.1\r\n${HOST}\r\n`, 400],
  ])(
    '%s: one problem document, then the end, and the rest is never handled',
    async (_what, text, status) => {
      const tail = nextTail();
      const answers = await exchange(product.port, text + tail.text);
      expect(answers).toHaveLength(1);
      problemOf(answers[0]!, status);
      expect(answers[0]!.head.headers['connection']).toBe('close');
      expect(await wasHandled(tail.path)).toBe(false);
    },
  );

  it('an absolute address is routed by its path', async () => {
    const text = `GET http://elsewhere.example:99/ace/status HTTP/1.1\r\n${HOST}Connection: close\r\n\r\n`;
    const [answer] = await exchange(product.port, text);
    expect(answer?.head.status).toBe(200);
    expect(JSON.parse(answer!.body)).toEqual({ streams: expect.any(Number) });
  });

  it('a second request that was sent with the first is never handled', async () => {
    const firsts = [
      `GET /ace/status HTTP/1.1\r\n${HOST}\r\n`,
      `GET /nowhere HTTP/1.1\r\n${HOST}\r\n`,
      `HEAD ${streamPath(newContentId())} HTTP/1.1\r\n${HOST}\r\n`,
      post('Content-Length: 2\r\n', '{}'),
      post(chunked, '2\r\n{}\r\n0\r\n\r\n'),
    ];
    for (const first of firsts) {
      const tail = nextTail();
      const answers = await exchange(product.port, first + tail.text);
      expect(answers.length).toBeLessThanOrEqual(1);
      expect(await wasHandled(tail.path)).toBe(false);
    }
  });

  it('a request after a stream request is never handled, and does not affect other viewers', async () => {
    const id = newContentId();
    const other = openViewer(product.url(streamPath(id)));
    await other.playing();
    const tail = nextTail();
    const kick = `DELETE /proxy/sessions/${id} HTTP/1.1\r\n${HOST}${KEY}\r\n`;
    const first = `GET ${streamPath(id)} HTTP/1.1\r\n${HOST}\r\n`;
    const atOnce = openRaw(product.port);
    atOnce.send(first + tail.text + kick);
    const running = openRaw(product.port);
    running.send(first);
    await eventually(() => running.received().length > 100_000);
    running.send(tail.text + kick);
    await Promise.all([atOnce.closed, running.closed]);
    expect(running.received().toString('latin1').split('HTTP/1.1 ')).toHaveLength(2);
    expect(await wasHandled(tail.path)).toBe(false);
    expect(await wasHandled(`/proxy/sessions/${id}`)).toBe(false);
    await other.receiveMore(1000);
    expect(other.audit).toMatchObject({ misaligned: 0, continuityErrors: 0, flagged: 0 });
    await eventually(async () => (await product.session(id)).client_count === 1);
  });

  it('requests one after the other on one connection are all answered', async () => {
    const connection = openRaw(product.port);
    for (let count = 1; count <= 5; count += 1) {
      connection.send(`GET /ace/status HTTP/1.1\r\n${HOST}\r\n`);
      await eventually(() => connection.answers().length === count);
    }
    expect(connection.answers().every(({ head }) => head.status === 200)).toBe(true);
  });
});
