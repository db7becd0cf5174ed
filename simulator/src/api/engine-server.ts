import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import type { Engine } from '../engine';
import { interceptAnswer } from '../faults/answer-faults';
import { damageJson } from '../faults/json-faults';
import { textAnswer } from './answer';
import { Exchange } from './exchange';
import { routeOf } from './router';
import { sendAnswer } from './wire';

/** `hang`: connections are accepted, requests never answered. `refuse`: the port has no listener. */
export const SERVER_MODES = ['normal', 'hang', 'refuse'] as const;
export type ServerMode = (typeof SERVER_MODES)[number];

/** The engine's HTTP API. Answers are written directly to the sockets, because faults need control over every byte. */
export class EngineServer {
  mode: ServerMode = 'normal';
  peakConnections = 0;
  private readonly sockets = new Set<Socket>();
  private server: Server | null = null;
  private port: number;

  constructor(private readonly engine: Engine) {
    this.port = engine.options.httpPort;
  }

  get connections(): number {
    return this.sockets.size;
  }

  /** @returns the port of the server. */
  async listen(): Promise<number> {
    const server = createServer((request) => {
      this.answer(request).catch((error: unknown) => {
        process.stderr.write(
          `${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
        );
        request.socket.destroy();
      });
    });
    // A hung engine keeps its connections until the client closes them.
    server.requestTimeout = 0;
    server.headersTimeout = 0;
    server.on('connection', (socket) => this.accept(socket));
    server.on('clientError', (_error, socket) => socket.destroy());
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.port, this.engine.options.host, resolve);
    });
    this.server = server;
    this.port = (server.address() as AddressInfo).port;
    return this.port;
  }

  /** Playbacks continue in every mode. @throws if the port was taken meanwhile. */
  async change(mode: ServerMode): Promise<void> {
    this.mode = mode;
    if (mode === 'refuse') {
      this.server?.close();
      this.server = null;
    } else if (this.server === null) {
      await this.listen();
    }
  }

  close(): void {
    this.server?.close();
    for (const socket of this.sockets) socket.destroy();
  }

  private accept(socket: Socket): void {
    this.sockets.add(socket);
    socket.once('close', () => this.sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    this.peakConnections = Math.max(this.peakConnections, this.sockets.size);
    const limit = this.engine.faults.standing('max_connections')?.number('limit', 10);
    if (limit !== undefined && this.sockets.size > limit) socket.resetAndDestroy();
  }

  private async answer(request: IncomingMessage): Promise<void> {
    const { engine } = this;
    engine.journal.record(request);
    const body = await text(request);
    if (request.method === 'HEAD') engine.headRequests += 1;
    if (this.mode === 'hang') return;
    const exchange = new Exchange(request, body);
    const { serverHeader } = engine.facts;
    if (request.method === 'HEAD') {
      await sendAnswer(exchange, serverHeader, textAnswer(405, 'Method Not Allowed'));
      return;
    }
    const route = routeOf(engine, exchange);
    exchange.faults = engine.faults.matchFaults(route.place, route.keys);
    const intercepted = await interceptAnswer(engine, exchange, route.place);
    if (intercepted === 'silent') return;
    const answer = intercepted ?? (await route.handle());
    if (answer === null) return;
    await sendAnswer(exchange, serverHeader, damageJson(answer, exchange.faults));
  }
}
