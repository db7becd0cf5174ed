import { type FileHandle, open } from 'node:fs/promises';
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

/** Finds or renders the guide of a request. */
type FindGuide = () => Promise<RenderedGuide>;

/** Answers GET and HEAD with the guide as XML, compressed if the client accepts that. */
export async function sendGuide(
  find: FindGuide,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<void> {
  const isGzip = acceptsGzip(request.headers['accept-encoding']);
  await send(find, isGzip, request, reply, {
    'Content-Type': 'application/xml; charset=utf-8',
    Vary: 'Accept-Encoding',
    ...(isGzip && { 'Content-Encoding': 'gzip' }),
  });
}

/** Answers GET and HEAD with the guide as a gzip file. */
export async function sendGuideFile(
  find: FindGuide,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<void> {
  await send(find, true, request, reply, { 'Content-Type': 'application/gzip' });
}

/** @param headers those of a complete answer; an error must not have them */
async function send(
  find: FindGuide,
  isGzip: boolean,
  request: FastifyRequest,
  reply: FastifyReply,
  headers: Record<string, string>,
): Promise<void> {
  const { guide, file } = await openGuide(find, isGzip);
  const etag = isGzip ? `"${guide.key}-gzip"` : `"${guide.key}"`;
  void reply.headers({ ...HEADERS, ...headers, ETag: etag });
  if (isUnchanged(request.headers['if-none-match'], etag)) {
    await file.close();
    await reply.code(304).removeHeader('Content-Encoding').send();
    return;
  }
  const { size } = await file.stat();
  void reply.header('Content-Length', size);
  if (request.method === 'HEAD') {
    await file.close();
    await reply.send();
    return;
  }
  await reply.send(file.createReadStream());
}

async function openGuide(
  find: FindGuide,
  isGzip: boolean,
): Promise<{ readonly guide: RenderedGuide; readonly file: FileHandle }> {
  for (let isAgain = false; ; isAgain = true) {
    const guide = await find();
    try {
      return { guide, file: await open(isGzip ? guide.gzipPath : guide.path, 'r') };
    } catch (error) {
      // A guide of before a change is removed when the next one is rendered.
      if (isAgain || (error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
}
