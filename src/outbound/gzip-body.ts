import { pipeline, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { AppError } from '../kernel/errors';

/** Real guides and playlists stay below 40; a bomb has about 1000. */
const MAX_RATIO = 200;
/** The ratio is not limited for a body that unpacks to at most this size. */
const SMALL_BYTES = 1024 * 1024;

/** Unpacks a gzip body. @throws AppError `outbound_failed` if it is damaged, or a bomb */
export async function* unpack(packed: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void> {
  const gunzip = createGunzip({ chunkSize: 64 * 1024 });
  pipeline(Readable.from(packed, { objectMode: false }), gunzip, () => undefined);
  let bytes = 0;
  try {
    for await (const chunk of gunzip as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > SMALL_BYTES && bytes > gunzip.bytesWritten * MAX_RATIO) {
        throw new AppError(
          'outbound_failed',
          `the compressed body unpacks to more than ${MAX_RATIO} times its size`,
        );
      }
      yield chunk;
    }
  } catch (error) {
    if (!((error as NodeJS.ErrnoException).code ?? '').startsWith('Z_')) throw error;
    throw new AppError('outbound_failed', 'the compressed body is damaged', { cause: error });
  } finally {
    gunzip.destroy();
  }
}
