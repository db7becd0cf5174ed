import { connect, type Socket } from 'node:net';
import { EngineServer } from './api/engine-server';
import { loadClip } from './media/clip';
import { ControlApi } from './control/control-api';
import { Engine } from './engine';
import { parseOptions } from './options';

/** Bytes of one connection, for specs: the received bytes, and waiting for more. */
export class RawConnection {
  data = Buffer.alloc(0);
  end: 'open' | 'clean' | 'reset' = 'open';
  private changed: () => void = () => undefined;

  constructor(readonly socket: Socket) {
    socket.on('data', (piece) => {
      this.data = Buffer.concat([this.data, piece]);
      this.changed();
    });
    // When a reset arrives while data wait to be read, libuv reports an end. Only a write tells them apart.
    socket.on('end', () => {
      socket.write('\n', (error) => {
        this.close(error ? 'reset' : 'clean');
        socket.destroy();
      });
    });
    socket.on('error', () => this.close('reset'));
  }

  /** Waits until `fact` holds. @throws after `timeoutMs`. */
  async until(fact: (connection: this) => boolean, timeoutMs = 5000): Promise<this> {
    const deadline = Date.now() + timeoutMs;
    while (!fact(this)) {
      const left = deadline - Date.now();
      if (left <= 0)
        throw new Error(`nothing happened after ${this.data.length} bytes: ${this.end}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        this.changed = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    return this;
  }

  get head(): string {
    return this.data.subarray(0, this.data.indexOf('\r\n\r\n')).toString('latin1');
  }

  get body(): Buffer {
    const at = this.data.indexOf('\r\n\r\n');
    return at < 0 ? Buffer.alloc(0) : this.data.subarray(at + 4);
  }

  get status(): number {
    return Number(/^HTTP\/1\.1 (\d+)/.exec(this.head)?.[1]);
  }

  get location(): string {
    return /^Location: (.*)$/m.exec(this.head)?.[1] ?? '';
  }

  json(): Record<string, unknown> {
    return JSON.parse(this.body.toString()) as Record<string, unknown>;
  }

  private close(end: 'clean' | 'reset'): void {
    if (this.end === 'open') this.end = end;
    this.changed();
  }
}

interface Started {
  readonly playback_url: string;
  readonly stat_url: string;
  readonly command_url: string;
  readonly infohash: string;
}

/** A whole engine in this process on its own port, for specs. */
export class SpecEngine {
  private readonly connections = new Set<RawConnection>();

  private constructor(
    readonly engine: Engine,
    readonly server: EngineServer,
    readonly control: ControlApi,
    readonly port: number,
    /** Exit codes of requested crashes. */
    readonly crashes: readonly number[],
  ) {}

  static async open(...flags: string[]): Promise<SpecEngine> {
    const crashes: number[] = [];
    const options = parseOptions(['--http-port', '0', '--start-delay', '0', ...flags], {});
    const engine = new Engine(options, loadClip(options.clip ?? undefined), (code) =>
      crashes.push(code),
    );
    const server = new EngineServer(engine);
    const port = await server.listen();
    return new SpecEngine(engine, server, new ControlApi(engine, server), port, crashes);
  }

  close(): void {
    for (const connection of this.connections) connection.socket.destroy();
    this.server.close();
    this.engine.close();
  }

  /** Sends one request; `target` may be an absolute address of this engine. */
  request(target: string, method = 'GET'): RawConnection {
    const path = target.replace(/^http:\/\/[^/]+/, '');
    const socket = connect({ port: this.port, host: '127.0.0.1', allowHalfOpen: true });
    socket.write(`${method} ${path} HTTP/1.1\r\nHost: 127.0.0.1:${this.port}\r\n\r\n`);
    const connection = new RawConnection(socket);
    this.connections.add(connection);
    return connection;
  }

  /** A complete answer. */
  get(target: string, method = 'GET'): Promise<RawConnection> {
    return this.request(target, method).until((one) => one.end !== 'open');
  }

  async start(query: string): Promise<Started> {
    const answer = await this.get(`/ace/getstream?format=json&${query}`);
    return answer.json()['response'] as Started;
  }

  /** Follows the playback address to the media. */
  async play(playbackUrl: string): Promise<RawConnection> {
    const answer = await this.get(playbackUrl);
    return this.request(answer.location);
  }

  fault(fault: Record<string, unknown>): void {
    this.engine.faults.add(fault);
  }
}
