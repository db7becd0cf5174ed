import { type AddressInfo, connect, type Socket } from 'node:net';
import { type ServerOptions } from 'node:http';
import { Body, Controller, Get, HttpException, Module, Param, Post, Res } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { type NestFastifyApplication } from '@nestjs/platform-fastify';
import { Type } from 'class-transformer';
import { IsArray, IsInt, IsOptional } from 'class-validator';
import { AppError, type ProblemDocument } from '../kernel/errors';
import { Edge } from './edge';
import { type FastifyReply } from './fastify.types';
import { CONNECTION_OPTIONS } from './http-server-factory';

class EchoDto {
  @IsOptional()
  @IsInt()
  @Type(() => Number)
  number?: number;

  @IsOptional()
  @IsArray()
  list?: unknown[];
}

/** More than any kernel buffers for a connection whose peer reads nothing. */
const LARGE_BYTES = 32 * 1024 * 1024;

/** Requests that reached a handler, by address. */
let handled: string[] = [];

@Controller()
class TestController {
  @Get('plain')
  plain(): { ok: true } {
    handled.push('plain');
    return { ok: true };
  }

  @Get('hidden')
  hidden(): { ok: true } {
    handled.push('hidden');
    return { ok: true };
  }

  @Post('echo')
  echo(@Body() body?: EchoDto): { body: EchoDto | null } {
    handled.push('echo');
    return { body: body ?? null };
  }

  @Get('items/:id')
  item(@Param('id') id: string): { id: string } {
    return { id };
  }

  @Get('fails/:how')
  fails(@Param('how') how: string): never {
    if (how === 'app') throw new AppError('no_capacity', 'All full.', { retryAfterS: 2.2 });
    if (how === 'nest') throw new HttpException('Teapot.', 418);
    throw new Error('secret path /opt/x');
  }

  @Get('ace/fails')
  aceFails(): never {
    throw new AppError('content_not_found', 'Gone.');
  }

  @Get('ace/stream')
  stream(@Res() reply: FastifyReply): void {
    handled.push('stream');
    reply.hijack();
    reply.raw.useChunkedEncodingByDefault = false;
    reply.raw.writeHead(200, { 'Content-Type': 'video/mp2t', Connection: 'close' });
    reply.raw.write('media');
  }

  @Get('large')
  large(): string {
    return 'x'.repeat(LARGE_BYTES);
  }

  @Get('ace/breaks')
  breaks(@Res() reply: FastifyReply): never {
    reply.hijack();
    reply.raw.writeHead(200, { Connection: 'close' });
    reply.raw.write('media');
    throw new Error('too late');
  }
}

@Module({ controllers: [TestController] })
class TestModule {}

async function listen(
  connection?: ServerOptions,
  answerStallMs?: number,
): Promise<{ app: NestFastifyApplication; port: number }> {
  const config = { proxyMaxClients: 10, proxyMaxSessions: 150, trustedProxies: [] };
  const edge = new Edge({ ...config, logLevel: 'info' }, { connection, answerStallMs });
  const app = await NestFactory.create<NestFastifyApplication>(TestModule, edge.adapter, {
    bodyParser: false,
    logger: false,
    abortOnError: false,
  });
  await edge.configure(app);
  await app.listen({ host: '127.0.0.1', port: 0 });
  return { app, port: (app.getHttpServer().address() as AddressInfo).port };
}

/** Sends bytes and reads until the other side closes. */
function exchange(port: number, text: string, endless = false): Promise<string> {
  return new Promise((resolve) => {
    const socket: Socket = connect(port, '127.0.0.1', () => socket.write(text));
    let answer = '';
    socket.on('data', (data) => {
      answer += data.toString('latin1');
      if (endless && answer.includes('media'))
        socket.write('GET /hidden HTTP/1.1\r\nHost: a\r\n\r\n');
    });
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(answer));
  });
}

const GET = 'GET /plain HTTP/1.1\r\nHost: a\r\n';
const TAIL = 'GET /hidden HTTP/1.1\r\nHost: a\r\n\r\n';

