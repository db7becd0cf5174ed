import { randomUUID } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { streamCaller } from '../../access';
import { clientAddress } from '../../http';
import { Viewer } from '../viewers';

const MAX_AGENT_LENGTH = 256;

/** The `User-Agent` of the client, cut to 256 characters; empty without one. */
export function userAgentOf(request: FastifyRequest): string {
  return (request.headers['user-agent'] ?? '').slice(0, MAX_AGENT_LENGTH);
}

/** Identifies the device of a client, as far as that is possible: several may share an address and a User-Agent. */
export function deviceOf(request: FastifyRequest): string {
  return `${clientAddress(request)} ${userAgentOf(request)}`;
}

/** A viewer for the client of this request, which no stream counts yet. */
export function createViewer(request: FastifyRequest, device = deviceOf(request)): Viewer {
  return new Viewer({
    id: randomUUID(),
    ip: clientAddress(request),
    userAgent: userAgentOf(request),
    path: request.url.split('?', 1)[0] ?? '',
    user: streamCaller(request).user,
    device,
  });
}
