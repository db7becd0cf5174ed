import type { PsiSnapshot } from '../mpegts';

/** A place at which a segment may begin or end: an access unit, as the cutter needs to know it. */
export interface MediaUnit {
  /** Of the stream to which it belongs; null for the clock. */
  readonly pid: number | null;
  /** Stream position of the packet that starts it. */
  readonly position: number;
  /** Presentation time on the unwrapped time line, ms. */
  readonly presentedMs: number;
  /** Decoding time on the same line, ms; grows from unit to unit. */
  readonly decodedMs: number;
  /** Monotonic time by which it had arrived. */
  readonly arrivedMs: number;
  /**
   * Stream position behind what came before, when a new time line, other tracks or another source begin with this unit; else
   * null.
   */
  readonly breaksAt: number | null;
  /** The last complete PAT and PMT before it; null when none was read. */
  readonly tables: TablesBefore | null;
}

/** PAT and PMT packets. */
export type TablesBefore = Pick<PsiSnapshot, 'preface'>;

/** Receives what a run of packets holds, in stream order. */
export type UnitSink = (unit: MediaUnit) => void;
