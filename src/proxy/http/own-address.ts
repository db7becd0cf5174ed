import type { FastifyRequest } from 'fastify';
import { isHostValue } from '../../http';

/** What this module reads of a request. */
export type AddressedRequest = Pick<FastifyRequest, 'protocol' | 'host'> & {
  readonly headers: { readonly host?: string };
  readonly socket: { readonly localAddress?: string; readonly localPort?: number };
};

/**
 * The address under which the caller reaches us, without a slash at its end: `PUBLIC_URL`, else what the request says. A
 * trusted proxy may pass on an `X-Forwarded-*` header that its own caller wrote, so these are used only when they are well formed.
 */
export function ownAddress(request: AddressedRequest, publicUrl: string | null): string {
  if (publicUrl !== null) return publicUrl;
  const protocol = request.protocol === 'https' ? 'https' : 'http';
  const named = [request.host, request.headers.host ?? ''].find(isHostValue);
  return `${protocol}://${named ?? socketAddress(request)}`;
}

/** Only a request of HTTP/1.0 names no host. */
function socketAddress({
  socket: { localAddress = 'localhost', localPort },
}: AddressedRequest): string {
  const address = localAddress.replace(/^::ffff:(?=\d+\.)/i, '');
  const host = address.includes(':') ? `[${address.replace(/%.*$/, '')}]` : address;
  return localPort === undefined ? host : `${host}:${localPort}`;
}
