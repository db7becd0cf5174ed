export { Edge, type EdgeConfig } from './edge';
export { type FastifyReply, type FastifyRequest } from './fastify.types';
