import { SampleTrack } from './sample-track';

/** Sources of media time; each is better than the one before. */
export type ClockSource = 'none' | 'arrival' | 'pts' | 'pcr';

const TICKS_PER_MS = 27_000;
/** PCR wraps at 2^33 × 300 ticks, about 26.5 hours; so does PTS, counted in the same ticks. */
const WRAP = 2 ** 33 * 300;
/** Larger steps of the clock mean another time base. */
const MAX_STEP_MS = 10_000;
/** Larger steps back of the clock mean another time base. */
const MAX_BACK_MS = 1_000;
/**
 * A step that is flagged as a discontinuity is continuous time if it is at most this long. Some encoders flag every
 * picture, and PCRs come ten times a second.
 */
const MAX_FLAGGED_STEP_MS = 1_000;
/** Minimum step of media time while it is taken from arrival. */
const ARRIVAL_STEP_MS = 100;
/** Media time over which one byte rate is measured. */
const SLOPE_MS = 2_000;
/** The bit rate is the median of this many measured byte rates. */
const SLOPES_KEPT = 15;
/** Media time after which the byte rate is estimated while none was measured yet. */
const FIRST_RATE_MS = 40;
const MAX_SAMPLES = 20_000;
/** A clock that has not advanced for this many samples and for `STUCK_MS` is stuck, while media continue. */
const STUCK_SAMPLES = 10;
const STUCK_MS = 5_000;

/**
 * Media time of a stream: a monotone mapping from byte positions to milliseconds, beginning at 0. It is taken from
 * the PCR, else from PTS, else from arrival. A wrap of the clock is no discontinuity. At a discontinuity, and while
 * the clock is stuck, media time advances by the arrival time that has passed.
 */
export class MediaClock {
  /** Number of new time bases after the first one. A change to a better source does not count. */
  discontinuities = 0;
  private currentSource: ClockSource = 'none';
  private readonly track = new SampleTrack(MAX_SAMPLES);
  private lastPosition = -1;
  private lastTimeMs = 0;
  private lastTicks = 0;
  private lastArrivalMs = 0;
  private startsAnew = false;
  private isFlagged = false;
  private movedArrivalMs = 0;
  private still = 0;
  private anchorPosition = 0;
  private anchorTimeMs = 0;
  private slopes: number[] = [];
  private medianBytesPerMs: number | null = null;
  private bytesPerMs: number | null = null;

  get source(): ClockSource {
    return this.currentSource;
  }

  /** Number of points kept, at most 20 000. */
  get samples(): number {
    return this.track.length;
  }

  /** Memory of the points in bytes. */
  get bytes(): number {
    return this.track.bytes;
  }

  /** Bits per second of media time: the median of byte rates measured over 2 s each; null before the first. */
  get bitrateBps(): number | null {
    return this.medianBytesPerMs === null ? null : Math.round(this.medianBytesPerMs * 8000);
  }

  /** A PCR in ticks of 27 MHz, modulo its wrap, in the packet at `position`. */
  addPcr(position: number, ticks: number, arrivalMs: number): void {
    this.addTicks('pcr', position, ticks, arrivalMs);
  }

  /** A DTS or PTS in ticks of 90 kHz, modulo its wrap; ignored once a PCR was seen. */
  addPts(position: number, ticks90k: number, arrivalMs: number): void {
    if (this.currentSource !== 'pcr') this.addTicks('pts', position, ticks90k * 300, arrivalMs);
  }

  /** Takes the arrival time of the byte at `position`; ignored once there is a better source. */
  addArrival(position: number, arrivalMs: number): void {
    if (this.currentSource === 'none') {
      this.currentSource = 'arrival';
      this.startAt(position, 0, arrivalMs);
    } else if (
      this.currentSource === 'arrival' &&
      position > this.lastPosition &&
      arrivalMs >= this.lastArrivalMs + ARRIVAL_STEP_MS
    ) {
      this.add(position, this.lastTimeMs + arrivalMs - this.lastArrivalMs, arrivalMs);
    }
  }

  /** Call when the discontinuity flag was seen: the next sample may have a new time base. */
  expectDiscontinuity(): void {
    this.isFlagged = this.currentSource !== 'none';
  }

