import { type ServerResponse, STATUS_CODES } from 'node:http';
import { type Socket } from 'node:net';
import { type AppError, toProblem } from '../kernel/errors';
import { problemHeaders } from './problem-headers';
import { newRequestId, REQUEST_ID_HEADER } from './request-id';

/**
 * Answers on a connection without a request object, because the parser refused the request. Then closes the
 * connection.
 */
export function writeRawProblem(socket: Socket, error: AppError): void {
  const requestId = newRequestId();
  const body = JSON.stringify(toProblem(error, requestId));
  const fields = Object.entries({
    ...problemHeaders(error),
    [REQUEST_ID_HEADER]: requestId,
    'Content-Length': String(Buffer.byteLength(body)),
    Connection: 'close',
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  const status = `HTTP/1.1 ${error.status} ${STATUS_CODES[error.status] ?? error.title}\r\n`;
  socket.write(`${status}${fields.join('')}\r\n${body}`);
  // Destroys the socket once the response has been sent, because a peer that never closes its side would keep it
  // open.
  socket.destroySoon();
}

/** Answers a request that never reaches the router. Then closes the connection. */
export function answerProblem(response: ServerResponse, error: AppError): void {
  const requestId = newRequestId();
  const body = JSON.stringify(toProblem(error, requestId));
  response.writeHead(error.status, {
    ...problemHeaders(error),
    [REQUEST_ID_HEADER]: requestId,
    'Content-Length': String(Buffer.byteLength(body)),
    Connection: 'close',
  });
  response.end(body);
}
