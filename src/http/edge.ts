import { type ServerOptions } from 'node:http';
import { Logger } from '@nestjs/common';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { type AppConfig } from '../config';
import { type ErrorCode } from '../kernel/errors';
import { ConnectionLimit, connectionLimit, connectionsBeyond } from './connection-limit';
import { ANSWER_STALL_MS } from './edge-timings';
import {
  type FastifyInstance,
  type FastifyReply,
  type FastifyServerOptions,
} from './fastify.types';
import { createHttpServer } from './http-server-factory';
import { registerFormBodies } from './form-body-parser';
import { registerJsonBodies } from './json-body-parser';
import { ProblemFilter } from './problem-filter';
import { toAppError } from './problem-mapping';
import { newRequestId, REQUEST_ID_HEADER } from './request-id';
import { logWhenDone } from './request-log';
import { RouteTable } from './route-table';
import { registerSecurityHeaders } from './security-headers';
import { routedAddress } from './stream-address';
import { streamTokenOf } from './stream-token';
import { registerStreamedBodies } from './streamed-body';
import { createValidationPipe } from './validation-pipe';

const MAX_BODY_BYTES = 128 * 1024;

/** Maximum length of a path parameter. Ids are far shorter; longer text is refused with a proper answer. */
const MAX_PARAMETER_LENGTH = 512;

export type EdgeConfig = Pick<
  AppConfig,
  'proxyMaxClients' | 'proxyMaxSessions' | 'trustedProxies' | 'logLevel'
>;

export interface EdgeOptions {
  /** Maximum number of open files of this process; null if unknown. */
  readonly descriptorLimit?: number | null;
  /** Other time limits of a connection, for tests that cannot wait for the usual ones. */
  readonly connection?: ServerOptions;
  readonly answerStallMs?: number;
}

/** Handles what all addresses have in common: how requests arrive, and how errors are returned. */
export class Edge {
  readonly adapter: FastifyAdapter;
  private readonly routes = new RouteTable();
  private readonly filter = new ProblemFilter(this.routes);
  private readonly logger = new Logger('Http');
  readonly connections: ConnectionLimit;

  private readonly answerStallMs: number;

  constructor(
    private readonly config: EdgeConfig,
    options: EdgeOptions = {},
  ) {
    const { descriptorLimit = null, connection, answerStallMs = ANSWER_STALL_MS } = options;
    this.answerStallMs = answerStallMs;
    this.connections = new ConnectionLimit(
      () => connectionLimit(config, descriptorLimit),
      (line) => this.logger.warn(line),
      connectionsBeyond(descriptorLimit),
    );
    this.adapter = new FastifyAdapter(this.options(config, connection));
  }

  /** Calls `listener` with the code of each error that a request handler or the router answers with. */
  onProblem(listener: (code: ErrorCode) => void): void {
    this.filter.onSent = listener;
  }

  /** Prepares the application. Call it before `init` or `listen`, which freeze Fastify's hooks and parsers. */
  async configure(app: NestFastifyApplication): Promise<void> {
    const fastify: FastifyInstance = app.getHttpAdapter().getInstance();
    fastify.addHook('onRoute', (route) => this.routes.add(route));
    // For responses that are sent as a whole. Streams and segments are hijacked and have their own limits for paused
    // viewers.
    fastify.addHook('onSend', (request, reply, _payload, done) => {
      if (streamTokenOf(request) !== null) keepPrivate(reply);
      // The server destroys a connection that times out. The time begins again with the connection's next request.
      reply.raw.socket?.setTimeout(this.answerStallMs);
      done();
    });
    fastify.addHook('onRequest', (request, reply, done) => {
      // Set on the raw response, so that hijacked replies have it too.
      reply.raw.setHeader(REQUEST_ID_HEADER, request.id);
      if (streamTokenOf(request) !== null) {
        // The address is a secret, so a page or a playlist must not pass it on to other servers.
        reply.raw.setHeader('Referrer-Policy', 'no-referrer');
      }
      const { logLevel } = this.config;
      if (logLevel === 'debug' || logLevel === 'trace') logWhenDone(request, reply, this.logger);
      done();
    });
    registerJsonBodies(fastify);
    registerStreamedBodies(fastify);
    registerFormBodies(fastify);
    await registerSecurityHeaders(app);
    app.useGlobalPipes(createValidationPipe());
    app.useGlobalFilters(this.filter);
  }

  private options(config: EdgeConfig, connection?: ServerOptions): FastifyServerOptions {
    return {
      serverFactory: (handler) =>
        createHttpServer(handler, { connections: this.connections, connection }),
      // The server answers errors of the parser itself, so an answer of Fastify would be a second response.
      clientErrorHandler: () => undefined,
      frameworkErrors: (error, request, reply) => {
        reply.raw.setHeader(REQUEST_ID_HEADER, request.id);
        this.filter.answer(toAppError(error), request, reply);
      },
      genReqId: newRequestId,
      logger: false,
      bodyLimit: MAX_BODY_BYTES,
      rewriteUrl: ({ url = '/' }) => routedAddress(url),
      routerOptions: { maxParamLength: MAX_PARAMETER_LENGTH },
      onProtoPoisoning: 'error',
      onConstructorPoisoning: 'error',
      trustProxy: config.trustedProxies.length > 0 ? [...config.trustedProxies] : false,
      // While the process shuts down, the handlers themselves answer requests with a problem that explains it.
      return503OnClosing: false,
      forceCloseConnections: true,
    };
  }
}

/** An answer to a user contains addresses with the user's token, so no cache that others share may keep it. */
function keepPrivate(reply: FastifyReply): void {
  const present = String(reply.getHeader('Cache-Control') ?? '');
  if (!present.includes('no-store')) void reply.header('Cache-Control', 'private, no-store');
}
