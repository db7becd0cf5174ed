/** A stream at an address that contains the credentials: `/live/USER/PASSWORD/5.ts`, or without `/live` or the type. */
const STREAM = /^\/(live\/)?([^/?#]+)\/([^/?#]+)\/(\d{1,5}(?:\.ts|\.m3u8)?)([?#].*)?$/is;

/** Roots of addresses that have the same form without `/live` but are not Xtream's. */
const OTHER_ROOTS = ['api', 'proxy', 'ace', 'auto', 't'];

/** Addresses that have the credentials in the query. */
const SCRIPT = /^(\/(?:player_api|get|xmltv)\.php)\?([^#]*)/i;

export interface XtreamAddress {
  readonly username: string;
  readonly password: string;
  /** The address without the credentials. */
  readonly url: string;
}

/** Splits an address of Xtream Codes that contains credentials; null for all other addresses. */
export function splitXtreamAddress(url: string): XtreamAddress | null {
  return splitStream(url) ?? splitScript(url);
}

function splitStream(url: string): XtreamAddress | null {
  const [, root, user = '', secret = '', file = '', rest = ''] = STREAM.exec(url) ?? [];
  if (file === '' || (root === undefined && OTHER_ROOTS.includes(user.toLowerCase()))) return null;
  const username = decoded(user);
  const password = decoded(secret);
  if (username === null || password === null) return null;
  return { username, password, url: `/live/${file}${rest}` };
}

function splitScript(url: string): XtreamAddress | null {
  const [, path = '', query = ''] = SCRIPT.exec(url) ?? [];
  if (path === '') return null;
  const parameters = new URLSearchParams(query);
  const username = parameters.get('username');
  const password = parameters.get('password');
  if (username === null || password === null) return null;
  parameters.delete('username');
  parameters.delete('password');
  return { username, password, url: `${path}?${parameters.toString()}` };
}

/** Null for a malformed escape. */
function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}
