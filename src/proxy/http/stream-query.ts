import type { FastifyRequest } from 'fastify';
import { AppError } from '../../kernel/errors';
import type { PreflightTier } from '../preflight';
import { readFileIndex } from './content-request';
import { readBehindMs } from './time-shift';

/**
 * What players append to an address for themselves, with the bar escaped or not: `|User-Agent=x&Referer=y`. A bar before
 * anything else may be part of a value, and so may an escaped one in a value that is an address.
 */
const APPENDED_HEADERS = /(?:\||%7c)[\w-]+(?:=|%3d)/i;
const APPENDED_TO_ADDRESS = /\|[\w-]+(?:=|%3d)/i;
const LAST_BAR = /(?:\||%7c)$/i;
const ADDRESSES: ReadonlySet<string> = new Set(['url', 'magnet']);

/**
 * The query of a streaming address as it was sent, so that a name given twice is seen twice; without blanks and line ends
 * around values, and without header fields behind it. Parameters of ours are checked wherever they stand, also where they
 * do nothing: a slip is told, not played. Those of an engine, and unknown ones, are for nobody.
 *
 * @throws AppError `invalid_selector` for a malformed escape, `invalid_request` for a wrong value of a parameter of ours
 */
export function queryOf(request: Pick<FastifyRequest, 'url'>): URLSearchParams {
  const at = request.url.indexOf('?');
  const text = at < 0 ? '' : withoutAppendedHeaders(request.url.slice(at + 1));
  if (/%(?![0-9a-f]{2})/i.test(text)) {
    throw new AppError('invalid_selector', 'The query has a malformed percent escape.');
  }
  const query = new URLSearchParams();
  for (const [name, value] of new URLSearchParams(text)) query.append(name, value.trim());
  readBehindMs(query);
  readIsDvr(query);
  readTier(query);
  readFileIndex(query);
  return query;
}

/** Reads `dvr`: whether a playlist shall list all that the history holds. */
export function readIsDvr(query: URLSearchParams): boolean {
  return readWord(query, 'dvr', ['0', '1']) === '1';
}

/** Reads `tier`: how closely a preflight shall look. */
export function readTier(query: URLSearchParams): PreflightTier {
  return readWord(query, 'tier', ['light', 'deep']);
}

/** The one word that a parameter has; the first of `words` when it is not there. */
function readWord<Word extends string>(
  query: URLSearchParams,
  name: string,
  words: readonly [Word, ...Word[]],
): Word {
  const [text, ...more] = query.getAll(name);
  if (text === undefined) return words[0];
  const word = words.find((one) => one === text);
  if (word !== undefined && more.length === 0) return word;
  throw new AppError('invalid_request', `${name} must be ${words.join(' or ')}, given once.`);
}

function withoutAppendedHeaders(text: string): string {
  let start = 0;
  for (const parameter of text.split('&')) {
    const [name = ''] = new URLSearchParams(parameter).keys();
    const appended = ADDRESSES.has(name) ? APPENDED_TO_ADDRESS : APPENDED_HEADERS;
    const bar = appended.exec(parameter);
    if (bar !== null) return text.slice(0, start + bar.index);
    start += parameter.length + 1;
  }
  return text.replace(LAST_BAR, '');
}
