import { type FastifyRequest } from './fastify.types';

const MAPPED_IPV4 = /^::ffff:(?=\d+\.)/i;

/**
 * The address of the client; IPv4 addresses are always in IPv4 form. X-Forwarded-For is used only if a proxy in
 * TRUSTED_PROXIES sent it.
 */
export function clientAddress(request: Pick<FastifyRequest, 'ip'>): string {
  // In spite of its type, it is undefined if the connection was reset before the request was handled.
  const ip = request.ip as string | undefined;
  return (ip ?? '').replace(MAPPED_IPV4, '');
}