describe('the edge', () => {
  let app: NestFastifyApplication;
  let port: number;
  const url = (path: string): string => `http://127.0.0.1:${port}${path}`;

  beforeAll(async () => {
    ({ app, port } = await listen());
  });
  afterAll(() => app.close());
  beforeEach(() => {
    handled = [];
  });

  async function problem(path: string, init?: RequestInit): Promise<[Response, ProblemDocument]> {
    const response = await fetch(url(path), init);
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    const document = (await response.json()) as ProblemDocument;
    expect(document.status).toBe(response.status);
    expect(document.request_id).toBe(response.headers.get('x-request-id'));
    return [response, document];
  }

  function post(path: string, body: string, type = 'application/json'): [string, RequestInit] {
    return [path, { method: 'POST', headers: { 'content-type': type }, body }];
  }

  describe('problems', () => {
    it.each([
      ['/fails/nest', {}, 418, 'invalid_request'],
      ['/fails/other', {}, 500, 'internal_error'],
      ['/nowhere', {}, 404, 'not_found'],
      ['/plain?', { method: 'DELETE' }, 405, 'method_not_allowed'],
      ['/items/a%zz', {}, 400, 'invalid_request'],
      [`/items/${'a'.repeat(600)}`, {}, 400, 'invalid_request'],
      [...post('/echo', '{'), 400, 'invalid_request'],
      [...post('/echo', 'a=1', 'application/x-www-form-urlencoded'), 415, 'unsupported_media_type'],
      [...post('/echo', 'text', 'text/plain'), 415, 'unsupported_media_type'],
      [...post('/echo', `"${'a'.repeat(200_000)}"`), 413, 'payload_too_large'],
      [...post('/echo', '{"other":1}'), 400, 'invalid_request'],
      [...post('/echo', '{"number":"x"}'), 400, 'invalid_request'],
    ])('answers %s with the status and code of the catalogue', async (path, init, status, code) => {
      const [, document] = await problem(path, init);
      // The catalogue has no 418: other refusals are 400.
      expect(document).toMatchObject({ status: status === 418 ? 400 : status, code });
      expect(JSON.stringify(document)).not.toMatch(/secret|node_modules|\.ts/);
    });

    it('tells when to retry', async () => {
      const [response, document] = await problem('/fails/app');
      expect(response.headers.get('retry-after')).toBe('3');
      expect(document).toMatchObject({ status: 503, code: 'no_capacity', retry_after: 3 });
    });

    it('names the allowed methods', async () => {
      const [response] = await problem('/items/7', { method: 'POST' });
      expect(response.status).toBe(405);
      expect(response.headers.get('allow')).toBe('GET, HEAD');
    });

    it('lets browsers read problems of streams only', async () => {
      const [stream] = await problem('/ace/fails');
      expect(stream.headers.get('access-control-allow-origin')).toBe('*');
      const [admin] = await problem('/fails/app');
      expect(admin.headers.get('access-control-allow-origin')).toBeNull();
    });

    it('resets a connection whose response had begun', async () => {
      await expect(fetch(url('/ace/breaks')).then((r) => r.text())).rejects.toThrow();
    });
  });

  it('gives every response its own id, never the caller’s', async () => {
    const response = await fetch(url('/plain'), { headers: { 'x-request-id': 'mine' } });
    expect(response.headers.get('x-request-id')).toMatch(/^[0-9a-f]{16}$/);
  });

  it('sends security headers with pages, but not with streams', async () => {
    const page = await fetch(url('/plain'));
    expect(page.headers.get('content-security-policy')).toContain("default-src 'self'");
    expect(page.headers.get('strict-transport-security')).toBeNull();
    const stream = await fetch(url('/ace/stream'));
    expect(stream.headers.get('content-security-policy')).toBeNull();
    expect(stream.headers.get('x-request-id')).toMatch(/^[0-9a-f]{16}$/);
    await stream.body?.cancel();
  });

  it.each(['application/json', 'application/x-www-form-urlencoded'])(
    'treats an empty body of type %s as missing',
    async (type) => {
      const response = await fetch(url('/echo'), post('/echo', '', type)[1]);
      expect(await response.json()).toEqual({ body: {} });
    },
  );

  describe('hostile JSON', () => {
    it.each([
      ['__proto__', '{"__proto__":{"polluted":true}}'],
      ['constructor.prototype', '{"constructor":{"prototype":{"polluted":true}}}'],
      ['60 000 arrays deep', '['.repeat(60_000) + ']'.repeat(60_000)],
      [
        '60 000 arrays deep in a known field',
        `{"list":${'['.repeat(60_000)}${']'.repeat(60_000)}}`,
      ],
      ['33 levels', `{"list":${'['.repeat(32)}${']'.repeat(32)}}`],
    ])('refuses %s', async (_name, body) => {
      const [response] = await problem(...post('/echo', body));
      expect(response.status).toBe(400);
      expect(({} as Record<string, unknown>).polluted).toBeUndefined();
      expect(handled).toEqual([]);
    });

    it('refuses 200 000 levels by their size', async () => {
      const [response] = await problem(...post('/echo', '['.repeat(200_000)));
      expect(response.status).toBe(413);
    });

    it('accepts 32 levels', async () => {
      const body = `{"list":${'['.repeat(31)}${']'.repeat(31)}}`;
      expect((await fetch(url('/echo'), post('/echo', body)[1])).status).toBe(201);
    });
  });

  describe('ambiguous requests', () => {
    const echo = (fields: string, body: string): string =>
      `POST /echo HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n${fields}\r\n${body}`;

    it.each([
      [
        'length and chunked',
        echo('Content-Length: 4\r\nTransfer-Encoding: chunked\r\n', `0\r\n\r\n`),
        400,
      ],
      ['two lengths', echo('Content-Length: 2\r\nContent-Length: 40\r\n', '{}'), 400],
      ['a folded field', `${GET}X-A: 1\r\n 2\r\n\r\n`, 400],
      ['a space before the colon', `${GET}Content-Length : 0\r\n\r\n`, 400],
      ['bare line feeds', 'GET /plain HTTP/1.1\nHost: a\n\n', 400],
      ['no host', 'GET /plain HTTP/1.1\r\n\r\n', 400],
      ['two hosts', `${GET}Host: b\r\n\r\n`, 400],
      ['a host that is none', 'GET /plain HTTP/1.1\r\nHost: evil"><script>/x\r\n\r\n', 400],
      ['an empty host', 'GET /plain HTTP/1.1\r\nHost: \r\n\r\n', 400],
      ['a header that is too large', `${GET}X-A: ${'a'.repeat(17_000)}\r\n\r\n`, 431],
      [
        'an address that is too long',
        `GET /plain?${'a'.repeat(17_000)} HTTP/1.1\r\nHost: a\r\n\r\n`,
        431,
      ],
      ['too many fields', `${GET}${'X-A: 1\r\n'.repeat(120)}\r\n`, 431],
      ['a tunnel', 'CONNECT other:80 HTTP/1.1\r\nHost: other\r\n\r\n', 405],
      ['an unknown expectation', `${GET}Expect: miracles\r\n\r\n`, 400],
      ['no HTTP at all', '\x16\x03\x01\x02\x00\x01\r\n\r\n', 400],
      [
        'another encoding',
        echo('Transfer-Encoding: gzip, chunked, identity\r\n', '0\r\n\r\n'),
        400,
      ],
    ])('refuses %s and what follows it', async (_name, request, status) => {
      const answer = await exchange(port, request + TAIL);
      expect(handled).toEqual([]);
      expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
      expect(answer.toLowerCase()).toContain('content-type: application/problem+json');
      expect(answer.toLowerCase()).toContain('connection: close');
      const [head = '', body = ''] = answer.split('\r\n\r\n');
      const document = JSON.parse(body) as ProblemDocument;
      expect(document.status).toBe(status);
      expect(head).toContain(document.request_id);
    });

    it('routes an absolute address by its path', async () => {
      const answer = await exchange(
        port,
        `GET http://other/plain HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`,
      );
      expect(answer).toMatch(/^HTTP\/1\.1 200 /);
    });

    it('never handles a second request before the first is answered', async () => {
      await exchange(port, `${echo('Content-Length: 2\r\n', '{}')}${TAIL}`);
      expect(handled).not.toContain('hidden');
    });

    it('never handles a second request that arrived together with one that is answered at once', async () => {
      await exchange(port, `GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n${TAIL}`);
      expect(handled).toEqual([]);
    });

    it('never handles a request after a running stream on one connection', async () => {
      const answer = await exchange(port, 'GET /ace/stream HTTP/1.1\r\nHost: a\r\n\r\n', true);
      expect(handled).toEqual(['stream']);
      expect(answer.endsWith('media')).toBe(true);
    });

    it('serves one request after the other on one connection', async () => {
      const answers = await new Promise<number>((resolve) => {
        let seen = 0;
        const socket = connect(port, '127.0.0.1', () => socket.write(`${GET}\r\n`));
        socket.on('data', () => {
          seen += 1;
          if (seen === 3) socket.destroy();
          else socket.write(`${GET}\r\n`);
        });
        socket.on('close', () => resolve(seen));
      });
      expect(answers).toBe(3);
    });
  });
});

