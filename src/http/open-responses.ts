import { type ServerResponse } from 'node:http';
import { type Socket } from 'node:net';

interface Begun {
  readonly response: ServerResponse;
  /** Bytes that had come in when the request was complete enough to be handled. */
  readonly bytesRead: number;
}

/** What was begun on each connection, as far as it matters to what comes next on it. Entries go with their sockets. */
export class OpenResponses {
  private readonly latest = new WeakMap<Socket, Begun>();
  private readonly refused = new WeakSet<Socket>();

  begin(socket: Socket, response: ServerResponse): void {
    this.latest.set(socket, { response, bytesRead: socket.bytesRead });
  }

  /**
   * True while the latest response is not finished, and for requests that came in the same packet as the
   * latest one: it may have been answered at once, but its sender did not wait for that.
   */
  isBusy(socket: Socket): boolean {
    const begun = this.latest.get(socket);
    if (begun === undefined) return false;
    return !begun.response.writableFinished || begun.bytesRead === socket.bytesRead;
  }

  /** True when part of the latest response may have left already, and more is to follow. */
  isHalfSent(socket: Socket): boolean {
    const response = this.latest.get(socket)?.response;
    return response !== undefined && response.headersSent && !response.writableFinished;
  }

  /** True once a request on this connection was refused: it closes, and nothing on it counts any more. */
  isRefused(socket: Socket): boolean {
    return this.refused.has(socket);
  }

  refuse(socket: Socket): void {
    this.refused.add(socket);
  }
}
