import {
  acceptsGzip,
  CORS_HEADERS,
  type FastifyReply,
  type FastifyRequest,
  isUnchanged,
} from '../http';
import type { Playlist } from './playlists';

const HEADERS = {
  'Content-Type': 'audio/x-mpegurl; charset=utf-8',
  // Clients may keep the playlist, but must ask whether it has changed.
  'Cache-Control': 'no-cache',
  Vary: 'Accept-Encoding',
  'Access-Control-Expose-Headers': `${CORS_HEADERS['Access-Control-Expose-Headers']}, ETag`,
} as const;

/** Sends a playlist, compressed if the client accepts that, or 304 if the client has it already. */
export async function sendPlaylist(
  request: FastifyRequest,
  reply: FastifyReply,
  playlist: Playlist,
): Promise<void> {
  const isGzip = acceptsGzip(request.headers['accept-encoding']);
  const etag = isGzip ? playlist.etags.gzip : playlist.etags.plain;
  void reply.headers({ ...HEADERS, ETag: etag });
  if (isUnchanged(request.headers['if-none-match'], etag)) {
    await reply.code(304).send();
    return;
  }
  if (isGzip) void reply.header('Content-Encoding', 'gzip');
  await reply.send(isGzip ? await playlist.gzipped() : playlist.body);
}