describe('slow callers', () => {
  it('have explicit limits only', () => {
    expect(CONNECTION_OPTIONS).toMatchObject({
      headersTimeout: 10_000,
      requestTimeout: 20_000,
      connectionsCheckingInterval: 2_000,
    });
  });

  it('have these limits on the listening server', async () => {
    const { app } = await listen();
    const server = app.getHttpServer();
    expect(server).toMatchObject({
      headersTimeout: 10_000,
      requestTimeout: 20_000,
      keepAliveTimeout: 72_000,
      timeout: 0,
    });
    await app.close();
  });

  it.each([
    ['header', 'GET /plain HTTP/1.1\r\nHost:'],
    [
      'body',
      'POST /echo HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{',
    ],
  ])('get an error and are disconnected when their %s does not arrive', async (_what, begun) => {
    const { app, port } = await listen({
      headersTimeout: 150,
      requestTimeout: 200,
      connectionsCheckingInterval: 50,
    });
    const answer = await exchange(port, begun);
    expect(answer).toMatch(/^HTTP\/1\.1 408 /);
    expect(answer).toContain('"code":"request_timeout"');
    await app.close();
  });
});

describe('a response that its caller does not read', () => {
  it('ends, while responses that are read and silent streams continue', async () => {
    const { app, port } = await listen(undefined, 200);
    const begin = (path: string): Socket => {
      const socket = connect(port, '127.0.0.1');
      socket.on('error', () => undefined);
      socket.write(`GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`);
      return socket;
    };
    const [read, stream] = [begin('/plain'), begin('/ace/stream')];
    read.resume();
    await new Promise((resolve) => stream.once('data', resolve));
    const unread = begin('/large');
    try {
      const server = app.getHttpServer();
      const open = async (): Promise<number> =>
        new Promise((resolve) => server.getConnections((_, count) => resolve(count)));
      while ((await open()) < 3) await new Promise(setImmediate);
      while ((await open()) > 2) await new Promise(setImmediate);
      unread.resume();
      await new Promise((resolve) => unread.once('close', resolve));
      expect(unread.bytesRead).toBeLessThan(LARGE_BYTES);
      expect([read.destroyed, stream.destroyed]).toEqual([false, false]);
      // The keep-alive connection of the first caller still works, and so does its stream.
      read.write('GET /ace/stream HTTP/1.1\r\nHost: a\r\n\r\n');
      await new Promise((resolve) => read.once('data', resolve));
    } finally {
      for (const socket of [read, stream, unread]) socket.destroy();
      await app.close();
    }
  });
});
