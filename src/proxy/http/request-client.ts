import { randomUUID } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { Viewer } from '../viewers';

const MAX_AGENT_LENGTH = 256;
const MAPPED_IPV4 = /^::ffff:(?=\d+\.)/i;

/**
 * The address of the client; IPv4 addresses are always in IPv4 form. X-Forwarded-For is used only if a proxy in
 * TRUSTED_PROXIES sent it.
 */
export function clientAddress(request: FastifyRequest): string {
  // In spite of its type, it is undefined if the connection was reset before the request was handled.
  const ip = request.ip as string | undefined;
  return (ip ?? '').replace(MAPPED_IPV4, '');
}

/** The `User-Agent` of the client, cut to 256 characters; empty without one. */
export function userAgentOf(request: FastifyRequest): string {
  return (request.headers['user-agent'] ?? '').slice(0, MAX_AGENT_LENGTH);
}

/** A viewer for the client of this request, which no stream counts yet. */
export function createViewer(request: FastifyRequest): Viewer {
  return new Viewer({
    id: randomUUID(),
    ip: clientAddress(request),
    userAgent: userAgentOf(request),
    path: request.url.split('?', 1)[0] ?? '',
  });
}
