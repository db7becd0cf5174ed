/**
 * Bytes `start` (inclusive) to `end` (exclusive) of a file of `total` bytes; `total` is null if the engine did not send
 * it.
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
 * The `Range` of a player as it is sent to the engine: one range of bytes. Several ranges are ignored, as RFC 9110 §14.2
 * allows, because a multipart body cannot be continued after a break. Invalid ranges are ignored, too.
 */
export function forwardedRange(header: string | undefined): string | null {
  const text = (header ?? '').trim();
  return ONE_RANGE.test(text) ? text : null;
}

/** True if a request with this forwarded range wants the first byte of the file. */
export function isFromStart(range: string | null): boolean {
  return range === null || /^bytes=0+-/.test(range);
}

/** `If-Range` has a meaning only beside a range. */
export function forwardedIfRange(header: unknown, range: string | null): string | null {
  if (range === null || typeof header !== 'string') return null;
  return header !== '' && header.length <= MAX_VALIDATOR_LENGTH ? header : null;
}

/**
 * The bytes that an answer carries, by its status, `Content-Length` and `Content-Range`. Null if the headers are
 * missing or contradict each other; such a body cannot be continued after a break.
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

/** The range to request after a break, when `delivered` bytes of `span` have arrived. */
export function remainingRange(span: FileSpan, delivered: number): string {
  return `bytes=${span.start + delivered}-${span.end - 1}`;
}

/** True if an answer continues `span` after its first `delivered` bytes. */
export function continuesSpan(span: FileSpan, delivered: number, answer: FileSpan | null): boolean {
  if (answer === null) return false;
  const isSameLength = span.total === null || answer.total === null || span.total === answer.total;
  return isSameLength && answer.start === span.start + delivered && answer.end === span.end;
}