  /**
   * Call when the PCR has another PID or is silent: the best source is chosen again, because there may be no PCR any
   * more.
   */
  chooseTimeSourceAgain(): void {
    if (this.currentSource === 'none') return;
    this.currentSource = 'arrival';
    this.startsAnew = true;
  }

  /**
   * Media time in ms at a byte position: interpolated between samples, extrapolated by the current byte rate elsewhere
   * (before the first sample it may be negative). Null before the first sample.
   */
  mediaTimeAt(position: number): number | null {
    if (this.track.length === 0) return null;
    if (position > this.lastPosition) {
      return this.lastTimeMs + this.duration(position - this.lastPosition);
    }
    const oldest = this.track.oldest();
    if (oldest !== null && position < oldest.position) {
      return oldest.time - this.duration(oldest.position - position);
    }
    return this.track.interpolate(position);
  }

  /** Drops points before `position`, the tail of the ring. */
  dropBefore(position: number): void {
    this.track.dropBefore(position);
  }

  private duration(bytes: number): number {
    return this.bytesPerMs === null ? 0 : bytes / this.bytesPerMs;
  }

  private addTicks(source: ClockSource, position: number, ticks: number, arrivalMs: number): void {
    if (position <= this.lastPosition) return;
    const before = this.currentSource;
    this.currentSource = source;
    if (before === 'none') {
      this.lastTicks = ticks;
      this.startAt(position, 0, arrivalMs);
      return;
    }
    const stepMs = ticksBetween(this.lastTicks, ticks) / TICKS_PER_MS;
    const better = before !== source;
    if (this.isFlagged && (stepMs > MAX_FLAGGED_STEP_MS || stepMs < 0)) this.startsAnew = true;
    this.isFlagged = false;
    if (better || this.startsAnew || stepMs > MAX_STEP_MS || stepMs < -MAX_BACK_MS) {
      if (!better || this.startsAnew) this.discontinuities++;
      this.startsAnew = false;
      this.lastTicks = ticks;
      const passedMs = Math.max(0, arrivalMs - this.lastArrivalMs);
      this.startAt(position, this.lastTimeMs + passedMs, arrivalMs);
      return;
    }
    if (stepMs > 0) {
      this.still = 0;
      this.movedArrivalMs = arrivalMs;
    } else if (++this.still >= STUCK_SAMPLES && arrivalMs - this.movedArrivalMs > STUCK_MS) {
      this.add(position, this.lastTimeMs + arrivalMs - this.lastArrivalMs, arrivalMs);
      return;
    }
    // A small step back is jitter of a careless multiplexer. Media time stands still until the clock has caught up.
    if (stepMs < 0) return;
    this.lastTicks = ticks;
    this.add(position, this.lastTimeMs + stepMs, arrivalMs);
  }

  /** Begins a time base. The old byte rate is used until the new base has its own. */
  private startAt(position: number, timeMs: number, arrivalMs: number): void {
    this.anchorPosition = position;
    this.anchorTimeMs = timeMs;
    this.slopes = [];
    this.medianBytesPerMs = null;
    this.movedArrivalMs = arrivalMs;
    this.still = 0;
    this.add(position, timeMs, arrivalMs);
  }

  private add(position: number, timeMs: number, arrivalMs: number): void {
    this.track.add(position, timeMs);
    this.lastPosition = position;
    this.lastTimeMs = timeMs;
    this.lastArrivalMs = arrivalMs;
    const elapsed = timeMs - this.anchorTimeMs;
    const slope = (position - this.anchorPosition) / elapsed;
    if (elapsed >= SLOPE_MS) {
      this.bytesPerMs = slope;
      this.slopes.push(slope);
      if (this.slopes.length > SLOPES_KEPT) this.slopes.shift();
      this.medianBytesPerMs = median(this.slopes);
      this.anchorPosition = position;
      this.anchorTimeMs = timeMs;
    } else if (this.slopes.length === 0 && elapsed >= FIRST_RATE_MS) {
      this.bytesPerMs = slope;
    }
  }
}

/** Signed shortest distance modulo the wrap. */
function ticksBetween(from: number, to: number): number {
  const forward = (((to - from) % WRAP) + WRAP) % WRAP;
  return forward >= WRAP / 2 ? forward - WRAP : forward;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] as number;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] as number) + upper) / 2;
}
