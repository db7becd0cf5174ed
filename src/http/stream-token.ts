import { type FastifyRequest } from './fastify.types';
import { splitXtreamAddress } from './xtream-address';

/** The scheme and host of a request in absolute form, as clients of a forward proxy send it. */
const ORIGIN = /^https?:\/\/[^/?#]*/i;

const TOKEN_PATH = /^\/+t\/+([^/?#]*)(.*)$/is;

export interface TokenAddress {
  /** The token in the path, or the password in an address of Xtream Codes; null without one. */
  readonly token: string | null;
  /** The user name in an address of Xtream Codes, else null. */
  readonly username: string | null;
  /** The address without its origin, and without `/t/TOKEN` or the credentials. */
  readonly url: string;
}

/**
 * Splits an address with the secret of a user: `/t/TOKEN/…`, at which the user requests what is below `/`, or an
 * address of Xtream Codes.
 */
export function splitToken(url: string): TokenAddress {
  const local = url.replace(ORIGIN, '');
  const match = TOKEN_PATH.exec(local);
  if (match === null) {
    const xtream = splitXtreamAddress(local);
    if (xtream === null) return { token: null, username: null, url: local };
    return { token: xtream.password, username: xtream.username, url: xtream.url };
  }
  const [, token = '', rest = ''] = match;
  return { token, username: null, url: rest.startsWith('/') ? rest : `/${rest}` };
}

/** The token in the address of a request; null without one. The request's `url` does not contain it. */
export function streamTokenOf(request: Pick<FastifyRequest, 'originalUrl'>): string | null {
  return splitToken(request.originalUrl).token;
}

/** The same with the user name that Xtream Codes has beside it. */
export function streamCredentialsOf(
  request: Pick<FastifyRequest, 'originalUrl'>,
): Pick<TokenAddress, 'token' | 'username'> {
  return splitToken(request.originalUrl);
}
