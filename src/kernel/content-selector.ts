/** How a caller names a content. `content_id` is the catalogue id, not the infohash. */
export type SelectorKind = 'content_id' | 'infohash' | 'url' | 'magnet';

/** One content and one file of it, in canonical form (hex ids in lower case). */
export interface ContentSelector {
  readonly kind: SelectorKind;
  readonly value: string;
  /** Index of the file in a multi-file transport, `_idx`. */
  readonly fileIndex: number;
}

/** Canonical text of a selector: what sessions, aliases and caches are keyed by (datapath rule 3). */
export type StreamKey = string;

const HEX40 = /^[0-9a-f]{40}$/;

/** True for 40 lower-case hex digits: the only form of id that ever reaches an engine. */
export function isHexId(value: string): boolean {
  return HEX40.test(value);
}

export function streamKey(selector: ContentSelector): StreamKey {
  return `${selector.kind}:${selector.value}:${selector.fileIndex}`;
}

export function infohashKey(infohash: string, fileIndex: number): StreamKey {
  return streamKey({ kind: 'infohash', value: infohash, fileIndex });
}
