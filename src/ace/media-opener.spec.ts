import { once } from 'node:events';
import { type IncomingMessage } from 'node:http';
import { createServer, Socket, type AddressInfo, type Server } from 'node:net';
import { gzipSync } from 'node:zlib';
import { type EngineEndpoint } from './ace.types';
import { MediaOpener } from './media-opener';

type Script = (socket: Socket, target: string, head: string) => void;

/** A socket that sends prepared answers, and records every request line and every closed connection. */
class ScriptedEngine {
  readonly targets: string[] = [];
  readonly sockets = new Set<Socket>();
  readonly #server: Server;

  constructor(script: Script) {
    this.#server = createServer((socket) => {
      this.sockets.add(socket);
      socket.on('close', () => {
        this.sockets.delete(socket);
        this.#server.emit('gone');
      });
      socket.on('error', () => undefined);
      socket.on('data', (chunk) => {
        const head = chunk.toString('latin1');
        const target = head.split(' ')[1]!;
        this.targets.push(target);
        script(socket, target, head);
        this.#server.emit('scripted');
      });
    });
  }

  async listen(): Promise<EngineEndpoint> {
    await once(this.#server.listen(0, '127.0.0.1'), 'listening');
    return { host: '127.0.0.1', port: (this.#server.address() as AddressInfo).port };
  }

  async asked(): Promise<void> {
    if (this.targets.length === 0) await once(this.#server, 'scripted');
  }

  /** Resolves when every connection has been closed. */
  async allClosed(): Promise<void> {
    while (this.sockets.size > 0) await once(this.#server, 'gone');
  }

  async close(): Promise<void> {
    this.sockets.forEach((socket) => socket.destroy());
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

const engines: ScriptedEngine[] = [];
const opener = new MediaOpener({ connectTimeoutMs: 3000 });

async function engine(script: Script): Promise<[ScriptedEngine, EngineEndpoint]> {
  const scripted = new ScriptedEngine(script);
  engines.push(scripted);
  return [scripted, await scripted.listen()];
}

function http(status: number, headers: string, body: string | Buffer = ''): Buffer {
  return Buffer.concat([Buffer.from(`HTTP/1.1 ${status} X\r\n${headers}\r\n`), Buffer.from(body)]);
}

const TS = 'Content-Type: video/mp2t\r\n';
const redirect = (to: string): Buffer => http(302, `Location: ${to}\r\n`);

function open(endpoint: EngineEndpoint, o: { timeoutMs?: number; signal?: AbortSignal } = {}) {
  const { timeoutMs = 5000, signal = new AbortController().signal } = o;
  return opener.open(endpoint, '/ace/r/a/b', { timeoutMs, signal });
}

async function bytesOf(response: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

afterEach(async () => {
  await Promise.all(engines.splice(0).map((scripted) => scripted.close()));
});
afterAll(() => opener.close());

describe('the body', () => {
  const media = Buffer.alloc(300_000, 'G');

  it.each<[string, Script]>([
    ['until the connection closes', (s) => s.end(http(200, TS, media))],
    ['by its length', (s) => s.write(http(200, `${TS}Content-Length: 300000\r\n`, media))],
    [
      'by its length, with further bytes after it',
      (s) => s.end(http(200, `${TS}Content-Length: 300000\r\n`, Buffer.concat([media, media]))),
    ],
    [
      'in chunks',
      (s) => {
        s.write(http(200, `${TS}Transfer-Encoding: chunked\r\n`));
        for (let i = 0; i < 3; i++) s.write(`186a0\r\n${'G'.repeat(100_000)}\r\n`);
        s.write('0\r\n\r\n');
      },
    ],
  ])('arrives completely when framed %s', async (_name, script) => {
    const [, endpoint] = await engine(script);
    const response = await open(endpoint);
    expect(response.readableFlowing).toBeNull();
    expect((await bytesOf(response)).equals(media)).toBe(true);
  });

  it('requests no encoding and no keep-alive, and sends without delay', async () => {
    const noDelay = jest.spyOn(Socket.prototype, 'setNoDelay');
    let head = '';
    const [, endpoint] = await engine((socket, _target, got) => {
      head = got.toLowerCase();
      socket.end(http(200, TS));
    });
    await bytesOf(await open(endpoint));
    expect(head).toContain('get /ace/r/a/b http/1.1\r\n');
    expect(head).toContain('\r\naccept-encoding: identity\r\n');
    expect(head).toContain('\r\nconnection: close\r\n');
    expect(noDelay).toHaveBeenCalledWith(true);
    noDelay.mockRestore();
  });

  it('has no time limit', async () => {
    const [, endpoint] = await engine((socket) => {
      socket.write(http(200, TS));
      setTimeout(() => socket.end('late'), 150);
    });
    const body = await bytesOf(await open(endpoint, { timeoutMs: 100 }));
    expect(body.toString()).toBe('late');
  });

  it('without a length fails with an error when the connection is reset', async () => {
    const [scripted, endpoint] = await engine((s) => s.write(http(200, TS, 'GGGG')));
    const response = await open(endpoint);
    const failed = expect(bytesOf(response)).rejects.toMatchObject({ code: 'ECONNRESET' });
    scripted.sockets.forEach((socket) => socket.resetAndDestroy());
    await failed;
  });

  it('shorter than its length fails', async () => {
    const [, endpoint] = await engine((s) => s.end(http(200, `${TS}Content-Length: 9\r\n`, 'GG')));
    await expect(bytesOf(await open(endpoint))).rejects.toMatchObject({ code: 'ECONNRESET' });
  });

  it('does not wait for fifty other bodies of the same engine', async () => {
    const [scripted, endpoint] = await engine((socket) => socket.write(http(200, TS, 'G')));
    const viewers = Array.from({ length: 50 }, () => new AbortController());
    await Promise.all(viewers.map(({ signal }) => open(endpoint, { signal })));
    expect(scripted.sockets.size).toBe(50);
    viewers.forEach((viewer) => viewer.abort());
    await scripted.allClosed();
  });
});

describe('aborting', () => {
  it('before the request sends nothing', async () => {
    const [scripted, endpoint] = await engine(() => undefined);
    const signal = AbortSignal.abort(new Error('viewer left'));
    await expect(open(endpoint, { signal })).rejects.toThrow('viewer left');
    expect(scripted.targets).toEqual([]);
  });

  it.each<[string, Script]>([
    ['the head', () => undefined],
    ['the end of a refusal', (s) => s.write(http(500, '', 'start'))],
  ])('while waiting for %s closes the connection', async (_name, script) => {
    const [scripted, endpoint] = await engine(script);
    const viewer = new AbortController();
    const opening = expect(open(endpoint, { signal: viewer.signal })).rejects.toThrow('left');
    await scripted.asked();
    viewer.abort(new Error('viewer left'));
    await opening;
    await scripted.allClosed();
  });

  it('after the head closes the response without an error', async () => {
    const [scripted, endpoint] = await engine((socket) => socket.write(http(200, TS, 'GGGG')));
    const viewer = new AbortController();
    const response = await open(endpoint, { signal: viewer.signal });
    const errors: Error[] = [];
    response.on('error', (error) => errors.push(error));
    await once(response, 'data');
    viewer.abort();
    await once(response, 'close');
    await scripted.allClosed();
    expect(errors).toEqual([]);
  });
});

describe('redirects', () => {
  const follow =
    (to: string): Script =>
    (socket, target) =>
      socket.end(target === '/ace/r/a/b' ? redirect(to) : http(200, TS, 'media'));
  let canary: ScriptedEngine;
  let canaryPort: number;

  beforeEach(async () => {
    const [scripted, endpoint] = await engine((socket) => socket.end(http(200, TS, 'stolen')));
    canary = scripted;
    canaryPort = endpoint.port;
  });

  it.each([
    ['http://127.0.0.1:CANARY/content/x/y', '/content/x/y'],
    ['//127.0.0.1:CANARY/content/x/y?z=1', '/content/x/y?z=1'],
    ['http://[::ffff:127.0.0.1]:CANARY/content/x', '/content/x'],
    ['http://2130706433:CANARY/content/x', '/content/x'],
    ['http://169.254.169.254/ace/r/c', '/ace/r/c'],
    ['/hls/x', '/hls/x'],
    ['c', '/ace/r/a/c'],
  ])('%s is followed on the engine itself', async (to, target) => {
    const [scripted, endpoint] = await engine(follow(to.replace('CANARY', String(canaryPort))));
    const body = await bytesOf(await open(endpoint));
    expect(body.toString()).toBe('media');
    expect(scripted.targets).toEqual(['/ace/r/a/b', target]);
    expect(canary.targets).toEqual([]);
  });

  it.each([
    'http://169.254.169.254/latest/meta-data',
    'http://127.0.0.1:CANARY/',
    'http://user@127.0.0.1:CANARY/content/x',
    'https://127.0.0.1:CANARY/content/x',
    'file:///etc/passwd',
    'gopher://127.0.0.1:CANARY/content/x',
    '/ace/../server/api?method=shutdown',
    'http:\\\\127.0.0.1:CANARY\\content\\x',
  ])('%s is not followed anywhere', async (to) => {
    const [scripted, endpoint] = await engine(follow(to.replace('CANARY', String(canaryPort))));
    await expect(open(endpoint)).rejects.toMatchObject({
      kind: 'engine',
      reason: 'foreign_address',
    });
    expect(scripted.targets).toEqual(['/ace/r/a/b']);
    expect(canary.targets).toEqual([]);
  });

  it('an endless body of a redirect is not read', async () => {
    const [scripted, endpoint] = await engine((socket, target) => {
      if (target === '/ace/r/a/b') {
        socket.write(redirect('/content/x'));
        const pour = (): boolean => socket.writable && socket.write(Buffer.alloc(65_536));
        socket.on('drain', pour);
        pour();
      } else {
        socket.end(http(200, TS, 'media'));
      }
    });
    expect((await bytesOf(await open(endpoint))).toString()).toBe('media');
    await scripted.allClosed();
  });

  it.each([
    [5, true],
    [6, false],
  ])('%d in a row: followed %s', async (redirects, followed) => {
    const [scripted, endpoint] = await engine((socket) => {
      const hops = scripted.targets.length;
      socket.end(hops <= redirects ? redirect(`/ace/r/${hops}`) : http(200, TS, 'media'));
    });
    if (followed) {
      await expect(bytesOf(await open(endpoint))).resolves.toHaveLength(5);
    } else {
      await expect(open(endpoint)).rejects.toMatchObject({ reason: 'redirect_loop' });
    }
    expect(scripted.targets).toHaveLength(6);
  });

  it('without a location is an engine fault', async () => {
    const [, endpoint] = await engine((socket) => socket.end(http(302, '')));
    await expect(open(endpoint)).rejects.toMatchObject({ reason: 'bad_redirect' });
  });
});

describe('refusals', () => {
  const json = 'Content-Type: application/json\r\n';
  const taken = '{"response":null,"error":"got newer download"}';

  it.each<[string, Buffer | string, string, string]>([
    [
      'start timeout',
      http(500, 'Content-Length: 13\r\n', 'start timeout'),
      'warming',
      'start_timeout',
    ],
    ['download not found', http(500, '', 'download not found'), 'warming', 'download_not_found'],
    ['an unknown 500', http(500, '', 'oops'), 'engine', 'http_500'],
    ['an HTML 500', http(500, 'Content-Type: text/html\r\n', '<html>'), 'engine', 'http_500'],
    ['403', http(403, ''), 'session', 'http_403'],
    ['404', http(404, '', 'no'), 'engine', 'http_404'],
    ['206', http(206, TS, 'GG'), 'engine', 'http_206'],
    ['304', http(304, ''), 'engine', 'http_304'],
    ['a takeover with 500', http(500, '', 'got newer download'), 'session', 'got_newer_download'],
    ['a takeover with 200', http(200, json, taken), 'session', 'got_newer_download'],
    [
      'a session unknown',
      http(500, '', 'unknown playback session id'),
      'session',
      'unknown_playback_session_id',
    ],
    ['other JSON with 200', http(200, json, '{}'), 'engine', 'not_media'],
    ['HTML with 200', http(200, 'Content-Type: text/html\r\n', '<html>'), 'engine', 'html_answer'],
    [
      'a playlist',
      http(200, 'Content-Type: application/x-mpegURL\r\n', '#EXTM3U'),
      'unsupported',
      'playlist',
    ],
    [
      'gzip',
      http(200, `${TS}Content-Encoding: gzip\r\n`, gzipSync('G')),
      'engine',
      'encoded_media',
    ],
    [
      'a status line twice',
      'HTTP/1.0 200 OK\r\nHTTP/1.0 200 OK\r\n\r\n',
      'engine',
      'malformed_http',
    ],
    ['no HTTP at all', 'GGGG\r\n\r\n', 'engine', 'malformed_http'],
    ['a huge head', http(200, `X: ${'x'.repeat(100_000)}\r\n`), 'engine', 'head_too_large'],
    ['an upgrade', http(101, 'Connection: upgrade\r\nUpgrade: x\r\n'), 'engine', 'http_101'],
    ['nothing', '', 'engine', 'reset'],
  ])('%s', async (_name, answer, kind, reason) => {
    const [scripted, endpoint] = await engine((socket) => socket.end(answer));
    await expect(open(endpoint)).rejects.toMatchObject({ name: 'EngineFault', kind, reason });
    await scripted.allClosed();
  });

  it('whose text never ends is classified by its first 4 KiB', async () => {
    const [scripted, endpoint] = await engine((socket) => {
      socket.write(http(500, '', 'start timeout'));
      const pour = (): boolean => socket.writable && socket.write(Buffer.alloc(65_536, ' '));
      socket.on('drain', pour);
      pour();
    });
    await expect(open(endpoint)).rejects.toMatchObject({ kind: 'warming' });
    await scripted.allClosed();
  });

  it('whose text is incomplete is classified by the part that arrived within 1 s', async () => {
    const [scripted, endpoint] = await engine((s) => s.write(http(500, '', 'start timeout')));
    await expect(open(endpoint)).rejects.toMatchObject({ kind: 'warming' });
    await scripted.allClosed();
  });

  it('headers that never end are cut at the deadline', async () => {
    const [scripted, endpoint] = await engine((socket) => {
      socket.write('HTTP/1.1 200 OK\r\n');
      const drip = setInterval(() => socket.write('x'), 5);
      socket.on('close', () => clearInterval(drip));
    });
    const opening = open(endpoint, { timeoutMs: 60 });
    await expect(opening).rejects.toMatchObject({ kind: 'engine', reason: 'answer_timeout' });
    await scripted.allClosed();
  });

  it('a refused connection', async () => {
    const [scripted, endpoint] = await engine(() => undefined);
    await scripted.close();
    engines.pop();
    await expect(open(endpoint)).rejects.toMatchObject({ reason: 'connect_refused' });
  });

  it("a path that is not an engine's", async () => {
    const [scripted, endpoint] = await engine(() => undefined);
    const signal = new AbortController().signal;
    await expect(
      opener.open(endpoint, '/server/api', { timeoutMs: 1000, signal }),
    ).rejects.toMatchObject({ reason: 'foreign_address' });
    expect(scripted.targets).toEqual([]);
  });
});
