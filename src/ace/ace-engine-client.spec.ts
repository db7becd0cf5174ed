import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { type SourceSelector } from '../kernel/content-selector';
import { AceEngineClient } from './ace-engine-client';
import { type AceTimings } from './ace-timings';
import { type EngineEndpoint, type EngineSession } from './ace.types';
import { type AbandonedStart } from './late-starts';

type Script = (socket: Socket, target: string, head: string) => void;

/** A socket that sends prepared answers and records every request line. */
class ScriptedEngine {
  readonly targets: string[] = [];
  readonly #sockets = new Set<Socket>();
  readonly #server: Server;

  constructor(script: Script) {
    this.#server = createServer((socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket)).on('error', () => undefined);
      let head = '';
      socket.on('data', (chunk) => {
        head += chunk.toString('latin1');
        if (head.endsWith('\r\n\r\n')) {
          const target = head.split(' ')[1]!;
          this.targets.push(target);
          script(socket, target, head);
          this.#server.emit('scripted', target);
        }
      });
    });
  }

  async listen(host = '127.0.0.1'): Promise<EngineEndpoint> {
    await once(this.#server.listen(0, host), 'listening');
    return { host, port: (this.#server.address() as AddressInfo).port };
  }

  /** Resolves when a request whose target contains `part` has arrived. */
  async asked(part: string): Promise<void> {
    while (!this.targets.some((target) => target.includes(part))) {
      await once(this.#server, 'scripted');
    }
  }

  async close(): Promise<void> {
    this.#sockets.forEach((socket) => socket.destroy());
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

const ID = '0123456789abcdef0123456789abcdef01234567';
const SELECTOR: SourceSelector = { kind: 'content_id', value: ID, fileIndex: 0 };
const SESSION: EngineSession = {
  playbackPath: '/ace/r/a/b',
  statPath: '/ace/stat/a/b',
  commandPath: '/ace/cmd/a/b',
  infohash: null,
  playbackSessionId: null,
  isLive: 1,
  playerId: 'p1',
};
const STARTED = JSON.stringify({
  response: {
    playback_url: 'http://bogus:1/ace/r/a/b',
    stat_url: 'http://bogus:1/ace/stat/a/b',
    command_url: 'http://bogus:1/ace/cmd/a/b?k=1',
  },
  error: null,
});

function http(body: string | Buffer, status = 200, headers = ''): Buffer {
  const head = `HTTP/1.0 ${status} X\r\nServer: BaseHTTP/0.6\r\n${headers}\r\n`;
  return Buffer.concat([Buffer.from(head), Buffer.from(body)]);
}

const closers: (() => Promise<void>)[] = [];

async function engine(script: Script): Promise<[ScriptedEngine, EngineEndpoint]> {
  const scripted = new ScriptedEngine(script);
  closers.push(() => scripted.close());
  return [scripted, await scripted.listen()];
}

function client(timings: Partial<AceTimings> = {}): AceEngineClient {
  const made = new AceEngineClient({ closeWaitMs: 50, ...timings });
  closers.unshift(() => made.close());
  return made;
}

function options(timeoutMs = 5000, signal = new AbortController().signal) {
  return { playerId: 'p1', timeoutMs, signal };
}

afterEach(async () => {
  for (const close of closers.splice(0)) {
    await close();
  }
});

describe('start', () => {
  it('sends the canonical request and discards the addresses of the answer', async () => {
    let head = '';
    const [scripted, endpoint] = await engine((socket, _target, got) => {
      head = got;
      socket.end(http(STARTED));
    });
    await expect(client().start(endpoint, SELECTOR, options())).resolves.toMatchObject({
      playbackPath: '/ace/r/a/b',
      commandPath: '/ace/cmd/a/b?k=1',
      playerId: 'p1',
    });
    expect(scripted.targets).toEqual([`/ace/getstream?format=json&id=${ID}&pid=p1`]);
    expect(head.toLowerCase()).toContain('\r\naccept-encoding: identity\r\n');
    expect(head.toLowerCase()).toContain('\r\nconnection: close\r\n');
  });

  it('works with IPv6 addresses', async () => {
    const scripted = new ScriptedEngine((socket) => socket.end(http(STARTED)));
    closers.push(() => scripted.close());
    const endpoint = await scripted.listen('::1');
    await expect(client().start(endpoint, SELECTOR, options())).resolves.toBeDefined();
  });

  it.each<[string, Script, string]>([
    [
      'gzip',
      (s) => s.end(http(gzipSync(STARTED), 200, 'Content-Encoding: gzip\r\n')),
      'encoded_answer',
    ],
    ['HTML over 200', (s) => s.end(http('<html></html>')), 'bad_json'],
    ['HTML over 500', (s) => s.end(http('<html></html>', 500)), 'http_500'],
    ['403', (s) => s.end(http('', 403)), 'http_403'],
    ['empty 200', (s) => s.end(http('')), 'bad_json'],
    ['truncated JSON', (s) => s.end(http(STARTED.slice(0, 60))), 'bad_json'],
    ['a closed connection', (s) => s.end(), 'reset'],
    ['a reset', (s) => s.resetAndDestroy(), 'reset'],
    [
      'a status line twice',
      (s) => s.end('HTTP/1.0 200 OK\r\nHTTP/1.0 200 OK\r\n\r\n'),
      'malformed_http',
    ],
    ['an answer without HTTP', (s) => s.end('HELLOTS version=3\r\n\r\n'), 'malformed_http'],
    ['a huge head', (s) => s.end(http('', 200, `X: ${'x'.repeat(100_000)}\r\n`)), 'head_too_large'],
    [
      'a truncated body',
      (s) => s.end(http('{}', 200, 'Content-Length: 99\r\n')),
      'truncated_answer',
    ],
  ])('%s is an engine fault', async (_name, script, reason) => {
    const [, endpoint] = await engine(script);
    await expect(client().start(endpoint, SELECTOR, options())).rejects.toMatchObject({
      name: 'EngineFault',
      kind: 'engine',
      reason,
    });
  });

  it('reads only a part of a 100 MB answer', async () => {
    let written = 0;
    const [, endpoint] = await engine((socket) => {
      const chunk = Buffer.alloc(64 * 1024, '[');
      const pump = (): void => {
        while (written < 100_000_000 && socket.writable) {
          written += chunk.length;
          if (!socket.write(chunk)) {
            socket.once('drain', pump);
            return;
          }
        }
      };
      socket.write(http(''));
      pump();
    });
    const started = client().start(endpoint, SELECTOR, options());
    await expect(started).rejects.toMatchObject({ reason: 'answer_too_large' });
    expect(written).toBeLessThan(50_000_000);
  });

  it.each([
    ['headers that never end', 'HTTP/1.0 200 OK\r\n'],
    ['a body that never ends', 'HTTP/1.0 200 OK\r\n\r\n'],
  ])('%s are cut at the deadline', async (_name, opening) => {
    const [, endpoint] = await engine((socket) => {
      socket.write(opening);
      const drip = setInterval(() => socket.write('x'), 5);
      socket.on('close', () => clearInterval(drip));
    });
    const started = client({ lateAnswerMs: 20 }).start(endpoint, SELECTOR, options(60));
    await expect(started).rejects.toMatchObject({ kind: 'engine', reason: 'answer_timeout' });
  });

  it('does not follow a redirect', async () => {
    const [canary, elsewhere] = await engine((socket) => socket.end(http(STARTED)));
    const location = `Location: http://127.0.0.1:${elsewhere.port}/ace/getstream\r\n`;
    const [, endpoint] = await engine((socket) => socket.end(http('', 302, location)));
    const started = client().start(endpoint, SELECTOR, options());
    await expect(started).rejects.toMatchObject({ reason: 'redirected_answer' });
    expect(canary.targets).toEqual([]);
  });

  it('reports a refused connection', async () => {
    const [scripted, endpoint] = await engine(() => undefined);
    await scripted.close();
    closers.pop();
    const started = client().start(endpoint, SELECTOR, options());
    await expect(started).rejects.toMatchObject({ kind: 'engine', reason: 'connect_refused' });
  });

  it('sends nothing for an aborted caller or a selector that is not canonical', async () => {
    const [scripted, endpoint] = await engine(() => undefined);
    const aborted = options(1000, AbortSignal.abort(new Error('viewer left')));
    await expect(client().start(endpoint, SELECTOR, aborted)).rejects.toThrow('viewer left');
    const injected = { ...SELECTOR, value: `${ID}&url=x` };
    await expect(client().start(endpoint, injected, options())).rejects.toMatchObject({
      code: 'invalid_selector',
    });
    expect(scripted.targets).toEqual([]);
  });

  it('is not delayed by fifty calls that hang', async () => {
    const [, endpoint] = await engine((socket, target) => {
      if (target.includes('getstream')) socket.end(http(STARTED));
    });
    const ace = client();
    const hanging = Array.from({ length: 50 }, () =>
      expect(ace.stat(endpoint, SESSION, { timeoutMs: 1000 })).rejects.toBeDefined(),
    );
    await expect(ace.start(endpoint, SELECTOR, options(900))).resolves.toBeDefined();
    await Promise.all(hanging);
  });
});

describe('abandoned starts', () => {
  const STOP = '/ace/cmd/a/b?k=1&method=stop';

  it('stops the session of a late answer after an abort', async () => {
    let answer = (): void => undefined;
    const [scripted, endpoint] = await engine((socket, target) => {
      if (target.includes('getstream')) answer = () => socket.end(http(STARTED));
      else socket.end(http('{"response":"ok","error":null}'));
    });
    const viewer = new AbortController();
    const started = client().start(endpoint, SELECTOR, options(5000, viewer.signal));
    const refused = expect(started).rejects.toThrow('viewer left');
    await scripted.asked('getstream');
    viewer.abort(new Error('viewer left'));
    await refused;
    answer();
    await scripted.asked(STOP);
  });

  it('stops the session of an answer after the deadline', async () => {
    let answer = (): void => undefined;
    const [scripted, endpoint] = await engine((socket, target) => {
      if (target.includes('getstream')) answer = () => socket.end(http(STARTED));
    });
    const started = client().start(endpoint, SELECTOR, options(30));
    await expect(started).rejects.toMatchObject({ reason: 'answer_timeout' });
    await scripted.asked('getstream');
    answer();
    await scripted.asked(STOP);
  });

  it('closes the connection of an abandoned start that is cut, and counts it as done some time later', async () => {
    let closed = false;
    const [scripted, endpoint] = await engine((socket) =>
      socket.on('close', () => (closed = true)),
    );
    const viewer = new AbortController();
    const abandoned: AbandonedStart[] = [];
    const onLate = (start: AbandonedStart): void => void abandoned.push(start);
    const busyAfterCutMs = 200;
    const started = client({ busyAfterCutMs }).start(endpoint, SELECTOR, {
      ...options(5000, viewer.signal),
      onLate,
    });
    const refused = expect(started).rejects.toThrow('viewer left');
    await scripted.asked('getstream');
    viewer.abort(new Error('viewer left'));
    await refused;
    expect(closed).toBe(false);
    const cutMs = performance.now();
    abandoned[0]!.cut();
    await abandoned[0]!.done;
    expect([closed, performance.now() - cutMs > busyAfterCutMs - 20]).toEqual([true, true]);
  });

  it('stops the session of an answer without usable media', async () => {
    const body = JSON.stringify({
      response: { playback_url: 'file:///etc/passwd', command_url: '/ace/cmd/a/b?k=1' },
    });
    const [scripted, endpoint] = await engine((socket) => socket.end(http(body)));
    const started = client().start(endpoint, SELECTOR, options());
    await expect(started).rejects.toMatchObject({ reason: 'foreign_address' });
    await scripted.asked(STOP);
  });

  it('waits for stops when it closes, and at most until its limit for an answer that never comes', async () => {
    const [scripted, endpoint] = await engine((socket, target) => {
      if (target.includes('id=')) setTimeout(() => socket.end(http(STARTED)), 100);
      else if (target.includes('cmd')) socket.end(http('{}'));
    });
    const ace = client({ closeWaitMs: 1000 });
    const hung: SourceSelector = { kind: 'magnet', value: 'magnet:?x', fileIndex: 0 };
    await expect(ace.start(endpoint, SELECTOR, options(20))).rejects.toBeDefined();
    await expect(ace.start(endpoint, hung, options(20))).rejects.toBeDefined();
    await ace.close();
    expect(scripted.targets).toContain(STOP);
  });
});

describe('stop', () => {
  it('sends the stop to the command path', async () => {
    const [scripted, endpoint] = await engine((socket) => socket.end(http('{"response":"ok"}')));
    await client().stop(endpoint, SESSION);
    expect(scripted.targets).toEqual(['/ace/cmd/a/b?method=stop']);
  });

  it('sends nothing without a command path', async () => {
    const [scripted, endpoint] = await engine(() => undefined);
    await client().stop(endpoint, { ...SESSION, commandPath: null });
    expect(scripted.targets).toEqual([]);
  });

  it.each<[string, Script]>([
    ['hangs', () => undefined],
    ['hangs in the middle of its answer', (s) => s.write('HTTP/1.0 200 OK\r\n\r\n{')],
    ['resets', (s) => s.resetAndDestroy()],
    ['has forgotten the session', (s) => s.end(http('{"error":"unknown playback session id"}'))],
  ])('resolves when the engine %s', async (_name, script) => {
    const [, endpoint] = await engine(script);
    await client({ stopTimeoutMs: 50 }).stop(endpoint, SESSION);
  });
});

describe('stat', () => {
  it('requests the stat path', async () => {
    const [scripted, endpoint] = await engine((socket) =>
      socket.end(http('{"response":{"status":"dl","peers":3},"error":null}')),
    );
    const stat = await client().stat(endpoint, SESSION);
    expect(stat).toMatchObject({ status: 'dl', peers: 3, livePosition: null });
    expect(scripted.targets).toEqual(['/ace/stat/a/b']);
  });

  it('fails without a stat path, and at its deadline', async () => {
    const [, endpoint] = await engine(() => undefined);
    const ace = client();
    await expect(ace.stat(endpoint, { ...SESSION, statPath: null })).rejects.toMatchObject({
      reason: 'no_stat_url',
    });
    await expect(ace.stat(endpoint, SESSION, { timeoutMs: 20 })).rejects.toMatchObject({
      reason: 'answer_timeout',
    });
  });
});

describe('probe', () => {
  const version: Script = (s) => s.end(http('{"result":{"version":"3.2.3"},"error":null}'));
  const probing = async (first: Script, second: Script, timeoutMs = 2000) => {
    const [, endpoint] = await engine((socket, target, head) =>
      (target.includes('get_version') ? first : second)(socket, target, head),
    );
    return client().probe(endpoint, { timeoutMs });
  };

  it.each<[string, Script, boolean | null]>([
    ['connected', (s) => s.end(http('{"result":{"connected":true}}')), true],
    ['an error', (s) => s.end(http('{"result":null,"error":"access denied"}')), null],
    ['404', (s) => s.end(http('<html>', 404)), null],
  ])('with %s for the network', async (_name, second, networkConnected) => {
    await expect(probing(version, second)).resolves.toEqual({ version: '3.2.3', networkConnected });
  });

  it('fails when either answer is missing or incomplete', async () => {
    const silent: Script = () => undefined;
    const partial: Script = (s) => s.write(http('{"result":{'));
    const timeout = { reason: 'answer_timeout' };
    await expect(probing(silent, version, 50)).rejects.toMatchObject(timeout);
    await expect(probing(partial, version, 50)).rejects.toMatchObject(timeout);
    await expect(probing(version, silent, 200)).rejects.toMatchObject(timeout);
  });

  it('fails when the engine sends an invalid answer or denies access', async () => {
    await expect(probing((s) => s.end(http('hello')), version)).rejects.toMatchObject({
      reason: 'bad_json',
    });
    const denied: Script = (s) => s.end(http('{"result":null,"error":"access denied"}'));
    await expect(probing(denied, version)).rejects.toMatchObject({ reason: 'access_denied' });
  });
});
