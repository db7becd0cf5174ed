import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseClip, type Clip } from './media/clip';

/** The clip in the repository; works from the sources and from the compiled program. */
export function loadClip(): Clip {
  return parseClip(readFileSync(join(__dirname, '..', 'media', 'clip.mpegts')));
}
