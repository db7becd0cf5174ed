import { createHash } from 'node:crypto';
import type { ContentSelector, SelectorKind } from '../../kernel/content-selector';

/**
 * The public id of a stream. An id is kept, with `-` and the file index unless that is 0. A channel gets the prefix
 * `channel-`. Addresses and magnets are hashed, because they are long and may contain secrets.
 */
export function publicStreamId(selector: ContentSelector): string {
  const { kind, value, fileIndex } = selector;
  if (fileIndex === 0) return base(kind, value);
  // A channel's id may itself end in a hyphen and a number, so `~` separates the file index.
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
