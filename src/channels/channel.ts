import { partOf, type ContentPart, type SourceSelector } from '../kernel/content-selector';

/** One content that broadcasts a channel's programme. */
export interface ChannelSource {
  readonly kind: 'content_id' | 'infohash';
  /** 40 hex digits in lower case. */
  readonly id: string;
  /** The operator's label. */
  readonly label: string | null;
}

/** A name for a programme that several contents broadcast; each of them may be played. */
export interface Channel {
  readonly id: string;
  readonly name: string;
  /** Heading under which players list the channel. */
  readonly group: string | null;
  /** http or https address of a picture. */
  readonly logo: string | null;
  /** Id of the channel in a programme guide. */
  readonly tvgId: string | null;
  /** True if playlists and line-ups leave the channel out. It can still be played. */
  readonly isHidden: boolean;
  /** At least one, each id once, in the operator's order. */
  readonly sources: readonly ChannelSource[];
}

/** A channel as the API or the operator's file describes it; the number is null if the description has none. */
export interface ChannelDescription {
  readonly channel: Channel;
  readonly number: number | null;
}

/** Words of the API's addresses, which no channel of the API may have as its id. */
export const RESERVED_IDS: ReadonlySet<string> = new Set(['import', 'imports']);

/** The fields of a channel that follow its imports until an administrator changes them. */
export const IMPORTED_FIELDS = ['name', 'group', 'logo', 'tvgId', 'sources'] as const;

export type ImportedField = (typeof IMPORTED_FIELDS)[number];

/** What the list of one import says about a channel. */
export interface Listing extends Pick<Channel, ImportedField> {
  readonly importId: string;
  readonly channelId: string;
  /** Milliseconds since 1970 since which the list has lacked the channel; null while the list has it. */
  readonly missingSinceMs: number | null;
}

export const MAX_SOURCES = 16;
export const MAX_CHANNELS = 10_000;
export const MAX_NUMBER = 99_999;

/** The selector under which engines know a source. */
export function selectorOf(
  { kind, id }: Pick<ChannelSource, 'kind' | 'id'>,
  part: ContentPart,
): SourceSelector {
  return { ...partOf(part), kind, value: id };
}
