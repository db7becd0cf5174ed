import type { OwnProgramme, PacketRewriter } from '../mpegts';
import type { StreamHistory } from './stream-history';

export interface Splice {
  /** Whole packets of the source in order, the flagged preface first where there is one. */
  readonly parts: readonly Buffer[];
  /** Makes the source look like the session's programme; null when it does already. */
  readonly rewriter: PacketRewriter | null;
  /** Something is lost or comes twice, and players are told so; else every unit goes out once. */
  readonly isFlagged: boolean;
}

/** How the source under way goes on with what went out before it. */
export interface SourceJoin {
  readonly isFlagged: boolean;
  /** Time without media between the source before and this one. */
  readonly silentMs: number;
}

/** What the session is before a new source comes. */
export interface SpliceBase {
  readonly history: StreamHistory;
  /** Null while viewers have had no programme. */
  readonly own: OwnProgramme | null;
  /** What was added to the times of the source before, 90 kHz. */
  readonly offset: number;
  readonly bearable: BearableWait;
}

/** How long viewers may be without media, in ms. */
export interface BearableWait {
  /** From one source to the next. */
  readonly silenceMs: number;
  /** From the last media on, over all sources that are tried. */
  readonly outageMs: number;
}

/** The source before, while it still goes on: there is time to find a place where nothing is lost. */
export interface Outgoing {
  readonly isGoingOn: boolean;
  /** Ends it: what a new source lacks is to come up to what went out. */
  supersede(): void;
}
