import { open } from 'node:fs/promises';
import {
  type CacheableBody,
  type FastifyReply,
  type FastifyRequest,
  sendCacheable,
} from '../../http';
import type { RenderedGuide } from '../rendered-guides';

/** Finds or renders the guide of a request. */
type FindGuide = () => Promise<RenderedGuide>;

/** Answers GET and HEAD with the guide as XML, compressed if the client accepts that. */
export async function sendGuide(
  find: FindGuide,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<void> {
  await sendCacheable(request, reply, {
    contentType: 'application/xml; charset=utf-8',
    open: (isGzip) => openGuide(find, isGzip),
  });
}

/** Answers GET and HEAD with the guide as a gzip file. */
export async function sendGuideFile(
  find: FindGuide,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<void> {
  await sendCacheable(request, reply, {
    contentType: 'application/gzip',
    isGzipFile: true,
    open: () => openGuide(find, true),
  });
}

async function openGuide(find: FindGuide, isGzip: boolean): Promise<CacheableBody> {
  for (let isAgain = false; ; isAgain = true) {
    const { key, path, gzipPath } = await find();
    try {
      const file = await open(isGzip ? gzipPath : path, 'r');
      return {
        key,
        close: () => file.close(),
        content: async () => ({
          size: (await file.stat()).size,
          stream: () => file.createReadStream(),
        }),
      };
    } catch (error) {
      // A guide of before a change is removed when the next one is rendered.
      if (isAgain || (error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
}
