import { splitToken } from './stream-token';

const STREAM_ROOT = 'ace';
/** The roots of all addresses at which streams are played: also those of HDHomeRun tuners and of Xtream Codes. */
const PLAYER_ROOTS = [STREAM_ROOT, 'auto', 'live'];

/** The playlist, the guide and the tuner of a profile. */
const OF_PROFILE =
  /^\/profiles\/([^/?#]+)\/((?:playlist\.m3u|epg\.xml(?:\.gz)?|discover\.json|lineup(?:_status)?\.json|lineup\.post|device\.xml|auto\/[^/?#]+)(?=[?#]|$))\??/;

const BLANKS = ['%20', '%09', '%0a', '%0d'];

/**
 * A bar, escaped or plain, and all that follows it: some players append HTTP header fields for themselves to the URL.
 */
const BEHIND_BAR = /(?:\||%7c).*$/is;

/** `acestream://ID` in the path, whose double slash has become a single one. */
const ACE_SCHEME = /^acestream(?::|%3a)$/i;

/** True for addresses of players, false for the admin API and its pages. `url` must be a result of `routedAddress`. */
export function isStreamAddress(url: string): boolean {
  return PLAYER_ROOTS.some((root) => url.startsWith(`/${root}/`));
}

/**
 * Returns the address by which a request is routed, without the secret of a user. Addresses under `/ace` come from
 * playlists that people and programs have assembled. So their path loses doubled and trailing slashes, blanks and line
 * ends around an id, and `|User-Agent=x` at its end. `/profiles/NAME` in front of the address of a list, of the guide or
 * of the tuner becomes the parameter `profile`, because clients of a tuner keep no query. All other addresses are
 * unchanged, so that an address of the admin API has only one spelling. The query is parsed elsewhere.
 */
export function routedAddress(url: string): string {
  const local = splitToken(url).url.replace(OF_PROFILE, '/$2?profile=$1&');
  const at = local.search(/[?#]/);
  const path = at < 0 ? local : local.slice(0, at);
  const bar = BEHIND_BAR.exec(path);
  const segments = path
    .slice(0, bar?.index)
    .split('/')
    .map(withoutBlanksAround)
    .filter((segment) => segment !== '');
  if (!path.startsWith('/') || segments[0] !== STREAM_ROOT)
    return local.startsWith('/') ? local : url;
  const plain = segments.filter((segment) => !ACE_SCHEME.test(segment)).join('/');
  // If the path contains a bar, the query belongs to the appended header fields.
  return `/${plain}${bar !== null || at < 0 ? '' : local.slice(at)}`;
}

/** Looks at each blank once, so that the time does not grow with the square of a long row of them. */
function withoutBlanksAround(segment: string): string {
  const isBlank = (at: number): boolean => BLANKS.includes(segment.slice(at, at + 3).toLowerCase());
  let [start, end] = [0, segment.length];
  while (isBlank(start)) start += 3;
  while (end - 3 >= start && isBlank(end - 3)) end -= 3;
  return segment.slice(start, end);
}
