import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { readWord } from '../../http';
import { AppError } from '../../kernel/errors';
import type { PreflightTier } from '../preflight';
import { readContentPart } from './content-part';

/** The query of a streaming address. */
export interface StreamQuery {
  /**
   * All parameters, their values without blanks and line ends around them. A parameter that was sent twice is there
   * twice.
   */
  readonly parameters: URLSearchParams;
  /** `behind`: how far in the past the viewer wants to begin, in media ms; null: at the default position. */
  readonly behindMs: number | null;
  /** `dvr`: whether a playlist lists all segments of the history. */
  readonly isDvr: boolean;
  /** `tier`: how much a preflight does. */
  readonly tier: PreflightTier;
}

/**
 * Some playlists append HTTP header fields for the player to an address: `|User-Agent=x&Referer=y`, with a plain or
 * escaped bar. This finds such a bar. Any bar without a header name and `=` after it may be part of a value.
 */
const APPENDED_HEADERS = /(?:\||%7c)[\w-]+(?:=|%3d)/i;
/** The same for a parameter whose value is an address, in which an escaped bar may be part of the value. */
const APPENDED_TO_ADDRESS = /\|[\w-]+(?:=|%3d)/i;
/** A bar after which nothing follows. */
const LAST_BAR = /(?:\||%7c)$/i;
const ADDRESSES: ReadonlySet<string> = new Set(['url', 'magnet']);

/** One day: longer than any history, and short enough to detect milliseconds or a date given by mistake. */
const MAX_BEHIND_S = 86_400;
/** `behind` and the names that acestream-orchestrator has for it. The first one that a request contains counts. */
const BEHIND_NAMES = ['behind', 'seekback', 'live_delay'];
const SECONDS = /^\d{1,5}(\.\d{1,3})?$/;

/** Parameter decorator: the query of a streaming address. */
export const ParsedQuery = createParamDecorator(
  (_: unknown, context: ExecutionContext): StreamQuery =>
    readStreamQuery(context.switchToHttp().getRequest<FastifyRequest>()),
);

/**
 * Parses the query as it was sent, without header fields appended to it. The parameters of acefleet are checked at
 * every streaming address, even where they have no effect, so that a typing error is reported. Unknown parameters are
 * ignored.
 *
 * @throws AppError `invalid_selector` for a malformed escape or `_idx`, `invalid_request` for another wrong value
 */
export function readStreamQuery(request: Pick<FastifyRequest, 'url'>): StreamQuery {
  const at = request.url.indexOf('?');
  const text = at < 0 ? '' : withoutAppendedHeaders(request.url.slice(at + 1));
  if (/%(?![0-9a-f]{2})/i.test(text)) {
    throw new AppError('invalid_selector', 'The query has a malformed percent escape.');
  }
  const parameters = new URLSearchParams();
  for (const [name, value] of new URLSearchParams(text)) parameters.append(name, value.trim());
  const query = {
    parameters,
    behindMs: readBehindMs(parameters),
    isDvr: readWord(parameters, 'dvr', ['0', '1']) === '1',
    tier: readWord(parameters, 'tier', ['light', 'deep']),
  };
  readContentPart(parameters);
  return query;
}

function readBehindMs(parameters: URLSearchParams): number | null {
  const name = BEHIND_NAMES.find((one) => parameters.has(one));
  if (name === undefined) return null;
  const [text = '', ...more] = parameters.getAll(name);
  if (more.length > 0 || !SECONDS.test(text) || Number(text) > MAX_BEHIND_S) {
    const detail = `${name} must be one number of seconds from 0 to ${MAX_BEHIND_S}.`;
    throw new AppError('invalid_request', detail);
  }
  return Math.round(Number(text) * 1000);
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
