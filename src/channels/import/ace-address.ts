import type { ChannelSource } from '../channel';

/** An address in a list that stands for AceStream content. */
export interface AceAddress {
  readonly kind: ChannelSource['kind'];
  /** 40 hex digits in lower case. */
  readonly id: string;
  /** True if the address asks for HLS. */
  readonly isHls: boolean;
  /** Index of the file in a content of several files; null if the address names none. */
  readonly fileIndex: number | null;
}

const HEX = /^[0-9a-f]{40}$/i;
/** `acestream://ID` and `acestream:?infohash=ID`. */
const ACE_SCHEME = /^ace(?:stream)?:\/{0,2}/i;
/** The address of a stream at an engine, at this server or at a program like it. */
const STREAM_PATH = /^\/+ace\/+(getstream|manifest\.m3u8)(?:\/+([0-9a-f]{40})(?:\.\w+)?)?\/*$/i;
/** The addresses of HTTPAceProxy: `/pid/ID` and `/pid/ID/stream.mp4`. */
const PROXY_PATH = /^\/+(pid|content_id|infohash)\/+([0-9a-f]{40})(?:[/.].*)?$/is;

const NAMES = ['content_id', 'id', 'infohash'] as const;

/**
 * Reads a line of a list; null if the line is no address of AceStream content. `|User-Agent=x`, which players append
 * for themselves, is ignored.
 */
export function readAceAddress(line: string): AceAddress | null {
  const address = (line.split('|', 1)[0] ?? '').trim();
  if (HEX.test(address)) return named('content_id', address);
  const scheme = ACE_SCHEME.exec(address)?.[0];
  if (scheme !== undefined) return readAfterScheme(address.slice(scheme.length));
  if (!/^https?:\/\//i.test(address) || !URL.canParse(address)) return null;
  // Lists that were taken from web pages have the escapes of HTML.
  const { pathname, searchParams } = new URL(address.replaceAll('&amp;', '&'));
  const proxied = PROXY_PATH.exec(pathname);
  if (proxied !== null) {
    const kind = proxied[1]?.toLowerCase() === 'infohash' ? 'infohash' : 'content_id';
    return named(kind, proxied[2] ?? '');
  }
  const stream = STREAM_PATH.exec(pathname);
  if (stream === null) return null;
  const [, form = '', id] = stream;
  const found = id === undefined ? readParameters(searchParams) : named('content_id', id);
  if (found === null) return null;
  const index = searchParams.get('_idx') ?? '';
  return {
    ...found,
    isHls: form.toLowerCase() === 'manifest.m3u8',
    fileIndex: /^\d{1,6}$/.test(index) ? Number(index) : null,
  };
}

function readAfterScheme(rest: string): AceAddress | null {
  if (rest.startsWith('?')) return readParameters(new URLSearchParams(rest));
  const id = rest.split(/[/?&#]/, 1)[0] ?? '';
  return HEX.test(id) ? named('content_id', id) : null;
}

function readParameters(parameters: URLSearchParams): AceAddress | null {
  for (const name of NAMES) {
    const id = parameters.get(name)?.trim().replace(ACE_SCHEME, '') ?? '';
    if (HEX.test(id)) return named(name === 'infohash' ? 'infohash' : 'content_id', id);
  }
  return null;
}

function named(kind: AceAddress['kind'], id: string): AceAddress {
  return { kind, id: id.toLowerCase(), isHls: false, fileIndex: null };
}
