import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** How the fake Docker Engine answers a request. */
export type Behaviour = (request: IncomingMessage, response: ServerResponse) => void;

/** A received request. */
export interface Received {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: unknown;
}

export function answer(status: number, body?: unknown): Behaviour {
  return (_, response) => {
    response.statusCode = status;
    response.setHeader('Content-Type', 'application/json');
    response.end(body === undefined ? '' : JSON.stringify(body));
  };
}

export function refuse(status: number, message: string): Behaviour {
  return answer(status, { message });
}

/** Behaviours of a server that hangs, breaks off or is not a Docker Engine. */
export const BAD_BEHAVIOURS: Readonly<Record<string, Behaviour>> = {
  'says nothing': () => undefined,
  'hangs up': (request) => request.socket.destroy(),
  'is not an HTTP server': (request) => request.socket.end('SSH-2.0-OpenSSH_9.2\r\n'),
  'is another web server': (_, response) => response.end('<html>Welcome</html>'),
  'is another web server, with an error': (_, response) => {
    response.statusCode = 500;
    response.end('<html>Oops</html>');
  },
  'is a proxy without Docker behind it': (_, response) => {
    response.statusCode = 503;
    response.end('<html>No server is available</html>');
  },
  'breaks off in the middle of its answer': (_, response) => {
    response.writeHead(200, { 'Content-Length': 1000 });
    response.write('[{"Id":"a', () => response.destroy());
  },
  'stops in the middle of its answer': (_, response) => {
    response.writeHead(200, { 'Content-Length': 1000 });
    response.write('[{"Id":"a');
  },
  'stops in the middle of a refusal': (_, response) => {
    response.writeHead(500, { 'Content-Length': 1000 });
    response.write('{"message":"a');
  },
  'sends single bytes without end': (_, response) => {
    const timer = setInterval(() => response.write(' '), 10);
    response.on('close', () => {
      clearInterval(timer);
    });
  },
  'redirects to an address without a server': (_, response) => {
    response.writeHead(301, { Location: 'http://127.0.0.1:9/' });
    response.end();
  },
  'redirects to an invalid address': (_, response) => {
    response.writeHead(307, { Location: '::' });
    response.end();
  },
};

/** An HTTP server on a unix socket. The test sets how it answers. */
export class FakeDocker {
  readonly received: Received[] = [];
  behaviour: Behaviour = answer(200, {});
  private readonly sockets = new Set<Socket>();
  private mostSockets = 0;

  private constructor(
    private readonly folder: string,
    private readonly server = createServer(),
  ) {
    server.on('connection', (socket) => {
      this.sockets.add(socket);
      this.mostSockets = Math.max(this.mostSockets, this.sockets.size);
      socket.on('close', () => this.sockets.delete(socket));
      socket.on('error', () => undefined);
    });
    server.on('request', (request, response) => {
      this.receive(request, response);
    });
  }

  static async open(): Promise<FakeDocker> {
    const fake = new FakeDocker(mkdtempSync(join(tmpdir(), 'fake-docker-')));
    await fake.listen();
    return fake;
  }

  /** As in DOCKER_HOST. */
  get dockerHost(): string {
    return `unix://${this.socketPath}`;
  }

  get openSockets(): number {
    return this.sockets.size;
  }

  /** The largest number of simultaneous connections. */
  get peakSockets(): number {
    return this.mostSockets;
  }

  /** Stops listening and closes all connections. */
  async goAway(): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve));
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve) => this.server.listen(this.socketPath, resolve));
  }

  async close(): Promise<void> {
    if (this.server.listening) await this.goAway();
    rmSync(this.folder, { recursive: true, force: true });
  }

  private get socketPath(): string {
    return join(this.folder, 'sock');
  }

  private receive(request: IncomingMessage, response: ServerResponse): void {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    // eslint-disable-next-line no-restricted-syntax -- the whole request is wanted here, not a hang-up
    request.on('end', () => {
      const url = new URL(request.url ?? '/', 'http://docker');
      const text = Buffer.concat(chunks).toString('utf8');
      this.received.push({
        method: request.method ?? '',
        path: url.pathname,
        query: url.searchParams,
        body: text === '' ? null : JSON.parse(text),
      });
      this.behaviour(request, response);
    });
  }
}

/** @throws if the condition is not true in time */
export async function eventually(isSo: () => boolean, withinMs = 10_000): Promise<void> {
  const giveUpAt = performance.now() + withinMs;
  while (!isSo()) {
    if (performance.now() > giveUpAt)
      throw new Error(`not true within ${withinMs} ms: ${String(isSo)}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
