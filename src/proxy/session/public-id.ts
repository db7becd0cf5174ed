import { createHash } from 'node:crypto';
import type { ContentSelector } from '../../kernel/content-selector';

/**
 * The public id of a stream: the 40 digits that were asked for, with the file index when it is not the
 * first. Addresses and magnets are hashed, for they are long and may carry secrets.
 */
export function publicStreamId(selector: ContentSelector): string {
  const { kind, value, fileIndex } = selector;
  const base =
    kind === 'url' || kind === 'magnet'
      ? `${kind}-${createHash('sha1').update(value).digest('hex')}`
      : value;
  return fileIndex === 0 ? base : `${base}-${fileIndex}`;
}
