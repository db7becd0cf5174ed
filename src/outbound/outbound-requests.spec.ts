import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import type { AllowedTarget } from '../config';
import type { AppError } from '../kernel/errors';
import { type OutboundGet, OutboundRequests } from './outbound-requests';

const OPTIONS: OutboundGet = {
  signal: new AbortController().signal,
  maxBytes: 1024 * 1024,
  timeoutMs: 20_000,
};

describe('OutboundRequests', () => {
  const servers: Server[] = [];

  afterEach(async () => {
    await Promise.all(
      servers.splice(0).map(async (server) => {
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
      }),
    );
  });

  async function serve(listener: RequestListener): Promise<number> {
    const server = createServer(listener).listen(0, '127.0.0.1');
    servers.push(server);
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  }

  interface Setup {
    readonly allowed?: readonly AllowedTarget[];
    readonly names?: Readonly<Record<string, readonly string[] | (() => readonly string[])>>;
    readonly own?: readonly string[];
    readonly silenceMs?: number;
  }

  const allowHost = (host: string, port: number | null = null): AllowedTarget => ({
    host,
    bits: null,
    port,
  });

  const requests = ({ allowed = [], names = {}, own = [], silenceMs = 10_000 }: Setup = {}) =>
    new OutboundRequests(
      allowed,
      { list: () => own.map((host) => ({ what: 'an engine', host })) },
      (name) => {
        const addresses = names[name] ?? [];
        return Promise.resolve(typeof addresses === 'function' ? addresses() : addresses);
      },
      { connectMs: 10_000, silenceMs },
    );

  /** A client that may reach the name `target.test`, which is at loopback. */
  const toTarget = (setup: Setup = {}): OutboundRequests =>
    requests({
      ...setup,
      allowed: [allowHost('target.test'), ...(setup.allowed ?? [])],
      names: { 'target.test': ['127.0.0.1'], ...setup.names },
    });

  const textOf = async (client: OutboundRequests, url: string, options = OPTIONS) => {
    const { body } = await client.get(url, options);
    return Buffer.concat((await body.toArray()) as Buffer[]).toString();
  };

  const errorOf = async (attempt: Promise<unknown>): Promise<AppError> => {
    const outcome = await attempt.catch((error: unknown) => error);
    expect(outcome).toBeInstanceOf(Error);
    return outcome as AppError;
  };

  it('returns status, headers and body, and sends the given headers and the user of the address', async () => {
    const port = await serve((request, response) => {
      response.writeHead(203, { etag: '"a"' });
      response.end(JSON.stringify([request.url, request.headers]));
    });
    const answer = await toTarget().get(`http://us%40er:p%w@target.test:${port}/a?b=1#c`, {
      ...OPTIONS,
      headers: { 'If-None-Match': '"x"' },
    });
    expect(answer).toMatchObject({ status: 203, headers: { etag: '"a"' } });
    const [url, headers] = JSON.parse(String(await answer.body.toArray())) as [string, object];
    expect(url).toBe('/a?b=1');
    expect(headers).toMatchObject({
      host: `target.test:${port}`,
      'if-none-match': '"x"',
      authorization: `Basic ${Buffer.from('us@er:p%w').toString('base64')}`,
    });
  });

  it.each([
    'http://127.0.0.1/',
    'http://127.1/',
    'http://2130706433/',
    'http://0x7f000001/',
    'http://017700000001/',
    'http://[::1]/',
    'http://[::ffff:7f00:1]/',
    'http://[::ffff:127.0.0.1]/',
    'http://[64:ff9b::7f00:1]/',
    'http://0/',
    'http://169.254.169.254/latest/meta-data',
    'http://own.test/',
    'http://10.1.1.1/',
    'http://two-answers.test/',
    'http://mapped.test./',
  ])('refuses %s', async (url) => {
    const names = {
      'own.test': ['10.1.1.1'],
      'two-answers.test': ['93.184.216.34', '127.0.0.1'],
      'mapped.test': ['::ffff:7f00:1'],
    };
    const error = await errorOf(requests({ names, own: ['10.1.1.1'] }).get(url, OPTIONS));
    expect(error.code).toBe('outbound_refused');
    expect(error.detail).toContain('OUTBOUND_ALLOW');
  });

  it.each(['file:///etc/passwd', 'ftp://target.test/', 'nonsense', 'unix:/run/docker.sock'])(
    'refuses %s',
    async (url) => {
      expect(await errorOf(requests().get(url, OPTIONS))).toMatchObject({
        code: 'outbound_refused',
      });
    },
  );

  it('connects to the address that was checked, whatever the name resolves to later', async () => {
    const port = await serve((_request, response) => response.end('from loopback'));
    let asked = 0;
    const names = { 'rebind.test': () => (asked++ === 0 ? ['127.0.0.2'] : ['127.0.0.1']) };
    // Only the first answer is allowed, and nothing listens there.
    const client = requests({ allowed: [allowHost('127.0.0.2')], names });
    const first = await errorOf(client.get(`http://rebind.test:${port}/`, OPTIONS));
    expect([first.code, asked]).toEqual(['outbound_failed', 1]);
    const second = await errorOf(client.get(`http://rebind.test:${port}/`, OPTIONS));
    expect([second.code, asked]).toEqual(['outbound_refused', 2]);
  });

  it('checks the target of every redirect', async () => {
    let hits = 0;
    const inner = await serve((_request, response) => {
      hits++;
      response.end();
    });
    const port = await serve((_request, response) => {
      response.writeHead(302, { location: `http://127.0.0.1:${inner}/` }).end('body of a redirect');
    });
    const error = await errorOf(toTarget().get(`http://target.test:${port}/`, OPTIONS));
    expect(error.code).toBe('outbound_refused');
    expect(error.detail).toContain('loopback');
    expect(hits).toBe(0);
  });

  it('follows five redirects, and keeps private headers from other hosts', async () => {
    const seen: (string | undefined)[] = [];
    const port: number = await serve((request, response) => {
      seen.push(request.headers.authorization);
      const at = Number(request.url?.slice(1));
      const host = at === 3 ? 'other.test' : (request.headers.host ?? '').split(':')[0];
      if (at === 5) response.end('arrived');
      else response.writeHead(307, { location: `http://${host}:${port}/${at + 1}` }).end();
    });
    const client = toTarget({
      allowed: [allowHost('other.test')],
      names: { 'other.test': ['127.0.0.1'] },
    });
    expect(await textOf(client, `http://u:p@target.test:${port}/0`)).toBe('arrived');
    expect(seen.map((header) => header !== undefined)).toEqual([
      ...[true, true, true, true],
      ...[false, false],
    ]);
    const error = await errorOf(client.get(`http://target.test:${port}/-1`, OPTIONS));
    expect(error).toMatchObject({ code: 'outbound_failed' });
    expect(error.detail).toContain('more than 5 times');
  });

  it('posts a body with its length, follows no redirect, and refuses the same targets', async () => {
    const requested: unknown[] = [];
    const port = await serve((request, response) => {
      void text(request).then((body) => {
        const { method, url, headers } = request;
        requested.push([
          method,
          url,
          headers['content-length'],
          headers['transfer-encoding'],
          body,
        ]);
        response.writeHead(307, { location: '/elsewhere' }).end('moved');
      });
    });
    const post = { ...OPTIONS, body: 'ä=1' };
    const answer = await toTarget().post(`http://target.test:${port}/hook`, post);
    expect(answer.status).toBe(307);
    expect(String(await answer.body.toArray())).toBe('moved');
    expect(requested).toEqual([['POST', '/hook', '4', undefined, 'ä=1']]);
    const refused = await errorOf(requests().post(`http://127.0.0.1:${port}/`, post));
    expect(refused.code).toBe('outbound_refused');
    expect(requested).toHaveLength(1);
  });

  it('unpacks gzip, and refuses other encodings and bombs', async () => {
    const bodies: Record<string, [string, Buffer]> = {
      '/gzip': ['gzip', gzipSync('text')],
      '/br': ['br', Buffer.from('x')],
      '/damaged': ['gzip', gzipSync('text').subarray(0, 12)],
      '/bomb': ['gzip', gzipSync(Buffer.alloc(50 * 1024 * 1024))],
    };
    const port = await serve((request, response) => {
      const [encoding, body] = bodies[request.url!]!;
      response.writeHead(200, { 'content-encoding': encoding }).end(body);
    });
    const get = (path: string) =>
      textOf(toTarget(), `http://target.test:${port}${path}`, { ...OPTIONS, maxBytes: 2 ** 30 });
    expect(await get('/gzip')).toBe('text');
    expect(await errorOf(get('/br'))).toMatchObject({ code: 'outbound_failed' });
    expect((await errorOf(get('/damaged'))).detail).toBe('the compressed body is damaged');
    expect((await errorOf(get('/bomb'))).detail).toContain('200 times');
  });

  it('ends a body that has no end', async () => {
    const port = await serve((_request, response) => {
      const more = (): void => {
        while (!response.destroyed && response.write(Buffer.alloc(65_536)));
        response.once('drain', more);
      };
      more();
    });
    const error = await errorOf(textOf(toTarget(), `http://target.test:${port}/`));
    expect(error).toMatchObject({ code: 'outbound_failed' });
    expect(error.detail).toBe(`target.test:${port} sends more than 1MiB`);
  });

  it('ends a body that is silent, and one that is too slow as a whole', async () => {
    const port = await serve((request, response) => {
      response.write('x');
      if (request.url !== '/slow') return;
      const timer = setInterval(() => response.write('x'), 20);
      response.once('close', () => clearInterval(timer));
    });
    const silent = textOf(toTarget({ silenceMs: 100 }), `http://target.test:${port}/`);
    expect((await errorOf(silent)).detail).toContain('is silent');
    const slow = textOf(toTarget(), `http://target.test:${port}/slow`, {
      ...OPTIONS,
      timeoutMs: 300,
    });
    expect((await errorOf(slow)).detail).toContain('no complete answer within 300 ms');
  });

  it('does not count the time that the reader of a body needs', async () => {
    // More than the buffers between the server and the reader have room for, so that parts wait for the reader.
    const size = 8 * 1024 * 1024;
    const port = await serve((_, response) => void response.end(Buffer.alloc(size)));
    const silenceMs = 500;
    const options = { ...OPTIONS, maxBytes: size };
    const { body } = await toTarget({ silenceMs }).get(`http://target.test:${port}/`, options);
    let bytes = 0;
    for await (const part of body as AsyncIterable<Buffer>) {
      if (bytes === 0) await delay(1.5 * silenceMs);
      bytes += part.length;
    }
    expect(bytes).toBe(size);
  });

  it('fails if there is no answer, if the answer breaks, or if nobody listens', async () => {
    const port = await serve((request, response) => {
      if (request.url?.startsWith('/silent') === true) return;
      response.writeHead(200, { 'content-length': 100 });
      response.write('secret text', () => request.socket.destroy());
    });
    const client = toTarget();
    const url = `http://u:pass-marker@target.test:${port}`;
    const silent = await errorOf(
      client.get(`${url}/silent?query-marker`, { ...OPTIONS, timeoutMs: 200 }),
    );
    const broken = await errorOf(textOf(client, `${url}/broken?query-marker`));
    const unknown = await errorOf(client.get('http://unknown.test/path-marker', OPTIONS));
    const closed = await errorOf(client.get('http://target.test:1/path-marker', OPTIONS));
    for (const error of [silent, broken, unknown, closed]) {
      expect(error.code).toBe('outbound_failed');
      expect(error.detail).not.toMatch(/marker|secret/);
    }
    expect(closed.detail).toBe('target.test:1 refuses connections');
    expect(unknown.detail).toBe('the name of unknown.test cannot be resolved');
  });

  it('ends with its signal, before and during the body', async () => {
    let closed = 0;
    const port = await serve((request, response) => {
      response.once('close', () => closed++);
      if (request.url === '/body') response.write('x');
    });
    for (const path of ['/head', '/body']) {
      const control = new AbortController();
      const text = textOf(toTarget(), `http://target.test:${port}${path}`, {
        ...OPTIONS,
        signal: control.signal,
      });
      const reason = new Error('stopped');
      setTimeout(() => control.abort(reason), 50);
      expect(await errorOf(text)).toBe(reason);
    }
    const { body } = await toTarget().get(`http://target.test:${port}/body`, OPTIONS);
    body.destroy();
    while (closed < 3) await new Promise((resolve) => setTimeout(resolve, 5));
  });
});
