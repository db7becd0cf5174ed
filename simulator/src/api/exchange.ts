import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { RequestFaults } from '../faults/fault-book';

/** One request and its connection. */
export class Exchange {
  readonly path: string;
  readonly parameters: URLSearchParams;
  readonly socket: Socket;
  /** Aborted when the client has disconnected. */
  readonly gone: AbortSignal;
  /** The faults that apply to this request; set when its place and content are known. */
  faults = new RequestFaults([]);

  /** @param body of a request that has one; read completely */
  constructor(
    readonly request: IncomingMessage,
    readonly body = '',
  ) {
    this.socket = request.socket;
    const target = new URL(request.url ?? '/', 'http://engine');
    this.path = target.pathname;
    this.parameters = target.searchParams;
    const hangUp = new AbortController();
    this.gone = hangUp.signal;
    this.socket.once('close', () => hangUp.abort());
  }

  get remoteAddress(): string {
    return (this.socket.remoteAddress ?? '').replace(/^::ffff:/, '');
  }

  /** The player id: `pid`, its old name `sid`, or the client's address. */
  get playerId(): string {
    return this.parameters.get('pid') ?? this.parameters.get('sid') ?? this.remoteAddress;
  }

  /**
   * Creates a URL of this engine like a real engine: from the request's `Host`. Faults replace its host or port, or
   * omit both.
   */
  address(path: string): string {
    if (this.faults.has('relative_url')) return path;
    const own = this.request.headers.host ?? `127.0.0.1:${this.socket.localPort ?? 0}`;
    const foreign = this.faults.get('foreign_host')?.text('host', 'engine.invalid:6878');
    const port = this.faults.get('wrong_port')?.number('port', 1);
    const host = foreign ?? (port === undefined ? own : `${own.replace(/:\d+$/, '')}:${port}`);
    return `http://${host}${path}`;
  }

  /** Waits; ends early, without error, if the client has disconnected. */
  async wait(ms: number): Promise<void> {
    try {
      await delay(ms, undefined, { signal: this.gone });
    } catch {
      return;
    }
  }
}
