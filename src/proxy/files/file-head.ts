import type { IncomingHttpHeaders } from 'node:http';
import { spanOf, type FileSpan } from './byte-range';

/** Facts about a file, or a part of it, from an engine's response headers; null if the engine did not send them. */
export interface FileHead {
  readonly status: number;
  readonly contentType: string;
  readonly contentLength: string | null;
  readonly contentRange: string | null;
  readonly acceptRanges: string | null;
  readonly etag: string | null;
  readonly lastModified: string | null;
  readonly span: FileSpan | null;
}

const OF_MEDIA = /^(?:(?:audio|video)\/[a-z0-9.+-]{1,64}|application\/(?:mp4|ogg|x-matroska))$/;
const UNKNOWN_TYPE = 'application/octet-stream';

/**
 * Keeps the headers that describe the file, and drops those of the engine's connection. A type that is not a media type becomes
 * `application/octet-stream`, so that no browser shows a content as a page of this server.
 */
export function fileHeadOf(status: number, headers: IncomingHttpHeaders): FileHead {
  const contentLength = headers['content-length'] ?? null;
  const contentRange = headers['content-range'] ?? null;
  return {
    status,
    contentType: mediaTypeOf(headers['content-type']),
    contentLength,
    contentRange,
    acceptRanges: headers['accept-ranges'] ?? null,
    etag: headers.etag ?? null,
    lastModified: headers['last-modified'] ?? null,
    span: spanOf(status, contentLength, contentRange),
  };
}

function mediaTypeOf(header: string | undefined): string {
  const type = (header?.split(';', 1)[0] ?? '').trim().toLowerCase();
  return OF_MEDIA.test(type) ? type : UNKNOWN_TYPE;
}

/** The response headers for a viewer. */
export function headersOf(head: FileHead): Record<string, string> {
  const headers: Record<string, string | null> = {
    'Content-Type': head.contentType,
    // The engine's body of a 416 is not passed on.
    'Content-Length': head.status === 416 ? '0' : head.contentLength,
    'Content-Range': head.contentRange,
    'Accept-Ranges': head.acceptRanges ?? (head.status === 206 ? 'bytes' : null),
    ETag: head.etag,
    'Last-Modified': head.lastModified,
  };
  return Object.fromEntries(
    Object.entries(headers).filter((entry): entry is [string, string] => entry[1] !== null),
  );
}

/**
 * The head of the whole file, derived from the answer to a request for any part of it. Null if the length of the file
 * is unknown.
 */
export function wholeOf(head: FileHead): FileHead | null {
  const total = head.span?.total ?? null;
  if (total === null) return null;
  return {
    ...head,
    status: 200,
    contentLength: String(total),
    contentRange: null,
    acceptRanges: head.acceptRanges ?? (head.status === 206 ? 'bytes' : null),
    span: { start: 0, end: total, total },
  };
}

/** True if two answers may belong to the same file, because none of their headers contradict each other. */
export function isSameFile(head: FileHead, other: FileHead): boolean {
  if (head.etag !== null && other.etag !== null) return head.etag === other.etag;
  const [total, otherTotal] = [head.span?.total ?? null, other.span?.total ?? null];
  return total === null || otherTotal === null || total === otherTotal;
}
