import type { Readable } from 'node:stream';
import { CORS_HEADERS } from './cors';
import type { FastifyReply, FastifyRequest } from './fastify.types';

/** A body that clients may keep, while it is opened for one answer. */
export interface CacheableBody {
  /** The same for the same content: the entity tag, without quotes. */
  readonly key: string;
  /** Called at most once, and not for a client that has the content already. */
  readonly content: () => Promise<CacheableContent>;
  /** Called instead of `content`, or if its stream is not sent. */
  readonly close?: () => Promise<void>;
}

export interface CacheableContent {
  readonly stream: () => Readable;
  /** In bytes; null if it is not known before the end. */
  readonly size: number | null;
}

export interface CacheableAnswer {
  readonly contentType: string;
  /** True for a gzip file; otherwise the body is compressed if the client accepts that. */
  readonly isGzipFile?: boolean;
  readonly open: (isGzip: boolean) => Promise<CacheableBody>;
}

/**
 * Answers GET and HEAD with a body that clients may keep, or with 304 if the client has it already. If `open` fails, the
 * error gets none of the headers.
 */
export async function sendCacheable(
  request: FastifyRequest,
  reply: FastifyReply,
  { contentType, isGzipFile = false, open }: CacheableAnswer,
): Promise<void> {
  const isGzip = isGzipFile || acceptsGzip(request.headers['accept-encoding']);
  const body = await open(isGzip);
  // A strong entity tag must differ between the plain and the compressed body.
  const etag = isGzip ? `"${body.key}-gzip"` : `"${body.key}"`;
  void reply.headers({
    'Content-Type': contentType,
    // Clients may keep the body, but must ask whether it has changed.
    'Cache-Control': 'no-cache',
    'Access-Control-Expose-Headers': `${CORS_HEADERS['Access-Control-Expose-Headers']}, ETag`,
    ETag: etag,
    ...(!isGzipFile && { Vary: 'Accept-Encoding' }),
  });
  if (isUnchanged(request.headers['if-none-match'], etag)) {
    await body.close?.();
    await reply.code(304).send();
    return;
  }
  const { size, stream } = await body.content();
  if (size !== null) void reply.header('Content-Length', size);
  if (isGzip && !isGzipFile) void reply.header('Content-Encoding', 'gzip');
  if (request.method !== 'HEAD') {
    await reply.send(stream());
    return;
  }
  await body.close?.();
  await reply.send();
}

/** True if the client accepts a gzip body (RFC 9110, section 12.5.3). */
export function acceptsGzip(acceptEncoding: string | undefined): boolean {
  const weights = new Map(
    (acceptEncoding ?? '').split(',').map((part) => {
      const [name = '', ...parameters] = part.split(';').map((text) => text.trim().toLowerCase());
      const weight = parameters.find((one) => one.startsWith('q='))?.slice(2) ?? '1';
      return [name, Number(weight)];
    }),
  );
  return (weights.get('gzip') ?? weights.get('*') ?? 0) > 0;
}

/** True if an `If-None-Match` header names the entity tag, so that the client has the body already. */
export function isUnchanged(ifNoneMatch: string | undefined, etag: string): boolean {
  if (ifNoneMatch === undefined) return false;
  const tags = ifNoneMatch.split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  return tags.includes('*') || tags.includes(etag);
}
