import { isIP } from 'node:net';
import {
  formatDuration,
  formatSize,
  parseDurationMs,
  parseRateBps,
  parseSizeBytes,
} from '../kernel/units';
import { usableMemoryBytes } from './machine';
import { type ValueType } from './setting';

/** Whole milliseconds within bounds; the bounds are given as text (`50ms`, `1h`). */
export function duration(min: string, max: string): ValueType<number> {
  const [minMs, maxMs] = [mustRead(parseDurationMs(min)), mustRead(parseDurationMs(max))];
  return {
    allowed: `a duration from ${formatDuration(minMs)} to ${formatDuration(maxMs)}, such as 500ms, 10s or 2m (a bare number is seconds)`,
    parse: (text) => within(parseDurationMs(text), minMs, maxMs),
  };
}

/** Whole milliseconds within bounds, or 0. */
export function durationOrNone(min: string, max: string): ValueType<number> {
  const bounded = duration(min, max);
  return {
    allowed: `${bounded.allowed}, or 0`,
    parse: (text, machine) => (parseDurationMs(text) === 0 ? 0 : bounded.parse(text, machine)),
  };
}

/** Whole bytes within bounds. */
export function size(min: string, max: string): ValueType<number> {
  const [minBytes, maxBytes] = [mustRead(parseSizeBytes(min)), mustRead(parseSizeBytes(max))];
  return {
    allowed: `a size from ${formatSize(minBytes)} to ${formatSize(maxBytes)}, such as 32MiB or 64KB (a bare number is bytes)`,
    parse: (text) => within(parseSizeBytes(text), minBytes, maxBytes),
  };
}

/** Whole bytes within bounds, or 0. */
export function sizeOrNone(min: string, max: string): ValueType<number> {
  const bounded = size(min, max);
  return {
    allowed: `${bounded.allowed}, or 0`,
    parse: (text, machine) => (parseSizeBytes(text) === 0 ? 0 : bounded.parse(text, machine)),
  };
}

/** Whole bits per second from 100 kbit/s to 1 Tbit/s, or 0. */
export function rateOrNone(): ValueType<number> {
  return {
    allowed:
      'a bit rate from 100k to 1000G, such as 8M or 2.5G (powers of 1000; a bare number is bits per second), or 0',
    parse: (text) => (parseRateBps(text) === 0 ? 0 : within(parseRateBps(text), 100_000, 1e12)),
  };
}

/** Whole bytes, given as a size or as a percentage of the memory that this process may use. */
export function shareOfMemory(min: string): ValueType<number> {
  const minBytes = mustRead(parseSizeBytes(min));
  return {
    allowed: `a size of at least ${formatSize(minBytes)}, such as 2GiB, or 1% to 90% of the container's or machine's memory (a bare number is bytes)`,
    parse: (text, machine) => {
      if (!text.trim().endsWith('%')) {
        return within(parseSizeBytes(text), minBytes, Number.MAX_SAFE_INTEGER);
      }
      const total = usableMemoryBytes(machine);
      return within(parseSizeBytes(text, total), Math.floor(total * 0.01), Math.ceil(total * 0.9));
    },
  };
}

export function integer(min: number, max: number): ValueType<number> {
  return {
    allowed: `a whole number from ${min} to ${max}`,
    parse: (text) => (/^-?\d{1,15}$/.test(text) ? within(Number(text), min, max) : undefined),
  };
}

/** A number of processors with at most two decimals, or 0. */
export function processors(): ValueType<number> {
  return {
    allowed: 'a number of processors from 0.01 to 512, such as 0.5 or 2, or 0',
    parse: (text) => {
      if (!/^\d{1,3}(?:\.\d{1,2})?$/.test(text)) return undefined;
      return Number(text) === 0 ? 0 : within(Number(text), 0.01, 512);
    },
  };
}

/** When something happens once a day: never, in the night, or at a time of day. */
export type DailyTime = 'off' | 'nightly' | { readonly hour: number; readonly minute: number };

export function dailyTime(): ValueType<DailyTime> {
  return {
    allowed: 'off, nightly, or a time of day such as 04:30',
    parse: (text) => {
      const word = text.toLowerCase();
      if (word === 'off' || word === 'nightly') return word;
      const [, hour, minute] = /^(\d{1,2}):(\d{2})$/.exec(text) ?? [];
      const time = { hour: Number(hour), minute: Number(minute) };
      return time.hour <= 23 && time.minute <= 59 ? time : undefined;
    },
  };
}

