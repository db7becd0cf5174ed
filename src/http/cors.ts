import { type IncomingMessage, type ServerResponse } from 'node:http';
import { applyDecorators, Header } from '@nestjs/common';

/** Sent with every response with media or a playlist. */
export const CORS_HEADERS = {
  'Access-Control-Allow-Origin': '*',
  'Access-Control-Expose-Headers': 'X-Request-Id, Retry-After, X-Stream-Behind',
} as const;

/** Adds `CORS_HEADERS` to the response of a handler, and to the errors of its pipes. */
export function CorsHeaders(): MethodDecorator {
  return applyDecorators(
    ...Object.entries(CORS_HEADERS).map(([name, value]) => Header(name, value)),
  );
}

/** Answers the CORS preflight request of a browser. Every header is allowed, and ignored. */
export function sendCorsPreflight(
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
