export { Edge, type EdgeConfig } from './edge';
export { isHostValue } from './host-value';
export { type FastifyReply, type FastifyRequest } from './fastify.types';
