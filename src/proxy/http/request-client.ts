import { randomUUID } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { streamCaller } from '../../access';
import { addressGroup, clientAddress } from '../../http';
import { Viewer, type ViewerIdentity } from '../viewers';

const MAX_AGENT_LENGTH = 256;

/** The `User-Agent` of the client, cut to 256 characters; empty without one. */
export function userAgentOf(request: FastifyRequest): string {
  return (request.headers['user-agent'] ?? '').slice(0, MAX_AGENT_LENGTH);
}

/** Identifies the device of a client, as far as that is possible: several may share an address and a User-Agent. */
export function deviceOf(request: FastifyRequest): string {
  return deviceName({ ip: clientAddress(request), userAgent: userAgentOf(request) });
}

/** The device of a client with this address and User-Agent. */
export function deviceName({ ip, userAgent }: Pick<ViewerIdentity, 'ip' | 'userAgent'>): string {
  return `${ip} ${userAgent}`;
}

/** True if the request comes from `ip`, or from the IPv6 network that it belongs to. */
export function isSameAddress(ip: string, request: FastifyRequest): boolean {
  return addressGroup(clientAddress(request)) === addressGroup(ip);
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
