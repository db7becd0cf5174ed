import type { IncomingHttpHeaders } from 'node:http';
import { AppError } from '../../kernel/errors';

/** The parts of a request that tell which page sent it. */
export interface PageRequest {
  readonly headers: IncomingHttpHeaders;
  /** As a trusted proxy reports it, else as in the Host header. */
  readonly host: string;
}

/**
 * Refuses a request that a page of another origin may have sent: the browser adds the cookie to it, so the cookie does
 * not prove that the user wants it. Schemes are not compared, because a reverse proxy that is not in TRUSTED_PROXIES may
 * have ended TLS.
 *
 * @throws AppError `forbidden`
 */
export function requireSameOrigin({ headers, host }: PageRequest, publicUrl: string | null): void {
  if (headers['sec-fetch-site'] === 'same-origin') return;
  const origin = hostOf(headers.origin);
  const own = [host, headers.host, publicUrl === null ? null : hostOf(publicUrl)];
  if (origin !== null && own.includes(origin)) return;
  throw new AppError(
    'forbidden',
    'This request of a browser must come from a page of this server: its Origin is another one, or is missing.',
  );
}

/** True if the browser uses HTTPS, so that it accepts a cookie with `Secure`. The origin is what the browser sees. */
export function isSecurePage({ headers }: PageRequest, ownAddress: string): boolean {
  return (headers.origin ?? ownAddress).startsWith('https:');
}

function hostOf(address: string | undefined): string | null {
  return address !== undefined && URL.canParse(address) ? new URL(address).host : null;
}
