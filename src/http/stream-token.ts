import { type FastifyRequest } from './fastify.types';

/** The scheme and host of a request in absolute form, as clients of a forward proxy send it. */
const ORIGIN = /^https?:\/\/[^/?#]*/i;

const TOKEN_PATH = /^\/+t\/+([^/?#]*)(.*)$/is;

export interface TokenAddress {
  /** The token in the path; null if the path does not begin with `/t/`. */
  readonly token: string | null;
  /** The address without its origin, and without `/t/TOKEN`. */
  readonly url: string;
}

/** Splits the address `/t/TOKEN/…`, at which a user of streams requests what is below `/`. */
export function splitToken(url: string): TokenAddress {
  const local = url.replace(ORIGIN, '');
  const match = TOKEN_PATH.exec(local);
  if (match === null) return { token: null, url: local };
  const [, token = '', rest = ''] = match;
  return { token, url: rest.startsWith('/') ? rest : `/${rest}` };
}

/** The token in the address of a request; null without one. The request's `url` does not contain it. */
export function streamTokenOf(request: Pick<FastifyRequest, 'originalUrl'>): string | null {
  return splitToken(request.originalUrl).token;
}
