import type { SourceJoin } from '../../upstream';

/** One change of a running stream's source that nobody planned, as it is known when the new source is over. */
export interface SourceChange {
  /** Monotonic time at which the new source was taken. */
  readonly atMs: number;
  /** The engine before died, answered nothing any more, was removed or drained. */
  readonly isEngineGone: boolean;
  /** How the new source was joined; null: it brought nothing that viewers had not had before. */
  readonly join: SourceJoin | null;
}

/**
 * What a change was for viewers. `engine_gone` says nothing about the content and counts nowhere; `felt`: media were lost
 * or came twice, were flagged, or did not come for so long that a picture stood still; `unfelt`: every unit went out once.
 */
export type ChangeKind = 'engine_gone' | 'felt' | 'unfelt';

/** Players bridge this much without media from their own buffers. */
const FELT_SILENCE_MS = 2000;

export function kindOf({ isEngineGone, join }: SourceChange): ChangeKind {
  if (isEngineGone) return 'engine_gone';
  if (join === null || join.isFlagged || join.silentMs > FELT_SILENCE_MS) return 'felt';
  return 'unfelt';
}
