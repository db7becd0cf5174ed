import { randomUUID } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { clientAddress } from '../../http';
import { Viewer } from '../viewers';

const MAX_AGENT_LENGTH = 256;

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
