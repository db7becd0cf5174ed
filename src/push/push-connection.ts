import type { ServerResponse } from 'node:http';
import type { PresentedApiKey } from '../access';
import type { PushView } from './push-topic';

/** A client with more unsent bytes is disconnected. Its first messages do not count until they are sent. */
export const MAX_BACKLOG_BYTES = 256 * 1024;

/** Pings after which a client that has taken nothing since is disconnected. */
const MAX_SILENT_PINGS = 2;

const HEADERS = {
  'Content-Type': 'text/event-stream; charset=utf-8',
  'Cache-Control': 'no-store, no-transform',
  'X-Accel-Buffering': 'no',
  Connection: 'close',
} as const;

/** Sends the head of an event stream. */
export function sendHead(response: ServerResponse): void {
  response.shouldKeepAlive = false;
  response.writeHead(200, HEADERS);
}

/** One client that follows the event stream. */
export class PushConnection {
  private unsentAtFirst = 0;
  private silentPings = 0;
  private takenBytes = 0;

  constructor(
    private readonly response: ServerResponse,
    readonly key: PresentedApiKey,
    readonly address: string,
    readonly view: PushView,
  ) {}

  /** Begins the response. `onClosed` is called once, whoever ends the connection. */
  open(first: string, onClosed: () => void): void {
    const { response } = this;
    response.once('close', onClosed);
    response.on('error', () => undefined);
    response.socket?.setTimeout(0);
    response.socket?.setNoDelay(true);
    response.socket?.setKeepAlive(true, 15_000);
    sendHead(response);
    this.unsentAtFirst = Buffer.byteLength(first);
    response.write(first, () => (this.unsentAtFirst = 0));
  }

  /** True while the kernel has not accepted everything. Ticks are then left out. */
  get isBehind(): boolean {
    return this.response.writableLength > 0;
  }

  send(messages: Buffer): void {
    this.response.write(messages);
    const limit = MAX_BACKLOG_BYTES + this.unsentAtFirst;
    if (this.response.writableLength > limit) this.response.destroy();
  }

  /** Ends a connection whose client has stopped to read without closing it. */
  ping(ping: Buffer): void {
    const { socket, writableLength } = this.response;
    const takenBytes = (socket?.bytesWritten ?? 0) - writableLength;
    const isSilent = writableLength > 0 && takenBytes === this.takenBytes;
    this.takenBytes = takenBytes;
    this.silentPings = isSilent ? this.silentPings + 1 : 0;
    if (this.silentPings >= MAX_SILENT_PINGS) this.response.destroy();
    else this.send(ping);
  }

  /** Ends the response. A client that does not read is disconnected. */
  end(): void {
    if (this.isBehind) this.response.destroy();
    else this.response.end();
  }
}
