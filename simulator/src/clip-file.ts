import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseClip, type Clip } from './media/clip';

/** The clip in the repository; the path is valid from the sources and from the compiled program. */
const OWN_CLIP = join(__dirname, '..', 'media', 'clip.mpegts');

/** @throws Error if the file cannot be read or is not a valid clip */
export function loadClip(path = OWN_CLIP): Clip {
  return parseClip(readFileSync(path));
}
