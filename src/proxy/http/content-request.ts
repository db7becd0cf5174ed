import { AppError } from '../../kernel/errors';
import {
  CHANNEL_ID_FORM,
  isChannelId,
  isHexId,
  type ContentSelector,
  type SelectorKind,
} from '../../kernel/content-selector';

/** Query names that select a content; `id` is an alias. */
const SELECTOR_NAMES: Readonly<Record<string, SelectorKind>> = {
  id: 'content_id',
  content_id: 'content_id',
  infohash: 'infohash',
  url: 'url',
  magnet: 'magnet',
  channel: 'channel',
};

const MAX_FILE_INDEX = 9999;
const MAX_ADDRESS_LENGTH = 2048;
/** 40 hex digits as lists have them: with a scheme in front, slashes, blanks and line ends around, and `|User-Agent=x` behind. */
const ID = /^\s*(?:acestream:\/\/)?([0-9a-f]{40})\/*\s*(?:\|.*)?$/is;
/** Printable ASCII with an infohash in hex or base32 among its parameters. */
const MAGNET =
  /^magnet:\?([\x21-\x7e]*&)?xt=urn:btih:([0-9a-f]{40}|[a-z2-7]{32})(&[\x21-\x7e]*)?$/i;

export interface ContentRequestOptions {
  /** `url=` and `magnet=` make an engine fetch addresses of the caller's choice. */
  readonly allowUrlSelectors: boolean;
}

/**
 * Reads which content is asked for. Everything else in the query (`pid`, `sid`, unknown names) is ignored
 * and never passed on.
 *
 * @param pathId the id of `/ace/getstream/{id}`, with or without `.ts`
 * @throws AppError `invalid_selector`, `forbidden`
 */
export function readContentSelector(
  query: URLSearchParams,
  pathId: string | null,
  options: ContentRequestOptions,
): ContentSelector {
  const found: [SelectorKind, string][] =
    pathId === null ? [] : [['content_id', withoutSuffix(pathId)]];
  for (const [name, value] of query) {
    const kind = Object.hasOwn(SELECTOR_NAMES, name) ? SELECTOR_NAMES[name] : undefined;
    if (kind !== undefined) found.push([kind, value]);
  }
  const [selector, ...more] = found;
  if (selector === undefined) {
    throw new AppError(
      'invalid_selector',
      'Give one of id, content_id, infohash, channel, url or magnet.',
    );
  }
  if (more.length > 0) {
    throw new AppError('invalid_selector', 'Give exactly one selector, once.');
  }
  const [kind, value] = selector;
  return { kind, value: readValue(kind, value, options), fileIndex: readFileIndex(query) };
}

/** Whether a query names a content at all, however badly. */
export function hasSelector(query: URLSearchParams): boolean {
  return [...query.keys()].some((name) => Object.hasOwn(SELECTOR_NAMES, name));
}

function withoutSuffix(pathId: string): string {
  return pathId.trim().replace(/\.ts$/i, '');
}

function readValue(kind: SelectorKind, value: string, options: ContentRequestOptions): string {
  switch (kind) {
    case 'content_id':
    case 'infohash': {
      const id = ID.exec(value)?.[1]?.toLowerCase() ?? '';
      if (isHexId(id)) return id;
      throw new AppError('invalid_selector', `${kind} must be 40 hexadecimal digits.`);
    }
    case 'channel':
      if (isChannelId(value)) return value;
      throw new AppError('invalid_selector', `channel must be ${CHANNEL_ID_FORM}.`);
    case 'url':
    case 'magnet':
      if (!options.allowUrlSelectors) {
        throw new AppError('forbidden', 'url and magnet are off; see ALLOW_URL_SELECTORS.');
      }
      return kind === 'url' ? readUrl(value) : readMagnet(value);
  }
}

function readUrl(value: string): string {
  const url = value.length <= MAX_ADDRESS_LENGTH && URL.canParse(value) ? new URL(value) : null;
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw new AppError('invalid_selector', 'url must be an http or https address.');
  }
  return url.href;
}

function readMagnet(value: string): string {
  if (value.length <= MAX_ADDRESS_LENGTH && MAGNET.test(value)) return value;
  throw new AppError('invalid_selector', 'magnet must be a magnet link with xt=urn:btih.');
}

/**
 * Reads `_idx`: which file of the content.
 *
 * @throws AppError `invalid_selector`
 */
export function readFileIndex(query: URLSearchParams): number {
  const values = query.getAll('_idx');
  const [text] = values;
  if (text === undefined) return 0;
  if (values.length > 1 || !/^\d{1,4}$/.test(text) || Number(text) > MAX_FILE_INDEX) {
    throw new AppError('invalid_selector', `_idx must be one number from 0 to ${MAX_FILE_INDEX}.`);
  }
  return Number(text);
}
