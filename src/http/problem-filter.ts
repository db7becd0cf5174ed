import { type ArgumentsHost, Catch, type ExceptionFilter, Logger } from '@nestjs/common';
import { AppError, type ErrorCode, toProblem } from '../kernel/errors';
import { type FastifyReply, type FastifyRequest } from './fastify.types';
import { problemHeaders } from './problem-headers';
import { toAppError } from './problem-mapping';
import { type RouteTable } from './route-table';
import { isStreamAddress } from './stream-address';

/**
 * Turns every error of a request handler into `application/problem+json`. A response that has begun cannot become an
 * error any more. Its connection is reset, so that the client does not take its end for a normal one.
 */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  private readonly logger = new Logger('Http');
  /** Called with the code of each error that is sent. */
  onSent: ((code: ErrorCode) => void) | null = null;

  constructor(private readonly routes: RouteTable) {}

  catch(thrown: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const reply = http.getResponse<FastifyReply>();
    if (request.is404) this.refuseAddress(request, reply);
    else this.answer(toAppError(thrown), request, reply);
  }

  /** Sends an error. Also used for errors from before a route was found, which never reach Nest's filters. */
  answer(error: AppError, request: FastifyRequest, reply: FastifyReply): void {
    if (error.code === 'internal_error') this.report(error, request);
    if (reply.sent || reply.raw.headersSent) {
      if (!reply.raw.writableFinished) reply.raw.socket?.resetAndDestroy();
      return;
    }
    this.onSent?.(error.code);
    void reply
      .removeHeader('Content-Length')
      .code(error.status)
      .headers(problemHeaders(error))
      // Players in browsers can read the problem of a failed stream only with this header; admin addresses never
      // send it.
      .headers(isStreamAddress(request.url) ? { 'Access-Control-Allow-Origin': '*' } : {})
      // Sent as bytes, because Fastify would add a charset to text, which this type does not have.
      .send(Buffer.from(JSON.stringify(toProblem(error, request.id))));
  }

  private refuseAddress(request: FastifyRequest, reply: FastifyReply): void {
    const { method, url } = request;
    const allowed = this.routes.otherMethods(method, url);
    if (allowed.length > 0) {
      void reply.header('Allow', allowed.join(', '));
      const detail = `${method} is not possible at this address.`;
      this.answer(new AppError('method_not_allowed', detail), request, reply);
    } else {
      this.answer(new AppError('not_found', 'There is nothing at this address.'), request, reply);
    }
  }

  private report(error: AppError, request: FastifyRequest): void {
    const { id, method, routeOptions } = request;
    this.logger.error(
      { err: error.cause ?? error, request_id: id, method, route: routeOptions.url },
      'a request failed unexpectedly',
    );
  }
}
