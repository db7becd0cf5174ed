import { type Socket } from 'node:net';
import { AppError } from '../kernel/errors';
import { type OpenResponses } from './open-responses';
import { writeRawProblem } from './raw-problem';

/**
 * Handles requests that Node's parser refuses or that do not arrive in time, and answers them with a problem. A
 * connection on which part of a response was already sent is closed, because another response would corrupt that one.
 */
export function createClientErrorHandler(
  responses: OpenResponses,
): (error: NodeJS.ErrnoException, socket: Socket) => void {
  return (error, socket) => {
    if (responses.isHalfSent(socket) || !socket.writable || error.code === 'ECONNRESET')
      socket.destroy();
    // A refusal was already sent; a second one must not follow.
    else if (responses.isRefused(socket)) socket.destroySoon();
    else writeRawProblem(socket, toError(error.code));
  };
}

function toError(code: string | undefined): AppError {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return new AppError('header_too_large', 'The request line and header fields are too large.');
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new AppError('request_timeout', 'The request did not arrive completely in time.');
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return new AppError('payload_too_large', 'The chunk extensions are too large.');
    case undefined:
    default:
      return new AppError('invalid_request', 'This is not a valid HTTP request.');
  }
}
