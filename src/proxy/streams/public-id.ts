import { createHash } from 'node:crypto';
import type { ContentSelector, SelectorKind } from '../../kernel/content-selector';

/**
 * Returns the public id of a stream: the content id or infohash itself; `channel-` and the id of the channel; or a hash
 * of the URL or magnet link, because these are long and may contain secrets. A file index other than 0 is appended.
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
