import { randomUUID } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { Viewer } from '../viewers';

const MAX_AGENT_LENGTH = 256;
const MAPPED_IPV4 = /^::ffff:(?=\d+\.)/i;

/** Who asks, with IPv4 written as IPv4. Believes X-Forwarded-For only from TRUSTED_PROXIES. */
export function clientAddress(request: FastifyRequest): string {
  // A connection that was reset before its request came up has no address any more, whatever the type says.
  const ip = request.ip as string | undefined;
  return (ip ?? '').replace(MAPPED_IPV4, '');
}

/** What the caller calls itself, cut to a bearable length; empty when it does not. */
export function userAgentOf(request: FastifyRequest): string {
  return (request.headers['user-agent'] ?? '').slice(0, MAX_AGENT_LENGTH);
}

/** The caller as a viewer who is counted in nowhere yet. */
export function viewerOf(request: FastifyRequest): Viewer {
  return new Viewer({
    id: randomUUID(),
    ip: clientAddress(request),
    userAgent: userAgentOf(request),
    path: request.url.split('?', 1)[0] ?? '',
  });
}
