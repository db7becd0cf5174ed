import type { SourceSelector } from '../kernel/content-selector';

/** One content that a channel can be had from. */
export interface ChannelSource {
  readonly kind: 'content_id' | 'infohash';
  /** 40 hex digits in lower case. */
  readonly id: string;
  /** The operator's label. */
  readonly label: string | null;
}

/** A name for a programme that several contents broadcast; any of them will do. */
export interface Channel {
  readonly id: string;
  readonly name: string;
  /** At least one, each id once; in the operator's order. */
  readonly sources: readonly ChannelSource[];
}

export const MAX_SOURCES = 16;
export const MAX_CHANNELS = 10_000;

/** What an engine is asked for. */
export function selectorOf(
  { kind, id }: Pick<ChannelSource, 'kind' | 'id'>,
  fileIndex: number,
): SourceSelector {
  return { kind, value: id, fileIndex };
}
