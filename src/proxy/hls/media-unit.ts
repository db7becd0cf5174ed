/** One access unit of the leading stream, as the cutter needs to know it. */
export interface MediaUnit {
  /** Stream position of the packet that starts it. */
  readonly position: number;
  /** Presentation time on the unwrapped time line, ms. */
  readonly presentedMs: number;
  /** Decoding time on the same line, ms; grows from unit to unit. */
  readonly decodedMs: number;
  /** Monotonic time by which it had arrived. */
  readonly arrivedMs: number;
  /** A new time line begins with it. */
  readonly isBreak: boolean;
  /** The last complete PAT and PMT before it, verbatim; null when none was read. */
  readonly tables: Buffer | null;
}

/** Receives what a run of packets holds, in stream order. */
export type UnitSink = (unit: MediaUnit) => void;
