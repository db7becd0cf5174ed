import { RouteConfig } from '@nestjs/platform-fastify';
import { AppError } from '../kernel/errors';
import { type FastifyInstance } from './fastify.types';

interface FormConfig {
  readonly acceptsForms?: boolean;
}

/** Lets a handler accept a body of the type `application/x-www-form-urlencoded`, which it gets as URLSearchParams. */
export function AcceptsForms(): MethodDecorator {
  const config: FormConfig = { acceptsForms: true };
  return RouteConfig(config);
}

/** Parses forms for those handlers only: a page of another site can send one without asking. */
export function registerFormBodies(fastify: FastifyInstance): void {
  fastify.addContentTypeParser<string>(
    'application/x-www-form-urlencoded',
    { parseAs: 'string' },
    (request, body, done) => {
      const { acceptsForms } = request.routeOptions.config as FormConfig;
      if (acceptsForms === true) done(null, new URLSearchParams(body));
      else done(new AppError('unsupported_media_type', 'The body must be application/json.'));
    },
  );
}
