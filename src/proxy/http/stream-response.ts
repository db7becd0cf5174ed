import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/**
 * What every answer of the streaming addresses carries. No length, no entity tag, no ICY, no ranges: each
 * of them makes some player believe that it reads a file (reference: players, what breaks whom).
 */
export const CORS_HEADERS = {
  'Access-Control-Allow-Origin': '*',
  'Access-Control-Expose-Headers': 'X-Request-Id, Retry-After, X-Stream-Behind',
} as const;

const STREAM_HEADERS = {
  'Content-Type': 'video/mp2t',
  'Accept-Ranges': 'none',
  'Cache-Control': 'no-store, no-transform',
  'X-Accel-Buffering': 'no',
  ...CORS_HEADERS,
  Connection: 'close',
} as const;

const KEEP_ALIVE_AFTER_MS = 15_000;

/** Answers HEAD: the headers of a stream, and nothing else happens. */
export function sendStreamHead(
  response: ServerResponse,
  requestId: string,
  more: Readonly<Record<string, string>> = {},
): void {
  response.useChunkedEncodingByDefault = false;
  response.writeHead(200, { ...STREAM_HEADERS, ...more, 'X-Request-Id': requestId });
  response.end();
}

/** Answers a browser's CORS preflight: whatever it wants to send is let through, and ignored. */
export function sendPreflight(
  request: IncomingMessage,
  response: ServerResponse,
  requestId: string,
): void {
  response.writeHead(204, {
    ...CORS_HEADERS,
    'Access-Control-Allow-Methods': 'GET, HEAD, OPTIONS',
    'Access-Control-Allow-Headers':
      request.headers['access-control-request-headers'] ?? 'Authorization, Range, Content-Type',
    'Access-Control-Max-Age': '86400',
    'X-Request-Id': requestId,
  });
  response.end();
}

/**
 * Sends the head of a stream and returns the socket for its unframed body. `Connection: close` alone still
 * gives chunked coding, and removing chunked coding without `close` promises keep-alive on an endless body.
 * The reply must have been hijacked. Null when the viewer's connection is gone.
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

/** Makes a connection one that may last for hours: no time limit of the server's, and the kernel looks for a dead peer. */
export function readyForMedia(socket: Socket): void {
  socket.setTimeout(0);
  socket.setNoDelay(true);
  socket.setKeepAlive(true, KEEP_ALIVE_AFTER_MS);
}
