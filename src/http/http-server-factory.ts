import {
  createServer,
  type IncomingMessage,
  type Server,
  type ServerOptions,
  type ServerResponse,
} from 'node:http';
import { type Socket } from 'node:net';
import { AppError } from '../kernel/errors';
import * as timings from './edge-timings';
import { isHostValue } from './host-value';
import { type ConnectionLimit } from './connection-limit';
import { OpenResponses } from './open-responses';
import { createClientErrorHandler } from './client-error-handler';
import { answerProblem, writeRawProblem } from './raw-problem';
import { isStreamAddress, routedAddress } from './stream-address';

const MAX_HEADER_BYTES = 16 * 1024;
const MAX_HEADER_FIELDS = 100;
const SOCKET_HIGH_WATER_MARK = 256 * 1024;

export type RequestHandler = (request: IncomingMessage, response: ServerResponse) => void;

/**
 * Limits of a connection. All are set explicitly, because a framework between us and Node may set its own, and 0
 * would mean no limit.
 */
export const CONNECTION_OPTIONS: ServerOptions = {
  headersTimeout: timings.HEADERS_TIMEOUT_MS,
  requestTimeout: timings.REQUEST_TIMEOUT_MS,
  connectionsCheckingInterval: timings.TIMEOUT_CHECK_INTERVAL_MS,
  keepAliveTimeout: timings.KEEP_ALIVE_TIMEOUT_MS,
  maxHeaderSize: MAX_HEADER_BYTES,
  insecureHTTPParser: false,
  // Node answers a missing Host with an empty body; the check below answers with a problem.
  requireHostHeader: false,
  noDelay: true,
  // Larger than one batch of a stream, so that a write that the kernel accepts at once completes immediately. With
  // a smaller value, Node would emit `drain` after every batch for every viewer (measured: some 5 % of the CPU time
  // of the fan-out).
  highWaterMark: SOCKET_HIGH_WATER_MARK,
  keepAlive: true,
  keepAliveInitialDelay: timings.TCP_KEEP_ALIVE_DELAY_MS,
};

export interface EdgeServerOptions {
  readonly connections: ConnectionLimit;
  /** Other limits, for tests that cannot wait as long as a slow caller may take. */
  readonly connection?: ServerOptions;
}

/**
 * Creates the HTTP server in front of the framework. It refuses requests that must never reach a handler: ambiguous
 * requests, and second requests sent before the first was answered. No known client pipelines requests, but request
 * smuggling does so: the hidden request follows another one (RFC 9112 §11.2).
 */
export function createHttpServer(handler: RequestHandler, options: EdgeServerOptions): Server {
  const { connections } = options;
  const responses = new OpenResponses();
  const admit = (
    request: IncomingMessage,
    response: ServerResponse,
    next: RequestHandler,
  ): void => {
    const { socket } = request;
    // The parser also delivers what follows a refused request. The refusal is already being sent, and then the
    // connection ends.
    if (responses.isRefused(socket)) return;
    if (responses.isBusy(socket)) {
      socket.destroy();
      return;
    }
    responses.begin(socket, response);
    connections.begin(request, response);
    next(request, response);
  };
  const refuse = ({ socket }: IncomingMessage, response: ServerResponse, error: AppError): void => {
    responses.refuse(socket);
    answerProblem(response, error);
  };
  /**
   * Handles a request. On a connection beyond the limit only one is answered: normally if it may come from an
   * operator or a supervisor, with 503 if it is for a stream.
   */
  const handle = (request: IncomingMessage, response: ServerResponse): void => {
    if (connections.admitRequest(request.socket)) {
      handler(request, response);
    } else if (isStreamAddress(routedAddress(request.url ?? ''))) {
      connections.count('refused');
      response.setHeader('Access-Control-Allow-Origin', '*');
      const detail = 'Every connection that can be served has a request in progress.';
      refuse(request, response, new AppError('too_many_connections', detail));
    } else {
      response.shouldKeepAlive = false;
      handler(request, response);
    }
  };

  const server = createServer(
    { ...CONNECTION_OPTIONS, ...options.connection },
    (incoming, outgoing) => {
      admit(incoming, outgoing, (request, response) => {
        const fault = findFault(request);
        if (fault === null) handle(request, response);
        else refuse(request, response, fault);
      });
    },
  );
  // Reading the address once makes Node keep it. Otherwise it would be missing when the request of a closed
  // connection is handled, and reading it would fail. If it is missing now, the connection is already closed.
  server.on('connection', (socket: Socket) => {
    if (socket.remoteAddress === undefined) socket.destroy();
    else connections.accept(socket);
  });
  server.on('close', () => connections.stop());
  server.on('clientError', createClientErrorHandler(responses));
  server.on('checkExpectation', (incoming: IncomingMessage, outgoing: ServerResponse) => {
    admit(incoming, outgoing, (request, response) => {
      const detail = 'This expectation is not supported.';
      refuse(request, response, new AppError('invalid_request', detail));
    });
  });
  server.on('connect', (_request: IncomingMessage, socket: Socket) => {
    if (responses.isBusy(socket)) socket.destroy();
    else
      writeRawProblem(socket, new AppError('method_not_allowed', 'This is not a forward proxy.'));
  });
  return server;
}

function findFault(request: IncomingMessage): AppError | null {
  const names = request.rawHeaders.filter((_, index) => index % 2 === 0);
  if (names.length > MAX_HEADER_FIELDS) {
    return new AppError('header_too_large', `More than ${MAX_HEADER_FIELDS} header fields.`);
  }
  const hosts = names.filter((name) => name.toLowerCase() === 'host').length;
  const required = request.httpVersion === '1.1' ? 1 : 0;
  if (hosts > 1 || hosts < required) {
    return new AppError('invalid_request', 'A request has exactly one Host header field.');
  }
  const { host } = request.headers;
  if (host !== undefined && !isHostValue(host)) {
    return new AppError(
      'invalid_request',
      'The Host header field is not a host with an optional port.',
    );
  }
  return null;
}
