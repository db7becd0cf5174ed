export { ALIAS_ANSWER, AliasAnswer, type AliasSchemas, API_PREFIX } from './alias-answer';
export { ApiProblems, PROBLEM_CODES } from './api-problems';
export { addressGroup } from './address-group';
export { type ConnectionLimit, connectionLimit, type ConnectionNeeds } from './connection-limit';
export { Edge, type EdgeConfig } from './edge';
export { isHostValue } from './host-value';
export { type FastifyReply, type FastifyRequest } from './fastify.types';
