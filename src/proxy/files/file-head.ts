import type { IncomingHttpHeaders } from 'node:http';
import { spanOf, type FileSpan } from './byte-range';

/**
 * Facts about a file, or a part of it, from an engine's response headers. A fact that the engine did not send is null.
 */
export interface FileHead {
  readonly status: number;
  readonly contentType: string;
  readonly contentLength: string | null;
  readonly contentRange: string | null;
  readonly acceptRanges: string | null;
  readonly etag: string | null;
  readonly lastModified: string | null;
  /** The bytes of the file that the response contains. */
  readonly span: FileSpan | null;
}

const OF_MEDIA = /^(?:(?:audio|video)\/[a-z0-9.+-]{1,64}|application\/(?:mp4|ogg|x-matroska))$/;
const UNKNOWN_TYPE = 'application/octet-stream';

/**
 * Reads the headers that describe the file. A content type other than those of media becomes
 * `application/octet-stream`, so that no browser shows the content as a page of this server.
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

/** Returns the response headers for a viewer. */
export function headersOf(head: FileHead): Record<string, string> {
  const headers: Record<string, string | null> = {
    'Content-Type': head.contentType,
    // The body of an engine's 416 is not passed on.
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
 * Returns the head of the whole file, derived from the head of any part. Null if the length of the file is unknown.
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

/** True unless the headers of two answers show that they belong to different files. */
export function isSameFile(head: FileHead, other: FileHead): boolean {
  if (head.etag !== null && other.etag !== null) return head.etag === other.etag;
  const [total, otherTotal] = [head.span?.total ?? null, other.span?.total ?? null];
  return total === null || otherTotal === null || total === otherTotal;
}
