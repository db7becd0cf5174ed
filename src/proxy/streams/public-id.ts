import { createHash } from 'node:crypto';
import type { ContentSelector, SelectorKind } from '../../kernel/content-selector';

/**
 * The public id of a stream: the 40 digits that were asked for, with the file index when it is not the
 * first. A channel's is its name, so marked. Addresses and magnets are hashed, for they are long and may carry secrets.
 */
export function publicStreamId(selector: ContentSelector): string {
  const { kind, value, fileIndex } = selector;
  if (fileIndex === 0) return base(kind, value);
  // A channel's own name may end in a number.
  return `${base(kind, value)}${kind === 'channel' ? '~' : '-'}${fileIndex}`;
}

function base(kind: SelectorKind, value: string): string {
  switch (kind) {
    case 'content_id':
    case 'infohash':
      return value;
    case 'channel':
      return `channel-${value}`;
    case 'url':
    case 'magnet':
      return `${kind}-${createHash('sha1').update(value).digest('hex')}`;
  }
}
