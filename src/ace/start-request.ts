import { isHexId, type SourceSelector } from '../kernel/content-selector';
import { AppError } from '../kernel/errors';

const PLAYER_ID = /^[A-Za-z0-9-]{1,64}$/;
const MAX_ENCODED_LENGTH = 4096;
const LONE_SURROGATE = /\p{Cs}/u;

/**
 * The request target that opens a session, in the one canonical form for its kind of selector:
 * `/ace/getstream?format=json&<id|infohash|url|magnet>=<value>[&_idx=<n>][&<engineParameters>]&pid=<playerId>`. A
 * content id is sent as `id`, the name that engines of all versions accept.
 *
 * @throws AppError `invalid_selector` when the value is not in canonical form, which callers may not have checked
 */
export function startTarget(selector: SourceSelector, playerId: string): string {
  if (!PLAYER_ID.test(playerId)) {
    throw new AppError('internal_error', 'the player id is not a plain token');
  }
  if (!Number.isSafeInteger(selector.fileIndex) || selector.fileIndex < 0) {
    throw new AppError('invalid_selector', 'the file index is not a whole number from 0');
  }
  const index = selector.fileIndex === 0 ? '' : `&_idx=${selector.fileIndex}`;
  const { engineParameters } = selector;
  const parameters = engineParameters === undefined ? '' : `&${engineParameters}`;
  return `/ace/getstream?format=json&${selectorParameter(selector)}${index}${parameters}&pid=${playerId}`;
}

/** `<id|infohash|url|magnet>=<value>`. @throws AppError `invalid_selector` */
export function selectorParameter(selector: SourceSelector): string {
  switch (selector.kind) {
    case 'content_id':
      return `id=${hexId(selector.value)}`;
    case 'infohash':
      return `infohash=${hexId(selector.value)}`;
    case 'url':
      return `url=${encoded(selector.value)}`;
    case 'magnet':
      return `magnet=${encoded(selector.value)}`;
  }
}

function hexId(value: string): string {
  if (!isHexId(value)) {
    throw new AppError('invalid_selector', 'the id is not 40 lower-case hex digits');
  }
  return value;
}

function encoded(value: string): string {
  // A lone surrogate cannot be encoded; encodeURIComponent would throw a URIError.
  const text = LONE_SURROGATE.test(value) ? '' : encodeURIComponent(value);
  if (text === '' || text.length > MAX_ENCODED_LENGTH) {
    throw new AppError('invalid_selector', 'the address is empty, too long or not text');
  }
  return text;
}
