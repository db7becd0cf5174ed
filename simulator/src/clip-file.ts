import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseClip, type Clip } from './media/clip';

/** The clip in the repository; works from the sources and from the compiled program. */
const OWN_CLIP = join(__dirname, '..', 'media', 'clip.mpegts');

/** @throws Error when the file can not be read or is no clip */
export function loadClip(path = OWN_CLIP): Clip {
  return parseClip(readFileSync(path));
}
