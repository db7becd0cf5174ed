import { type AccessUnitPrint } from './access-unit-print';

/** The same content is coming again and again. */
export interface MediaLoop {
  /** Media time between two showings of the same content, in ms. */
  readonly periodMs: number;
}

/** One unit per half second of its own time is remembered, so this is more than eight minutes. */
const MAX_REMEMBERED = 1024;
const SAMPLE_TICKS = 45_000;
/** Fewer repeated units prove nothing, however far apart they are. */
const MIN_REPEATED = 3;
/** Units in a row that were never seen end a repetition: one may be the seam, cut differently each time. */
const FRESH_ENDS = 2;

interface Run {
  readonly firstMs: number;
  readonly periodMs: number;
  units: number;
}

/**
 * Finds a source that repeats itself: units with the same decoding time *and* the same content as units seen before.
 * Either alone is no loop: a picture that stands still has new times, a clock that starts anew has new content. Bound
 * to one source, because a splice may overlap what an earlier one gave.
 */
export class LoopDetector {
  /** Media time at which each print was last seen, oldest first. */
  private readonly seen = new Map<number, number>();
  private lastSample = -1;
  private lastPrint = -1;
  private run: Run | null = null;
  private fresh = 0;

  /** @param confirmMs how much repeated media makes a loop */
  constructor(private readonly confirmMs: number) {}

  /** Prints remembered, at most 1024. */
  get size(): number {
    return this.seen.size;
  }

  /** A new source begins. */
  reset(): void {
    this.seen.clear();
    this.lastSample = -1;
    this.lastPrint = -1;
    this.run = null;
    this.fresh = 0;
  }

  /** Takes the next unit, at `timeMs` of media time that never goes back; returns the loop that it is part of. */
  add({ ticks, print }: AccessUnitPrint, timeMs: number): MediaLoop | null {
    // Chosen by the content's own time, so that a repetition is sampled at the same places.
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
    if (timeMs - run.firstMs < this.confirmMs) return null;
    return { periodMs: Math.max(0, run.periodMs) };
  }

  private forgetOldest(): void {
    for (const print of this.seen.keys()) {
      this.seen.delete(print);
      return;
    }
  }
}
