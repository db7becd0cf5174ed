import { type ServerResponse } from 'node:http';
import { type Socket } from 'node:net';

interface Begun {
  readonly response: ServerResponse;
  /** Number of bytes that the connection had received when the request was passed to its handler. */
  readonly bytesRead: number;
}

/**
 * The latest response of each connection, which decides what happens to the next request. Entries disappear with
 * their sockets.
 */
export class OpenResponses {
  private readonly latest = new WeakMap<Socket, Begun>();
  private readonly refused = new WeakSet<Socket>();

  begin(socket: Socket, response: ServerResponse): void {
    this.latest.set(socket, { response, bytesRead: socket.bytesRead });
  }

  /**
   * True while the latest response is not finished. Also true for a request that arrived in the same packet as the
   * latest one: its sender did not wait for the response, even if that was sent at once.
   */
  isBusy(socket: Socket): boolean {
    const begun = this.latest.get(socket);
    if (begun === undefined) return false;
    return !begun.response.writableFinished || begun.bytesRead === socket.bytesRead;
  }

  /** True if part of the latest response may have been sent already, and more of it will follow. */
  isHalfSent(socket: Socket): boolean {
    const response = this.latest.get(socket)?.response;
    return response !== undefined && response.headersSent && !response.writableFinished;
  }

  /** True once a request on this connection was refused: the connection closes, and later data are ignored. */
  isRefused(socket: Socket): boolean {
    return this.refused.has(socket);
  }

  refuse(socket: Socket): void {
    this.refused.add(socket);
  }
}
