import { type ServerResponse } from 'node:http';
import { type Socket } from 'node:net';

interface Begun {
  readonly response: ServerResponse;
  /** Number of bytes received when the request was handed to its handler. */
  readonly bytesRead: number;
}

/**
 * The latest response of each connection, as far as the next request depends on it. Entries disappear with their
 * sockets.
 */
export class OpenResponses {
  private readonly latest = new WeakMap<Socket, Begun>();
  private readonly refused = new WeakSet<Socket>();

  begin(socket: Socket, response: ServerResponse): void {
    this.latest.set(socket, { response, bytesRead: socket.bytesRead });
  }

  /**
   * True while the latest response is not finished, and for requests that arrived in the same packet as the latest
   * one: that one may have been answered at once, but its sender did not wait for the response.
   */
  isBusy(socket: Socket): boolean {
    const begun = this.latest.get(socket);
    if (begun === undefined) return false;
    return !begun.response.writableFinished || begun.bytesRead === socket.bytesRead;
  }

  /** True if part of the latest response may have been sent already, and more will follow. */
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
