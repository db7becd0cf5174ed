import { isIPv6 } from 'node:net';

/** The longest name of DNS, and room for a port. */
const MAX_LENGTH = 260;
const MAX_PORT = 65_535;

/**
 * A name as DNS, Docker and people have them (which includes IPv4 addresses), or an address in brackets, and a port. RFC 3986 allows
 * more in a name, such as quotes, commas and percent escapes. No real host has them, and programs that show our addresses may misread them.
 */
const HOST = /^(?:[\w-]+(?:\.[\w-]+)*\.?|\[([0-9a-f:.]+)\])(?::(\d{0,5}))?$/i;

/** True for a host with or without port as an address can have it. Everything else would be reflected in ours. */
export function isHostValue(text: string): boolean {
  const match = text.length <= MAX_LENGTH ? HOST.exec(text) : null;
  if (match === null) return false;
  const [, bracketed, port = ''] = match;
  return (bracketed === undefined || isIPv6(bracketed)) && Number(port) <= MAX_PORT;
}