export function flag(): ValueType<boolean> {
  return {
    allowed: 'true or false (also yes, on, 1 and no, off, 0)',
    parse: (text) => {
      if (/^(?:true|yes|on|1)$/i.test(text)) return true;
      return /^(?:false|no|off|0)$/i.test(text) ? false : undefined;
    },
  };
}

export function oneOf<const T extends string>(...choices: readonly T[]): ValueType<T> {
  return {
    allowed: `one of ${choices.join(', ')}`,
    parse: (text) => choices.find((choice) => choice === text.toLowerCase()),
  };
}

/** Text that `pattern` matches; null if not set. The pattern must be anchored with `^` and `$`. */
export function optionalText(pattern: RegExp, allowed: string): ValueType<string | null> {
  return {
    allowed,
    parse: (text) => (text === '' ? null : pattern.test(text) ? text : undefined),
  };
}

export function folder(): ValueType<string> {
  return {
    allowed: 'the path of a folder, absolute or relative to where the program is started',
    parse: (text) => (text === '' || text.includes('\0') ? undefined : text),
  };
}

/** An address or host name to listen on; brackets around an IPv6 address are removed. */
export function listenHost(): ValueType<string> {
  return {
    allowed: 'an IP address or a host name, such as ::, 0.0.0.0 or localhost',
    parse: (text) => {
      const host = text.replace(/^\[(.*)\]$/, '$1');
      return isIP(host) !== 0 || HOST_NAME.test(host) ? host : undefined;
    },
  };
}

/** Origin and path of the public address, without a trailing slash; null if not set. */
export function publicAddress(): ValueType<string | null> {
  return {
    allowed:
      'an http or https address without user, query or fragment, such as https://tv.example.org',
    parse: (text) => {
      if (text === '') return null;
      if (!URL.canParse(text)) return undefined;
      const url = new URL(text);
      const isPlain = url.username + url.password + url.search + url.hash === '';
      const isWeb = url.protocol === 'http:' || url.protocol === 'https:';
      return isPlain && isWeb ? url.href.replace(/\/+$/, '') : undefined;
    },
  };
}

const REDIS_PATH = /^(?:\/\d{0,5})?$/;

/** Address of a Redis server; null if not set. */
export function redisAddress(): ValueType<string | null> {
  return {
    allowed:
      'redis://host:port or rediss://host:port (TLS), with user:password@ before the host and /number of the database behind the port if needed; special characters in user and password are percent-encoded',
    parse: (text) => {
      if (text === '') return null;
      // The parser of addresses would drop blanks and line breaks, for example those of a file.
      if (/\s/.test(text) || !URL.canParse(text)) return undefined;
      const { protocol, hostname, pathname, search, hash, username, password } = new URL(text);
      const isRedis = protocol === 'redis:' || protocol === 'rediss:';
      // A password with an unescaped `#`, `?` or `/` would be parsed as other parts of the address.
      const isWhole = hostname !== '' && REDIS_PATH.test(pathname) && search + hash === '';
      return isRedis && isWhole && isPercentEncoded(username + password) ? text : undefined;
    },
  };
}

function isPercentEncoded(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

const TCP_ADDRESS = /^(?:tcp|http):\/\/(?:\[([0-9a-fA-F:.]+)\]|([^:[\]]+)):(\d{1,5})$/;

/** Address of a Docker Engine, in the notation of Docker's own programs; null if not set. */
export function dockerAddress(): ValueType<string | null> {
  return {
    allowed: 'unix:///path or tcp://host:port, IPv6 in brackets',
    parse: (text) => {
      if (text === '') return null;
      if (/^unix:\/\/\/./.test(text)) return text;
      const [, ipv6, name = '', port] = TCP_ADDRESS.exec(text) ?? [];
      const isHost =
        ipv6 === undefined ? isIP(name) === 4 || HOST_NAME.test(name) : isIP(ipv6) === 6;
      return isHost && within(Number(port), 1, 65_535) !== undefined ? text : undefined;
    },
  };
}

/** A host name whose last label is not a number, because `1.2.3` and `256.0.0.1` are mistyped addresses. */
export const HOST_NAME =
  /^(?=.{1,253}$)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)*(?!\d+$)[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/i;

export function isHostName(text: string): boolean {
  return HOST_NAME.test(text);
}

function within(value: number | null, min: number, max: number): number | undefined {
  return value !== null && value >= min && value <= max ? value : undefined;
}

/**
 * Bounds are part of a declaration, so a bound that cannot be parsed is a fault of the code, which every test
 * detects.
 */
function mustRead(value: number | null): number {
  if (value === null) throw new TypeError('A bound in the table of settings cannot be read');
  return value;
}
