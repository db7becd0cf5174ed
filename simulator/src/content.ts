/**
 * The file of a recorded content, set by `/__sim/content`. A path has priority over a length; without both it is a
 * recording in MPEG-TS.
 */
export interface FileSettings {
  readonly bytes: number | null;
  readonly path: string | null;
  readonly type: string | null;
  /** The same seed and length give the same bytes on every engine. */
  readonly seed: number;
}

export const NO_FILE: FileSettings = { bytes: null, path: null, type: null, seed: 1 };

/** Settings that can be changed while the engine runs. */
export interface ContentSettings {
  bitrateMbps: number;
  startDelayMs: number;
  burstSeconds: number;
  peers: number;
  isLive: 0 | 1;
  /** Added to all timestamps, 90 kHz. */
  ptsOffsetTicks: number;
  /** The clip that is played; null: the engine's clip. */
  clipPath: string | null;
  /** The file that is played if it is recorded. */
  file: FileSettings;
}

/** A content this engine can play. */
export interface Content {
  /** Null if it was requested by infohash only. */
  readonly id: string | null;
  readonly infohash: string;
  readonly name: string;
  readonly media: 'video' | 'audio';
  readonly categories: readonly string[];
  settings: ContentSettings;
}
