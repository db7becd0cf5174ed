/**
 * The bytes of a file from `start` (inclusive) to `end` (exclusive). `total` is the length of the whole file; null if
 * the engine did not send it.
 */
export interface FileSpan {
  readonly start: number;
  readonly end: number;
  readonly total: number | null;
}

const ONE_RANGE = /^bytes=(?:\d{1,15}-\d{0,15}|-\d{1,15})$/;
const CONTENT_RANGE = /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15}|\*)$/;
const LENGTH = /^\d{1,15}$/;
const MAX_VALIDATOR_LENGTH = 256;

/**
 * Returns the `Range` header to send to the engine; null if the player's header is missing, invalid, or names several
 * ranges. Several ranges are ignored, as RFC 9110 §14.2 allows, because a multipart body cannot be continued after a
 * break.
 */
export function forwardedRange(header: string | undefined): string | null {
  const text = (header ?? '').trim();
  return ONE_RANGE.test(text) ? text : null;
}

/** True if a request with this range, as returned by `forwardedRange`, begins with the first byte of the file. */
export function isFromStart(range: string | null): boolean {
  return range === null || /^bytes=0+-/.test(range);
}

/** Returns the `If-Range` header to send to the engine; null without a range, because it has no meaning then. */
export function forwardedIfRange(header: unknown, range: string | null): string | null {
  if (range === null || typeof header !== 'string') return null;
  return header !== '' && header.length <= MAX_VALIDATOR_LENGTH ? header : null;
}

/**
 * Returns which bytes of the file an answer contains, according to its status, `Content-Length` and `Content-Range`.
 * Null if these are missing or contradict each other; such a body cannot be continued after a break.
 */
export function spanOf(
  status: number,
  contentLength: string | null,
  contentRange: string | null,
): FileSpan | null {
  const length =
    contentLength !== null && LENGTH.test(contentLength) ? Number(contentLength) : null;
  if (status === 200) return length === null ? null : { start: 0, end: length, total: length };
  const match = status === 206 ? CONTENT_RANGE.exec(contentRange ?? '') : null;
  if (match === null) return null;
  const start = Number(match[1]);
  const end = Number(match[2]) + 1;
  const total = match[3] === '*' ? null : Number(match[3]);
  if (end <= start || (total !== null && end > total)) return null;
  return length !== null && length !== end - start ? null : { start, end, total };
}

/** Returns the `Range` header for the rest of `span` after its first `delivered` bytes. */
export function remainingRange(span: FileSpan, delivered: number): string {
  return `bytes=${span.start + delivered}-${span.end - 1}`;
}

/** True if an answer with the bytes `answer` continues `span` after its first `delivered` bytes. */
export function continuesSpan(span: FileSpan, delivered: number, answer: FileSpan | null): boolean {
  if (answer === null) return false;
  const isSameLength = span.total === null || answer.total === null || span.total === answer.total;
  return isSameLength && answer.start === span.start + delivered && answer.end === span.end;
}
