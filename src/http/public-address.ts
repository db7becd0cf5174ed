import { type FastifyRequest } from './fastify.types';
import { isHostValue } from './host-value';

/** The parts of a request on which its public address depends. */
export type AddressedRequest = Pick<FastifyRequest, 'protocol' | 'host'> & {
  readonly headers: { readonly host?: string };
  readonly socket: { readonly localAddress?: string; readonly localPort?: number };
};

/**
 * The address of this server as the client of a request must use it, without a slash at its end: PUBLIC_URL, or else
 * the address that the request names. A trusted proxy may pass on an `X-Forwarded-*` header that its own client
 * wrote, so such a header is used only if it is well formed.
 */
export function publicAddress(request: AddressedRequest, publicUrl: string | null): string {
  if (publicUrl !== null) return publicUrl;
  const protocol = request.protocol === 'https' ? 'https' : 'http';
  const named = [request.host, request.headers.host ?? ''].find(isHostValue);
  return `${protocol}://${named ?? socketAddress(request)}`;
}

/** The address for requests without a host, which only HTTP/1.0 allows. */
function socketAddress({
  socket: { localAddress = 'localhost', localPort },
}: AddressedRequest): string {
  const address = localAddress.replace(/^::ffff:(?=\d+\.)/i, '');
  const host = address.includes(':') ? `[${address.replace(/%.*$/, '')}]` : address;
  return localPort === undefined ? host : `${host}:${localPort}`;
}
