import { isIPv6 } from 'node:net';

/** The longest DNS name, plus a port. */
const MAX_LENGTH = 260;
const MAX_PORT = 65_535;

/**
 * A host and an optional port. The host is a name as in DNS, Docker and host names (which includes IPv4 addresses),
 * or an address in brackets. RFC 3986 allows more in a name, such as quotes, commas and percent escapes. No real host
 * has them, and programs that show our addresses may misread them.
 */
const HOST = /^(?:[\w-]+(?:\.[\w-]+)*\.?|\[([0-9a-f:.]+)\])(?::(\d{0,5}))?$/i;

/**
 * True for a host, with or without port, that is valid in a URL. The Host header is copied into the URLs of
 * responses, so other values are refused.
 */
export function isHostValue(text: string): boolean {
  const match = text.length <= MAX_LENGTH ? HOST.exec(text) : null;
  if (match === null) return false;
  const [, bracketed, port = ''] = match;
  return (bracketed === undefined || isIPv6(bracketed)) && Number(port) <= MAX_PORT;
}
