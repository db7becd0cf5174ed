import { type PesUnitPrint } from './pes-unit-print';

export interface LoopLimits {
  /** Duration of repeated media that counts as a loop. */
  readonly confirmMs: number;
}

/** A source that repeats the same content. */
export interface MediaLoop {
  /** Media time between two occurrences of the same content, in ms. */
  readonly periodMs: number;
}

/**
 * Maximum number of fingerprints that are remembered. One PES packet per 500 ms of its own time is remembered, so
 * this is more than 8 min.
 */
const MAX_REMEMBERED = 1024;
const SAMPLE_TICKS = 45_000;
/** Minimum number of repeated fingerprints that prove a loop. */
const MIN_REPEATED = 3;
/**
 * Consecutive new fingerprints that end a loop. A single one may be the seam of the loop, which can be cut
 * differently each time.
 */
const FRESH_ENDS = 2;

interface Run {
  readonly firstMs: number;
  readonly periodMs: number;
  units: number;
}

/**
 * Detects a source that repeats itself: PES packets whose decoding time *and* content were seen before. A still
 * picture has new times, and a restarted clock has new content, so neither alone is a loop. The detector is reset for
 * each source, because a new source may repeat media of the previous one.
 */
export class LoopDetector {
  /** Media time at which each fingerprint was last seen, oldest first. */
  private readonly seen = new Map<number, number>();
  private lastSample = -1;
  private lastPrint = -1;
  private run: Run | null = null;
  private fresh = 0;

  constructor(private readonly limits: LoopLimits) {}

  /** Number of remembered fingerprints, at most 1024. */
  get size(): number {
    return this.seen.size;
  }

  /** Call when a new source begins. */
  reset(): void {
    this.seen.clear();
    this.lastSample = -1;
    this.lastPrint = -1;
    this.run = null;
    this.fresh = 0;
  }

  /**
   * Takes the fingerprint of the next PES packet, at `timeMs` of media time, which never goes back. Returns the loop
   * to which the PES packet belongs, or null.
   */
  add({ ticks, print }: PesUnitPrint, timeMs: number): MediaLoop | null {
    // Sampling follows the timestamps of the content, so that a repetition is sampled at the same PES packets.
    const sample = Math.floor(ticks / SAMPLE_TICKS);
    if (sample === this.lastSample && print !== this.lastPrint) return this.loop(timeMs);
    this.lastSample = sample;
    this.lastPrint = print;
    const before = this.seen.get(print);
    this.seen.delete(print);
    this.seen.set(print, timeMs);
    if (this.seen.size > MAX_REMEMBERED) this.forgetOldest();
    if (before === undefined) {
      this.fresh++;
      if (this.fresh >= FRESH_ENDS) this.run = null;
    } else {
      this.fresh = 0;
      this.run ??= { firstMs: timeMs, periodMs: timeMs - before, units: 0 };
      this.run.units++;
    }
    return this.loop(timeMs);
  }

  private loop(timeMs: number): MediaLoop | null {
    const { run } = this;
    if (run === null || run.units < MIN_REPEATED) return null;
    if (timeMs - run.firstMs < this.limits.confirmMs) return null;
    return { periodMs: Math.max(0, run.periodMs) };
  }

  private forgetOldest(): void {
    for (const print of this.seen.keys()) {
      this.seen.delete(print);
      return;
    }
  }
}
