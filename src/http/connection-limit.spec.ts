import { type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { ConnectionLimit, connectionLimit, connectionsBeyond } from './connection-limit';
import { createHttpServer } from './http-server-factory';

describe('connectionLimit', () => {
  it.each([
    [1500, 150, null, 4000],
    [1500, 150, 1_048_576, 4000],
    [1500, 150, 4256, 4000],
    [1500, 150, 4255, 3999],
    [1, 150, 1024, 768],
    // More contents at once need more connections to engines.
    [1500, 400, 1024, 518],
    // With hardly any descriptors, some callers must still be accepted.
    [1500, 150, 256, 16],
    [1500, 5000, 4096, 1995],
    [1500, 151, 320, 64],
  ])('of %d viewers, %d contents and %p files is %d', (clients, sessions, files, limit) => {
    const needs = { proxyMaxClients: clients, proxyMaxSessions: sessions };
    expect(connectionLimit(needs, files)).toBe(limit);
  });
});

describe('connectionsBeyond', () => {
  it.each([
    [null, 64],
    [1024, 64],
    [320, 64],
    [64, 12],
  ])('with %p files is %d', (files, count) => {
    expect(connectionsBeyond(files)).toBe(count);
  });
});

describe('ConnectionLimit', () => {
  const LIMIT = 4;
  const BEYOND = 64;
  let server: Server;
  let limit: ConnectionLimit;
  let lines: string[];
  let callers: Caller[];

  beforeEach(async () => {
    lines = [];
    callers = [];
    limit = new ConnectionLimit(
      () => LIMIT,
      (line) => lines.push(line),
    );
    server = createHttpServer(
      (request, response) => {
        // Paths that never finish stand for streams and other long requests.
        if (request.url?.includes('hang') === true) response.writeHead(200).write('begun');
        else if (request.method === 'POST') request.resume().once('end', () => response.end('ok'));
        else response.end('ok');
      },
      { connections: limit },
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterEach(async () => {
    for (const caller of callers) caller.socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });

  /** A connection with the address of its peer, and the data received on it. */
  async function open(text = '', from = '127.0.0.1'): Promise<Caller> {
    const { port } = server.address() as AddressInfo;
    const accepted = new Promise((resolve) => server.once('connection', resolve));
    const caller = new Caller(connect({ port, host: '127.0.0.1', localAddress: from }));
    callers.push(caller);
    caller.socket.write(text);
    await accepted;
    return caller;
  }

  function get(path: string): string {
    return `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`;
  }

  async function openBusy(count: number): Promise<Caller[]> {
    const busy: Caller[] = [];
    for (let n = 0; n < count; n += 1) busy.push(await open(get('/ace/hang')));
    for (const caller of busy) await caller.until('begun');
    return busy;
  }

  it('has no effect below the limit', async () => {
    const some = await openBusy(LIMIT - 1);
    const last = await open(get('/ace/plain'));
    await last.until('200 OK');
    expect(some.every(({ socket }) => !socket.destroyed)).toBe(true);
    expect({ size: limit.size, lines, ...limit.counts }).toEqual({
      ...{ size: LIMIT, lines: [], closed: 0, refused: 0, dropped: 0 },
    });
  });

  it('replaces an idle connection by a request, the oldest of the address with most of them', async () => {
    const alone = await open('', '127.0.0.2');
    const [first, second] = [await open(), await open('GET /half HTTP/1.1\r\n')];
    const [viewer] = await openBusy(1);
    await open(get('/ace/plain'), '127.0.0.3').then((one) => one.until('200 OK'));
    await first.closed;
    expect([alone, second, viewer!].map(({ socket }) => socket.destroyed)).toEqual([
      ...[false, false, false],
    ]);
    // If each address has one, the oldest connection is replaced.
    await open(get('/ace/plain'), '127.0.0.3').then((one) => one.until('200 OK'));
    await alone.closed;
    expect(limit.counts).toEqual({ closed: 2, refused: 0, dropped: 0 });
    expect(limit.size).toBe(LIMIT);
  });

  it('replaces a keep-alive connection between its requests, the most recently used last', async () => {
    const [kept, used] = [await open(get('/a')), await open(get('/a'))];
    await Promise.all([kept, used].map((one) => one.until('ok')));
    used.socket.write(get('/b'));
    await used.until('ok', 2);
    kept.socket.write(get('/c'));
    await kept.until('ok', 2);
    await openBusy(LIMIT - 2);
    await open(get('/a'));
    await used.closed;
    expect(kept.socket.destroyed).toBe(false);
  });

  it('ignores a request that never arrives completely', async () => {
    const post = 'POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n';
    const slow = await open(post);
    const whole = await open(`${post.replace('/a', '/hang')}123456789`);
    await whole.until('begun');
    await openBusy(LIMIT - 2);
    const next = await open(get('/ace/plain'));
    await next.until('200 OK');
    await slow.closed;
    expect(whole.socket.destroyed).toBe(false);
  });

  it('answers one request beyond the limit, and refuses streams', async () => {
    const busy = await openBusy(LIMIT);
    for (const path of ['/ace/getstream?id=x', '//ace/status', 'http://a/ace/manifest.m3u8']) {
      const refused = await open(get(path));
      await refused.closed;
      expect(refused.text).toMatch(/^HTTP\/1\.1 503 /);
      expect(refused.text).toContain('application/problem+json');
      expect(refused.text).toMatch(/retry-after: 10\r\n/i);
      expect(refused.text).toMatch(/access-control-allow-origin: \*\r\n/i);
      expect(refused.text).toContain('"code":"too_many_connections"');
    }
    for (const path of ['/health/live', '/api/v1/engines', '/']) {
      const served = await open(get(path));
      await served.closed;
      expect(served.text).toMatch(/^HTTP\/1\.1 200 /);
      expect(served.text.toLowerCase()).toContain('connection: close');
    }
    expect(busy.every(({ socket }) => !socket.destroyed)).toBe(true);
    expect(limit.counts).toEqual({ closed: 0, refused: 3, dropped: 0 });
    expect(limit.size).toBe(LIMIT);
  });

  it('serves all requests if a connection has closed before', async () => {
    const [first] = await openBusy(LIMIT);
    const waiting = await open();
    first!.socket.destroy();
    while (limit.size > LIMIT) await new Promise(setImmediate);
    waiting.socket.write(get('/ace/plain'));
    await waiting.until('200 OK');
    waiting.socket.write(get('/ace/plain'));
    await waiting.until('200 OK', 2);
  });

  it('is not exceeded by idle connections beyond it', async () => {
    await openBusy(LIMIT);
    const idle: Caller[] = [];
    for (let n = 0; n < BEYOND + 20; n += 1) idle.push(await open());
    const health = await open(get('/health/live'), '127.0.0.2');
    await health.closed;
    expect(health.text).toMatch(/^HTTP\/1\.1 200 /);
    await Promise.all(idle.slice(0, 20).map(({ closed }) => closed));
    expect(limit.counts).toEqual({ closed: 21, refused: 0, dropped: 0 });
  });

  it('answers new callers although all connections beyond the limit are busy too, and warns once', async () => {
    const viewers = await openBusy(LIMIT);
    const slow: Caller[] = [];
    for (let n = 0; n < BEYOND; n += 1) {
      slow.push(await open(get('/hang'), n === 0 ? '127.0.0.2' : undefined));
      await slow.at(-1)!.until('begun');
    }
    for (let n = 0; n < 3; n += 1) {
      const health = await open(get('/health/live'), '127.0.0.3');
      await health.closed;
      expect(health.text).toMatch(/^HTTP\/1\.1 200 /);
    }
    // The oldest connection of the address with most of them is closed, which makes room for the next one.
    await slow[1]!.closed;
    expect(slow.filter(({ socket }) => socket.destroyed)).toEqual([slow[1]]);
    expect(viewers.every(({ socket }) => !socket.destroyed)).toBe(true);
    expect(limit.counts).toEqual({ closed: 0, refused: 0, dropped: 1 });
    expect(limit.size).toBe(LIMIT + BEYOND - 1);
    expect(lines).toEqual([
      'the limit of 4 connections is reached: 0 idle connections closed, 0 requests refused, 1 connections dropped',
    ]);
  });
});

describe('the warning of a limit', () => {
  it('is logged at once, then every 10 s with the numbers since the last one', () => {
    jest.useFakeTimers();
    try {
      const lines: string[] = [];
      const limit = new ConnectionLimit(
        () => 9,
        (line) => lines.push(line),
      );
      const pass = (ms: number): number => {
        jest.advanceTimersByTime(ms);
        return lines.length;
      };
      limit.count('refused');
      for (let n = 0; n < 7; n += 1) limit.count('closed');
      expect(pass(9_999)).toBe(1);
      expect(pass(1)).toBe(2);
      expect(lines[1]).toContain('7 idle connections closed, 0 requests refused');
      expect(pass(100_000)).toBe(2);
      limit.count('dropped');
      expect(lines).toHaveLength(3);
      limit.count('dropped');
      limit.stop();
      expect(pass(100_000)).toBe(3);
    } finally {
      jest.useRealTimers();
    }
  });
});

class Caller {
  text = '';
  readonly closed: Promise<void>;
  private look = (): void => undefined;

  constructor(readonly socket: Socket) {
    socket.on('error', () => undefined);
    socket.on('data', (data) => {
      this.text += data.toString('latin1');
      this.look();
    });
    this.closed = new Promise((resolve) => socket.once('close', () => resolve()));
  }

  /** Reads until the received data contain a text this many times. */
  async until(text: string, times = 1): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.look = () => {
        if (this.text.split(text).length > times) resolve();
      };
      void this.closed.then(() => reject(new Error(`closed after ${this.text}`)));
      this.look();
    });
  }
}
