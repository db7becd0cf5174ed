import { RouteConfig } from '@nestjs/platform-fastify';
import { AppError } from '../kernel/errors';
import { type FastifyInstance, type FastifyRequest } from './fastify.types';

/** Types of the bodies that handlers with `@StreamedBody()` read themselves: lists and plain text. */
export const LIST_TYPES = [
  'audio/x-mpegurl',
  'audio/mpegurl',
  'application/x-mpegurl',
  'application/vnd.apple.mpegurl',
  'text/plain',
] as const;

interface StreamedRoute {
  readonly hasStreamedBody?: boolean;
}

/** Lets a handler take bodies of `LIST_TYPES`, which it reads with `streamedBody`. */
export function StreamedBody(): MethodDecorator {
  return RouteConfig({ hasStreamedBody: true } satisfies StreamedRoute);
}

export function registerStreamedBodies(fastify: FastifyInstance): void {
  fastify.addContentTypeParser([...LIST_TYPES], (request, _payload, done) => {
    const { hasStreamedBody = false } = request.routeOptions.config as StreamedRoute;
    if (hasStreamedBody) done(null);
    else done(new AppError('unsupported_media_type', 'The body must be application/json.'));
  });
}

/**
 * The body of a request while it arrives; null if it has another type. It must be read to its end, or the connection must
 * be closed.
 *
 * @throws AppError `invalid_request` if the client leaves before its end
 */
export function streamedBody(request: FastifyRequest): AsyncIterable<Buffer> | null {
  const type = (request.headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase();
  return LIST_TYPES.some((one) => one === type) ? read(request) : null;
}

async function* read({ raw }: FastifyRequest): AsyncGenerator<Buffer, void> {
  // Otherwise the connection would be closed before the client has the answer to a body that was not read to its end.
  const chunks = raw.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>;
  try {
    yield* chunks;
  } catch (error) {
    throw new AppError('invalid_request', 'The body is not complete.', { cause: error });
  }
}
