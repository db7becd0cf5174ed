import { createHash } from 'node:crypto';
import type { ContentSelector, SelectorKind } from '../../kernel/content-selector';

/**
 * Returns the public id of a stream: the content id or infohash itself; `channel-` and the id of the channel; or a hash
 * of the URL or magnet link, because these are long and may contain secrets. A file index other than 0 is appended,
 * and then a hash of the parameters for the engine if there are any.
 */
export function publicStreamId(selector: ContentSelector): string {
  const { kind, value, fileIndex, engineParameters } = selector;
  // A channel's id may itself end in a hyphen and a number, so `~` separates the file index.
  const file = fileIndex === 0 ? '' : `${kind === 'channel' ? '~' : '-'}${fileIndex}`;
  const parameters = engineParameters === undefined ? '' : `~${sha1(engineParameters).slice(0, 8)}`;
  return `${base(kind, value)}${file}${parameters}`;
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
      return `${kind}-${sha1(value)}`;
  }
}

function sha1(text: string): string {
  return createHash('sha1').update(text).digest('hex');
}
