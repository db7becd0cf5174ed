/**
 * Fastify's types, from the copy of Fastify that the Nest adapter installs. The adapter pins its version, so the
 * product does not depend on Fastify directly.
 */
export type {
  FastifyInstance,
  FastifyReply,
  FastifyRequest,
  FastifyServerOptions,
  RouteOptions,
} from 'fastify';
