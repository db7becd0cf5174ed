import { EngineFault } from './ace.types';
import { quoteEngine } from './engine-fault-table';

/** The paths under which an engine serves playback, statistics and commands. No other path is requested. */
const ALLOWED_PREFIX = /^\/(?:ace|content|hls)\//;
const MAX_ADDRESS_LENGTH = 2048;
const PRINTABLE_ASCII = /^[\x21-\x7e]+$/;
const USER_INFO = /\/\/[^/?#]*@/;
const DOUBLE_DOT_SEGMENT = /(?:^|\/)(?:\.|%2e){2}(?:\/|$)/i;
/**
 * Percent-encoded dots, slashes, backslashes, percent signs and control characters. A server that decodes the path
 * first would see another path.
 */
const ENCODED_PATH_SYNTAX = /%(?:2e|2f|5c|25|7f|[01][0-9a-f])/i;

/**
 * Turns an address that an engine sent into a request target on that engine. Scheme, host and port are dropped,
 * because they are often unreachable from another container, and because an engine must not be able to redirect us to
 * another host.
 *
 * @param address absolute `http:` URL, or relative to `base`
 * @param base request target of the answer that contained the address
 * @returns path and query, the path under `/ace/`, `/content/` or `/hls/`, printable ASCII only
 * @throws EngineFault `engine`/`foreign_address` for everything else
 */
export function engineTarget(address: string, base = '/ace/'): string {
  if (
    address.length > MAX_ADDRESS_LENGTH ||
    !PRINTABLE_ASCII.test(address) ||
    address.includes('\\') ||
    USER_INFO.test(address) ||
    DOUBLE_DOT_SEGMENT.test(withoutQuery(address))
  ) {
    throw foreignAddress(address);
  }
  const url = resolve(address, base);
  if (
    url.protocol !== 'http:' ||
    url.username !== '' ||
    url.password !== '' ||
    !ALLOWED_PREFIX.test(url.pathname) ||
    ENCODED_PATH_SYNTAX.test(url.pathname)
  ) {
    throw foreignAddress(address);
  }
  return url.pathname + url.search;
}

/** Returns the target with one more query parameter; `parameter` is `name=value`, already encoded. */
export function withParameter(target: string, parameter: string): string {
  return `${target}${target.includes('?') ? '&' : '?'}${parameter}`;
}

function resolve(address: string, base: string): URL {
  try {
    return new URL(address, `http://engine.invalid${base}`);
  } catch (cause) {
    throw foreignAddress(address, cause);
  }
}

function withoutQuery(address: string): string {
  return address.split(/[?#]/, 1)[0] ?? '';
}

function foreignAddress(address: string, cause?: unknown): EngineFault {
  return new EngineFault('engine', 'foreign_address', quoteEngine(address), { cause });
}
