import { type IncomingHttpHeaders } from 'node:http';

/** Names under which a key is sometimes put into an address. */
const QUERY_NAMES = ['key', 'token', 'api_key', 'apikey', 'access_token'] as const;

const BEARER = /^bearer +(\S+) *$/i;

/**
 * The key a caller sends: `Authorization: Bearer KEY`, else `X-API-Key: KEY`. An `Authorization` of another scheme belongs to
 * a reverse proxy in front of us and is no key of ours.
 */
export function presentedKey(headers: IncomingHttpHeaders): string | null {
  const bearer = BEARER.exec(headers.authorization ?? '')?.[1];
  if (bearer !== undefined) return bearer;
  const header = headers['x-api-key'];
  const key = (Array.isArray(header) ? header.join(',') : (header ?? '')).trim();
  return key === '' ? null : key;
}

/**
 * True when the address itself carries a key: addresses end up in logs, histories and referrers. `ownName` is a parameter
 * of the address's own.
 */
export function hasKeyInQuery(url: string, ownName?: string): boolean {
  const start = url.indexOf('?');
  if (start === -1) return false;
  const names = [...new URLSearchParams(url.slice(start + 1)).keys()];
  return names.some(
    (name) => name !== ownName && (QUERY_NAMES as readonly string[]).includes(name.toLowerCase()),
  );
}
