import fc from 'fast-check';
import {
  API_KEY,
  eventually,
  newContentId,
  openViewer,
  startProduct,
  startSimulator,
  streamPath,
  type LogLine,
  type Product,
  type Simulator,
} from './support';
import { exchange, problemOf, type RawAnswer } from './support/raw-connection';

const HOST = 'Host: a\r\n';
/** Line breaks, terminal sequences, string terminators, and a copy of one of our log lines. */
const POISON =
  'a\r\n{"level":60,"msg":"forged"}\r\n\x1b[2J\x1b]0;x\x07\0\x08\x7f\x9b31m\u0085\u2028\u2029"}\\';
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/;

describe('text of clients and engines in the log', () => {
  let engine: Simulator;

  beforeAll(async () => {
    engine = await startSimulator({ startDelayMs: 0, bitrateMbps: 1 });
  });

  function get(path: string, fields: string): string {
    return `GET ${path} HTTP/1.1\r\n${HOST}${fields}Connection: close\r\n\r\n`;
  }

  /** The log line of this request id, which is written when the response has ended. */
  async function lineOf(product: Product, { head }: RawAnswer): Promise<LogLine> {
    const id = head.headers['x-request-id'];
    const find = (): LogLine[] => product.logs().filter((line) => line['request_id'] === id);
    await eventually(() => find().length > 0, 20_000, `a line of request ${id}`);
    expect(find()).toHaveLength(1);
    return find()[0]!;
  }

  function expectParseable(product: Product): void {
    for (const line of product.logText().split('\n')) {
      expect(line).not.toMatch(CONTROL);
      expect(JSON.parse(line)).toEqual(
        expect.objectContaining({ level: expect.any(Number), msg: expect.any(String) }),
      );
    }
  }

  it('is one short parseable line per event, without control characters', async () => {
    const product = await startProduct({ engines: [engine] });
    const send = async (text: string): Promise<RawAnswer> =>
      (await exchange(product.port, text))[0]!;

    // Accepted by the HTTP parser: bytes above ASCII, tabs, any length.
    const allowed = ['\x9b31m \x85 \xe2\x80\xa8', 'a\tb', 'x'.repeat(10_000), '"}\\', 'ü'];
    for (const agent of allowed) {
      const line = await lineOf(
        product,
        await send(get('/ace/status', `User-Agent: ${agent}\r\n`)),
      );
      expect(String(line['user_agent']).length).toBeLessThanOrEqual(256);
      expect(line['user_agent']).not.toMatch(CONTROL);
    }
    // Rejected by the HTTP parser.
    for (const agent of ['a\rb', 'a\nb', 'a\r\n b', '\x1b[2J', 'a\0b', 'a\x7fb']) {
      problemOf(await send(get('/ace/status', `User-Agent: ${agent}\r\n`)), 400);
    }
    // Encoded in paths and queries, and as a request id that the client proposes.
    const poison = encodeURIComponent(POISON);
    for (const path of [`/engines/${poison}`, `/${poison}`, `/ace/getstream/${poison}.ts`]) {
      const fields = `X-API-Key: ${API_KEY}\r\nX-Request-Id: forged\r\nReferer: ${poison}\r\n`;
      const answer = await send(get(`${path}?id=${poison}`, fields));
      problemOf(answer, answer.head.status);
      expect((await lineOf(product, answer))['request_id']).not.toBe('forged');
    }
    const reason = POISON.slice(0, 200);
    const drained = await product.api('POST', `/engines/${engine.engineId}/drain`, { reason });
    expect(drained.status).toBe(200);
    expect((await product.api('GET', '/events')).status).toBe(200);
    await product.api('DELETE', `/engines/${engine.engineId}/drain`);
    expectParseable(product);
    expect(product.logs().filter(({ msg }) => msg === 'forged')).toEqual([]);
    expect(product.logText()).not.toMatch(/x{300}/);
  });

  it('of an engine breaks no line either', async () => {
    const product = await startProduct({ engines: [engine], env: { PROXY_RETRY_BASE: '10ms' } });
    const faults = [
      { kind: 'json_error', text: POISON },
      { kind: 'error_object', text: POISON },
      { kind: 'http_status', status: 500, body: POISON },
      { kind: 'malformed_json', text: POISON },
      { kind: 'url_override', playback_url: POISON },
      { kind: 'redirect', location: `/ace/${encodeURIComponent(POISON)}` },
      { kind: 'media_kind', media: 'html', content_type: 'text/html"}' },
    ];
    await Promise.all(
      faults.map(async (fault) => {
        const id = newContentId();
        await engine.fault({ content: id, ...fault });
        const viewer = openViewer(product.url(streamPath(id)));
        expect(await viewer.status()).toBeGreaterThanOrEqual(500);
        expect((await viewer.json()).detail).not.toMatch(CONTROL);
        await eventually(() => product.logText().includes(id), undefined, `a line about ${id}`);
      }),
    );
    await engine.clearFaults();
    expectParseable(product);
  });

  it('does not control a terminal in the readable format', async () => {
    const product = await startProduct({ engines: [engine], env: { LOG_FORMAT: 'pretty' } });
    const before = product.logText().split('\n').length;
    const reason = POISON.slice(0, 200);
    await product.api('POST', `/engines/${engine.engineId}/drain`, { reason });
    await exchange(product.port, get('/ace/status', 'User-Agent: \x9b31m\r\n'));
    await exchange(product.port, get(`/${encodeURIComponent(POISON)}`, ''));
    await eventually(() => product.logText().split('\n').length >= before + 3);
    const text = product.logText();
    expect(text.replaceAll('\n', '')).not.toMatch(CONTROL);
    expect(text).not.toMatch(/^\s*\{"level":60/m);
  });
});

describe('hostile JSON', () => {
  let product: Product;
  let engine: Simulator;

  beforeAll(async () => {
    engine = await startSimulator({ startDelayMs: 0 });
    product = await startProduct({ engines: [engine] });
  });

  async function post(body: string | Buffer, type = 'application/json'): Promise<RawAnswer> {
    const bytes = Buffer.from(body);
    const head =
      `POST /engines/${engine.engineId}/drain HTTP/1.1\r\n${HOST}X-API-Key: ${API_KEY}\r\n` +
      `Content-Type: ${type}\r\nContent-Length: ${bytes.length}\r\nConnection: close\r\n\r\n`;
    return (await exchange(product.port, Buffer.concat([Buffer.from(head), bytes])))[0]!;
  }

  const deep = (levels: number, open = '[', close = ']'): string =>
    open.repeat(levels) + close.repeat(levels);

  it.each([
    ['__proto__', '{"__proto__":{"reason":"polluted"}}', 400],
    ['an escaped __proto__', '{"\\u005f_proto__":{"reason":"polluted"}}', 400],
    ['constructor.prototype', '{"constructor":{"prototype":{"reason":"polluted"}}}', 400],
    ['__proto__ below', '{"reason":{"__proto__":{"reason":"polluted"}}}', 400],
    ['33 levels', deep(33), 400],
    ['60 000 lists', deep(60_000), 400],
    ['60 000 lists that never close', '['.repeat(60_000), 400],
    ['20 000 objects', deep(20_000, '{"a":', '}'), 400],
    ['60 000 lists in a known field', `{"reason":${deep(60_000)}}`, 400],
    ['200 000 lists', deep(200_000), 413],
    ['a number of 100 000 digits', `{"reason":${'9'.repeat(100_000)}}`, 400],
    [
      '5000 unknown fields',
      JSON.stringify(Object.fromEntries([...Array(5000).keys()].map((k) => [`f${k}`, 1]))),
      400,
    ],
    ['half of it', '{"reason":', 400],
    ['bytes that are not text', Buffer.from([0x7b, 0xff, 0xfe, 0x00, 0x7d]), 400],
    ['a list', '[]', 400],
    ['a text', '"reason"', 400],
    ['a wrong type', '{"reason":{}}', 400],
    ['too long a text', JSON.stringify({ reason: 'x'.repeat(10_000) }), 400],
  ])('%s is refused', async (_what, body, status) => {
    problemOf(await post(body), status);
  });

  it.each(['text/plain', 'application/xml', 'multipart/form-data; boundary=x', 'nonsense'])(
    'a body of %s is 415',
    async (type) => {
      problemOf(await post('{"reason":"x"}', type), 415);
    },
  );

  it('any JSON is accepted or refused, and never causes an internal error', async () => {
    const body = fc.oneof(
      fc.json(),
      fc.json().map((text) => `{"reason":${text}}`),
      fc.string({ unit: 'binary' }),
      fc.json().map((text) => text.slice(0, -1)),
    );
    await fc.assert(
      fc.asyncProperty(body, async (text) => {
        expect([200, 400, 413]).toContain((await post(text)).head.status);
      }),
      { numRuns: 150 },
    );
  });

  it('leaves no state in the process', async () => {
    // With a polluted prototype the drain would show its reason, like any object.
    const body = (await product.api('DELETE', `/engines/${engine.engineId}/drain`)).body;
    expect(body).toMatchObject({ id: engine.engineId, drain_reason: null });
    for (const path of ['/engines', '/streams', '/events', '/proxy/status', '/health/live']) {
      const { status, text } = await product.api('GET', path);
      expect({ path, status }).toEqual({ path, status: 200 });
      expect(text).not.toContain('polluted');
    }
    expect(product.logs().filter(({ level }) => Number(level) >= 50)).toEqual([]);
  });
});
