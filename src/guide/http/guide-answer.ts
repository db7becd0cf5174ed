import { open } from 'node:fs/promises';
import {
  acceptsGzip,
  CORS_HEADERS,
  type FastifyReply,
  type FastifyRequest,
  isUnchanged,
} from '../../http';
import type { RenderedGuide } from '../rendered-guides';

const HEADERS = {
  // Clients may keep the guide, but must ask whether it has changed.
  'Cache-Control': 'no-cache',
  'Access-Control-Expose-Headers': `${CORS_HEADERS['Access-Control-Expose-Headers']}, ETag`,
} as const;

/** Answers GET and HEAD with the guide as XML, compressed if the client accepts that. */
export async function sendGuide(
  guide: RenderedGuide,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<void> {
  const isGzip = acceptsGzip(request.headers['accept-encoding']);
  void reply.headers({ 'Content-Type': 'application/xml; charset=utf-8', Vary: 'Accept-Encoding' });
  if (isGzip) void reply.header('Content-Encoding', 'gzip');
  await send(guide, isGzip, request, reply);
}

/** Answers GET and HEAD with the guide as a gzip file. */
export async function sendGuideFile(
  guide: RenderedGuide,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<void> {
  void reply.header('Content-Type', 'application/gzip');
  await send(guide, true, request, reply);
}

async function send(
  { key, path, gzipPath }: RenderedGuide,
  isGzip: boolean,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<void> {
  const etag = isGzip ? `"${key}-gzip"` : `"${key}"`;
  void reply.headers({ ...HEADERS, ETag: etag });
  if (isUnchanged(request.headers['if-none-match'], etag)) {
    await reply.code(304).removeHeader('Content-Encoding').send();
    return;
  }
  const file = await open(isGzip ? gzipPath : path, 'r');
  const { size } = await file.stat();
  void reply.header('Content-Length', size);
  if (request.method === 'HEAD') {
    await file.close();
    await reply.send();
    return;
  }
  await reply.send(file.createReadStream());
}
