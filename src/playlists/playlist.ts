import { pipeline, Readable } from 'node:stream';
import { createGzip } from 'node:zlib';
import {
  type CacheableContent,
  type FastifyReply,
  type FastifyRequest,
  sendCacheable,
} from '../http';
import { SharedBody } from './shared-body';

/** One playlist. It is rendered when it is first sent, and compressed when it is first sent compressed. */
export class Playlist {
  private plain: SharedBody | null = null;
  private compressed: SharedBody | null = null;

  constructor(
    /** The same for the same content. */
    readonly key: string,
    /** Approximate size in memory when it is rendered. */
    readonly bytes: number,
    private readonly render: () => AsyncIterable<Buffer>,
  ) {}

  content(isGzip: boolean): Promise<CacheableContent> {
    const plain = (this.plain ??= new SharedBody(this.render()));
    if (!isGzip) return plain.content();
    this.compressed ??= new SharedBody(
      // An error also ends the compressed stream, and with it the body.
      pipeline(Readable.from(plain.read()), createGzip(), () => undefined),
    );
    return this.compressed.content();
  }
}

/** Answers GET and HEAD with a playlist, compressed if the client accepts that. */
export async function sendPlaylist(
  request: FastifyRequest,
  reply: FastifyReply,
  playlist: Playlist,
): Promise<void> {
  await sendCacheable(request, reply, {
    contentType: 'audio/x-mpegurl; charset=utf-8',
    open: (isGzip) =>
      Promise.resolve({ key: playlist.key, content: () => playlist.content(isGzip) }),
  });
}
