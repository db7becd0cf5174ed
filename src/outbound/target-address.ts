import { AppError } from '../kernel/errors';
import type { Target } from './target-rules';

/** @throws AppError `outbound_refused` */
export function readAddress(address: string, from?: URL): URL {
  if (!URL.canParse(address, from?.href)) throw refused('the address is not a valid URL');
  const url = new URL(address, from);
  if (url.protocol === 'http:' || url.protocol === 'https:') return url;
  throw refused(`an address that begins with ${url.protocol} is not http or https`);
}

/** The address to which an answer redirects. @throws AppError `outbound_refused` */
export function redirectAddress(location: string, from: URL): URL {
  const next = readAddress(location, from);
  if (from.protocol !== 'https:' || next.protocol === 'https:') return next;
  throw refused(`${from.host} redirects from https to http`);
}

/** The host without brackets and final dot, and the port. */
export function targetOf({ protocol, hostname, port }: URL): Target {
  return {
    hostname: hostname.replace(/^\[|\]$/g, '').replace(/\.$/, ''),
    port: port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port),
  };
}

/** The header for the user and password in an address; empty if there are none. */
export function userOf({ username, password }: URL): string {
  if (username === '' && password === '') return '';
  const pair = `${decodeText(username)}:${decodeText(password)}`;
  return `Basic ${Buffer.from(pair).toString('base64')}`;
}

/** An unescaped `%` stands for itself. */
function decodeText(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function refused(detail: string): AppError {
  return new AppError('outbound_refused', detail);
}
