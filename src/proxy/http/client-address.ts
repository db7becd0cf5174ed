import type { FastifyRequest } from 'fastify';

const MAPPED_IPV4 = /^::ffff:(?=\d+\.)/i;

/** Who asks, with IPv4 written as IPv4. Believes X-Forwarded-For only from TRUSTED_PROXIES. */
export function clientAddress(request: FastifyRequest): string {
  // A connection that was reset before its request came up has no address any more, whatever the type says.
  const ip = request.ip as string | undefined;
  return (ip ?? '').replace(MAPPED_IPV4, '');
}
