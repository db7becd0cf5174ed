/** The kinds of ids by which an engine finds a content. `content_id` is the id in the catalogue, not the infohash. */
export type SourceKind = 'content_id' | 'infohash' | 'url' | 'magnet';

/** The kinds of ids that a request may contain: of one content, or of a configured channel, which may have several. */
export type SelectorKind = SourceKind | 'channel';

/** What is requested of a content. Requests for different parts of a content are different streams. */
export interface ContentPart {
  /** Index of the file in a content of several files: `_idx` in requests. */
  readonly fileIndex: number;
  /**
   * Parameters for the engine, as a query whose names are sorted, such as `transcode_ac3=1`. Absent if there are none.
   */
  readonly engineParameters?: string;
}

/** One content and one part of it, in canonical form (hex ids in lower case). */
export interface ContentSelector extends ContentPart {
  readonly kind: SelectorKind;
  readonly value: string;
}

/** One content under an id that engines accept, so not a channel. */
export interface SourceSelector extends ContentSelector {
  readonly kind: SourceKind;
}

/** Canonical text of a selector, used as the key of streams, aliases and caches. */
export type StreamKey = string;

const HEX40 = /^[0-9a-f]{40}$/;

/** True for 40 lower-case hex digits, the only form of id that is sent to an engine. */
export function isHexId(value: string): boolean {
  return HEX40.test(value);
}

const CHANNEL_ID = /^[a-z0-9][a-z0-9._-]{0,63}$/;

/** Describes the expected form in error messages. */
export const CHANNEL_ID_FORM =
  '1 to 64 of a-z, 0-9, dot, underscore and hyphen, beginning with a letter or digit';

/** True for the id of a channel: a word that needs no escaping in a URL. */
export function isChannelId(value: string): boolean {
  return CHANNEL_ID.test(value);
}

export function streamKey(selector: ContentSelector): StreamKey {
  const { kind, value, fileIndex, engineParameters } = selector;
  const parameters = engineParameters === undefined ? '' : `?${engineParameters}`;
  return `${kind}:${value}:${fileIndex}${parameters}`;
}

/** The key of the same part of the content with this infohash. */
export function infohashKey(infohash: string, part: ContentPart): StreamKey {
  return streamKey({ ...partOf(part), kind: 'infohash', value: infohash });
}

export function partOf({ fileIndex, engineParameters }: ContentPart): ContentPart {
  return engineParameters === undefined ? { fileIndex } : { fileIndex, engineParameters };
}
