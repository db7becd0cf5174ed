import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { CORS_HEADERS } from '../../http';

/**
 * No length, entity tag, ICY field or range is sent: each of them would make some player treat the stream as a file.
 */
const STREAM_HEADERS = {
  'Content-Type': 'video/mp2t',
  'Accept-Ranges': 'none',
  'Cache-Control': 'no-store, no-transform',
  'X-Accel-Buffering': 'no',
  ...CORS_HEADERS,
  Connection: 'close',
} as const;

const KEEP_ALIVE_AFTER_MS = 15_000;

/**
 * The header with the seconds of media between the viewer's first packet and the live edge. No header if `behind` was
 * not requested, or if the stream has no clock.
 */
export function behindHeaders(reachedMs: number | null): Readonly<Record<string, string>> {
  return reachedMs === null ? {} : { 'X-Stream-Behind': (reachedMs / 1000).toFixed(1) };
}

/** Answers a HEAD request with the headers of a stream. */
export function sendStreamHead(
  response: ServerResponse,
  requestId: string,
  more: Readonly<Record<string, string>> = {},
): void {
  response.useChunkedEncodingByDefault = false;
  response.writeHead(200, { ...STREAM_HEADERS, ...more, 'X-Request-Id': requestId });
  response.end();
}

/**
 * Sends the head of a stream and returns the socket for its body, which is sent without chunked coding. Null if the
 * connection is closed. The reply must have been hijacked. Chunked coding must be switched off explicitly, because
 * `Connection: close` does not do that. `Connection: close` is needed as well: without it the response would promise
 * to keep the connection open after an endless body.
 */
export function openStreamResponse(
  response: ServerResponse,
  requestId: string,
  more: Readonly<Record<string, string>> = {},
): Socket | null {
  const { socket } = response;
  if (socket === null || socket.destroyed) return null;
  response.useChunkedEncodingByDefault = false;
  response.shouldKeepAlive = false;
  response.writeHead(200, { ...STREAM_HEADERS, ...more, 'X-Request-Id': requestId });
  response.flushHeaders();
  readyForMedia(socket);
  return socket;
}

/**
 * Prepares a connection for hours of media: no timeout of the server, and keep-alive probes that detect a dead peer.
 */
export function readyForMedia(socket: Socket): void {
  socket.setTimeout(0);
  socket.setNoDelay(true);
  socket.setKeepAlive(true, KEEP_ALIVE_AFTER_MS);
}
