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

/** The parts of a request that may contain the secret of a user. */
export type RequestWithSecret = Pick<FastifyRequest, 'originalUrl'> & { readonly body?: unknown };

/**
 * The secret of a user in a request, with the user name that Xtream Codes has beside it. It is in the address, which the
 * request's `url` shows without it, or in a form.
 */
export function streamCredentialsOf({
  originalUrl,
  body,
}: RequestWithSecret): Pick<TokenAddress, 'token' | 'username'> {
  const inAddress = splitToken(originalUrl);
  if (inAddress.token !== null || !(body instanceof URLSearchParams)) return inAddress;
  const [username, token] = [body.get('username'), body.get('password')];
  return username === null ? { token: null, username } : { token, username };
}

/** The secret of a user in a request; null without one. */
export function streamTokenOf(request: RequestWithSecret): string | null {
  return streamCredentialsOf(request).token;
}
