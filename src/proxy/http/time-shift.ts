import { AppError } from '../../kernel/errors';

/** A day: far beyond any history, near enough to tell a slip (milliseconds, a date) from a wish. */
const MAX_BEHIND_S = 86_400;
const SECONDS = /^\d{1,5}(\.\d{1,3})?$/;

/** How far in the past a viewer began, in seconds of media with one decimal. Only where `behind` was asked for. */
export const BEHIND_HEADER = 'X-Stream-Behind';

/**
 * Reads `behind=<seconds>`: how old the media shall be with which a viewer begins. Null when it is not asked for.
 *
 * @returns media milliseconds
 * @throws AppError `invalid_request` for what is no number from 0 to 86400, or given twice
 */
export function readBehindMs(query: URLSearchParams): number | null {
  const [text, ...more] = query.getAll('behind');
  if (text === undefined) return null;
  if (more.length > 0 || !SECONDS.test(text) || Number(text) > MAX_BEHIND_S) {
    const detail = `behind must be one number of seconds from 0 to ${MAX_BEHIND_S}.`;
    throw new AppError('invalid_request', detail);
  }
  return Math.round(Number(text) * 1000);
}

/** The header that says what was reached; none when nobody asked, or when the stream has no clock. */
export function behindHeaders(reachedMs: number | null): Readonly<Record<string, string>> {
  return reachedMs === null ? {} : { [BEHIND_HEADER]: (reachedMs / 1000).toFixed(1) };
}
