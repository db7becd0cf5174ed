import type { OutgoingProgramme, PacketRewriter } from '../mpegts';
import type { StreamHistory } from './stream-history';

export interface Splice {
  /** Whole packets of the source in order; a flagged splice begins with its discontinuity preface. */
  readonly parts: readonly Buffer[];
  /** Rewrites the source to match the outgoing stream; null if the source matches already. */
  readonly rewriter: PacketRewriter | null;
  /**
   * True if media are lost or repeated, which the preface announces to players. False if every access unit is sent
   * once.
   */
  readonly isFlagged: boolean;
}

/** How the current source was joined to the one before it. */
export interface SourceJoin {
  readonly isFlagged: boolean;
  /** Time without media between the previous source and this one. */
  readonly silentMs: number;
}

/** The stream to which a new source is joined. */
export interface SpliceContext {
  readonly history: StreamHistory;
  /** The programme that viewers receive; null until there is one. */
  readonly outgoingProgramme: OutgoingProgramme | null;
  /** Offset that was added to the timestamps of the previous source, in ticks of 90 kHz. */
  readonly offset: number;
  readonly silenceLimits: SilenceLimits;
}

/** How long viewers may be without media, in ms. */
export interface SilenceLimits {
  /** Maximum silence at a change from one source to the next. */
  readonly silenceMs: number;
  /** Maximum time since media last arrived, however many sources are tried. */
  readonly outageMs: number;
}

/** The source that feeds the stream now. While it flows, there is time to find a lossless splice point. */
export interface OutgoingSource {
  readonly isFlowing: boolean;
  /** Ends this source, so that the new source can catch up with the point where it ended. */
  supersede(): void;
}
