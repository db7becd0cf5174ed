import { type IncomingHttpHeaders } from 'node:http';

/** Parameter names under which clients sometimes send a key in a URL. */
const QUERY_NAMES = ['key', 'token', 'api_key', 'apikey', 'access_token'] as const;

const BEARER = /^bearer +(\S+) *$/i;

/**
 * The key that a request presents: `Authorization: Bearer KEY`, or else `X-API-Key: KEY`. An `Authorization` of
 * another scheme is meant for a reverse proxy in front of us and does not count as a key.
 */
export function presentedKey(headers: IncomingHttpHeaders): string | null {
  const bearer = BEARER.exec(headers.authorization ?? '')?.[1];
  if (bearer !== undefined) return bearer;
  const header = headers['x-api-key'];
  const key = (Array.isArray(header) ? header.join(',') : (header ?? '')).trim();
  return key === '' ? null : key;
}

/**
 * True if the URL contains a key, which it must not, because URLs end up in logs, histories and referrers. `ownName`
 * is a parameter that belongs to the handler.
 */
export function hasKeyInQuery(url: string, ownName?: string): boolean {
  const start = url.indexOf('?');
  if (start === -1) return false;
  const names = [...new URLSearchParams(url.slice(start + 1)).keys()];
  return names.some(
    (name) => name !== ownName && (QUERY_NAMES as readonly string[]).includes(name.toLowerCase()),
  );
}
