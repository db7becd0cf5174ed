import type { SourceSelector } from '../kernel/content-selector';

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
  /** At least one, each id once, in the operator's order. */
  readonly sources: readonly ChannelSource[];
}

export const MAX_SOURCES = 16;
export const MAX_CHANNELS = 10_000;

/** The selector under which engines know a source. */
export function selectorOf(
  { kind, id }: Pick<ChannelSource, 'kind' | 'id'>,
  fileIndex: number,
): SourceSelector {
  return { kind, value: id, fileIndex };
}
