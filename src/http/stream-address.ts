const STREAM_ROOT = 'ace';

/** The scheme and host of a request in absolute form, as a client of a forward proxy sends it. */
const ORIGIN = /^https?:\/\/[^/?#]*/i;

const BLANKS = '(?:%20|%09|%0a|%0d)+';
const BLANKS_AROUND = new RegExp(`^${BLANKS}|${BLANKS}$`, 'gi');

/** What some players read as header fields and others send along: everything behind a bar, escaped or not. */
const BEHIND_BAR = /(?:\||%7c).*$/is;

/** `acestream://ID` in the path, of which the double slash has become a single one. */
const ACE_SCHEME = /^acestream(?::|%3a)$/i;

/** True for the addresses of players, as against the admin API and its pages. Takes what `routedAddress` returns. */
export function isStreamAddress(url: string): boolean {
  return url.startsWith(`/${STREAM_ROOT}/`);
}

/**
 * The address by which a request is routed. Addresses under `/ace` come out of playlists that people and programs have put together:
 * doubled and trailing slashes, blanks and line ends around an id, and `|User-Agent=x` at the end of the path are taken away. All
 * other addresses stay as they are, so that one address of the admin API has one spelling. The query is read elsewhere.
 */
export function routedAddress(url: string): string {
  const local = url.replace(ORIGIN, '');
  const at = local.search(/[?#]/);
  const path = at < 0 ? local : local.slice(0, at);
  const bar = BEHIND_BAR.exec(path);
  const segments = path
    .slice(0, bar?.index)
    .split('/')
    .map((segment) => segment.replace(BLANKS_AROUND, ''))
    .filter((segment) => segment !== '');
  if (!path.startsWith('/') || segments[0] !== STREAM_ROOT)
    return local.startsWith('/') ? local : url;
  const plain = segments.filter((segment) => !ACE_SCHEME.test(segment)).join('/');
  // What stood behind a bar in the path is no query of ours.
  return `/${plain}${bar !== null || at < 0 ? '' : local.slice(at)}`;
}
