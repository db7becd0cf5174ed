import type { IncomingHttpHeaders } from 'node:http';
import { spanOf, type FileSpan } from './byte-range';

/** What an engine said of a file, or of a part of it; null where it said nothing. */
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
 * Of all that an engine says only what describes the file: never what belongs to its connection. A type that is none
 * of media is called nothing in particular, so that no content can pass for a page of ours.
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

/** The head as it goes to a viewer. */
export function headersOf(head: FileHead): Record<string, string> {
  const told: Record<string, string | null> = {
    'Content-Type': head.contentType,
    // The body of a refusal is not handed through.
    'Content-Length': head.status === 416 ? '0' : head.contentLength,
    'Content-Range': head.contentRange,
    'Accept-Ranges': head.acceptRanges ?? (head.status === 206 ? 'bytes' : null),
    ETag: head.etag,
    'Last-Modified': head.lastModified,
  };
  return Object.fromEntries(
    Object.entries(told).filter((entry): entry is [string, string] => entry[1] !== null),
  );
}

/** Of an answer to whatever part: what is so of the whole file, for a HEAD. Null when its length is not known. */
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

/** Whether two answers can be of the same file: nothing that both of them say differs. */
export function isSameFile(one: FileHead, other: FileHead): boolean {
  if (one.etag !== null && other.etag !== null) return one.etag === other.etag;
  const [total, otherTotal] = [one.span?.total ?? null, other.span?.total ?? null];
  return total === null || otherTotal === null || total === otherTotal;
}
