/**
 * Fastify's types, from the copy that the Nest adapter brings: it pins the version, so Fastify itself is no dependency of ours.
 */
export type {
  FastifyInstance,
  FastifyReply,
  FastifyRequest,
  FastifyServerOptions,
  RouteOptions,
} from 'fastify';
