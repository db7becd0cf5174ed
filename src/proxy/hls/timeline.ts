import { ticksBetween } from '../mpegts';

const TICKS_PER_MS = 90;
/** A unit may be this much earlier than its predecessor in a careless multiplex. */
const MAX_BACK_MS = 1000;
/** A stream that is silent for this long is no evidence of what other streams do. */
const ACTIVE_MS = 1000;
/** After this much media it is decided whether a stream has left the line alone. */
const SETTLE_MS = 1000;
/** Maximum number of held units of a stream that has left the line; one second has fewer. */
const MAX_HELD = 256;

/** Receives the decisions of the timeline, in the order of each stream. */
export interface TimelineSink<Unit> {
  /** `unit` has the time `ms` on the line. */
  assigned(track: TimeTrack<Unit>, unit: Unit, ms: number): void;
  /** A new line begins; `unit` is the first one that belongs to it. */
  lineStarted(unit: Unit): void;
}

interface HeldUnit<Unit> {
  readonly unit: Unit;
  readonly ticks: number;
}

/** The timeline's state of one stream or of the PCR. */
export class TimeTrack<Unit> {
  /** The line to which the fields below belong; a new line invalidates them. */
  line = -1;
  /** A line to which this track's timestamps have no fixed offset. */
  strayLine = -1;
  ticks = 0;
  ms = 0;
  /** Time of the whole line when this track was last assigned a time. */
  lineMs = 0;
  /** Units off the line. It is not known yet whether a new line begins with them. */
  held: HeldUnit<Unit>[] = [];
  /** Media time that `held` spans, and the time of the line when the track left it. */
  heldMs = 0;
  heldFromMs = 0;

  /** @param hasOwnBase true if the timestamps have no fixed offset from those of other streams on any line */
  constructor(public hasOwnBase: boolean) {}

  /** Assigns the next unit without regard to earlier ones. */
  forget(): void {
    this.line = -1;
    this.held = [];
  }
}

/**
 * One time line for the streams of a programme and its PCR. A stream that leaves the line starts a new line only if
 * another stream leaves it too, or no other stream is active. So a gap in the video with continuous audio is a gap, a
 * single wrong timestamp has no effect, and a wrap of the 33 bits is no step. Discontinuity flags are ignored, because
 * encoders set them without a jump.
 */
export class Timeline<Unit> {
  /** Latest time of any stream in ms. It continues across breaks, so values stay small; only differences count. */
  nowMs = 0;
  /** Time at which the current line began. */
  beganMs = 0;
  private tracks: readonly TimeTrack<Unit>[] = [];
  private line = 0;
  private isEmpty = true;
  /** Reference point of the streams with the common base; null until one of them has a time. */
  private base: { ticks: number; ms: number } | null = null;

  constructor(
    private readonly maxStepMs: number,
    private readonly sink: TimelineSink<Unit>,
  ) {}

  /** True if any stream with the common base is on the line. */
  get hasBase(): boolean {
    return this.base !== null;
  }

  /** Replaces the streams of the programme. Streams that stay keep their state. */
  follow(tracks: readonly TimeTrack<Unit>[]): void {
    this.tracks = tracks;
    this.beganMs = this.nowMs;
  }

  /** Starts a new line with the next unit, whatever its time. */
  begin(): void {
    this.line++;
    this.base = null;
    this.beganMs = this.nowMs;
    for (const track of this.tracks) track.held = [];
  }

  private isOn(track: TimeTrack<Unit>): boolean {
    return track.line === this.line;
  }

  /** Takes the next unit of `track`; `ticks` is its decoding time in ticks of 90 kHz. */
  take(track: TimeTrack<Unit>, ticks: number, unit: Unit): void {
    const ms = this.fit(track, ticks);
    if (ms !== null) {
      this.assign(track, ticks, ms, unit);
      return;
    }
    this.hold(track, ticks, unit);
    if (this.mayStartNewLine(track)) {
      this.startNewLine();
      return;
    }
    const passedMs = this.nowMs - track.heldFromMs;
    const { heldMs, held } = track;
    if (Math.max(heldMs, passedMs) < SETTLE_MS && held.length < MAX_HELD) return;
    // Other streams continued on the line, so this stream gets its own offset, and its held units are dropped.
    if (passedMs >= SETTLE_MS / 2) {
      track.strayLine = this.line;
      this.assign(track, ticks, this.nowMs, unit);
    } else this.startNewLine();
  }

  /** Time on the line for `ticks`; null if it does not fit. */
  private fit(track: TimeTrack<Unit>, ticks: number): number | null {
    const { base, nowMs } = this;
    if (this.isOn(track)) {
      const stepMs = ticksBetween(track.ticks, ticks) / TICKS_PER_MS;
      // Time that passes in other streams passes in this one too, however long it is silent.
      if (this.isStep(stepMs, nowMs - track.lineMs)) return track.ms + stepMs;
    } else if (track.hasOwnBase || base === null) {
      return this.isEmpty ? ticks / TICKS_PER_MS : nowMs;
    }
    if (this.isStray(track) || base === null) return null;
    const ms = base.ms + ticksBetween(base.ticks, ticks) / TICKS_PER_MS;
    const aheadMs = ms - nowMs;
    const maxBackMs = this.isOn(track) ? MAX_BACK_MS : this.maxStepMs;
    return aheadMs >= -maxBackMs && aheadMs <= this.maxStepMs ? ms : null;
  }

  private isStep(ms: number, passedMs: number): boolean {
    return ms >= -MAX_BACK_MS && ms <= this.maxStepMs + passedMs;
  }

  private isStray(track: TimeTrack<Unit>): boolean {
    return track.hasOwnBase || track.strayLine === this.line;
  }

  private assign(track: TimeTrack<Unit>, ticks: number, ms: number, unit: Unit): void {
    if (this.isEmpty) {
      this.isEmpty = false;
      this.nowMs = ms;
      this.beganMs = ms;
    }
    this.nowMs = Math.max(this.nowMs, ms);
    track.line = this.line;
    track.ticks = ticks;
    track.ms = ms;
    track.lineMs = this.nowMs;
    if (track.held.length > 0) track.held = [];
    if (!this.isStray(track)) this.base = { ticks, ms };
    this.sink.assigned(track, unit, ms);
  }

  private hold(track: TimeTrack<Unit>, ticks: number, unit: Unit): void {
    const last = track.held.at(-1);
    if (last === undefined) {
      track.heldFromMs = this.nowMs;
      track.heldMs = 0;
    } else {
      const stepMs = ticksBetween(last.ticks, ticks) / TICKS_PER_MS;
      if (this.isStep(stepMs, 0)) track.heldMs += Math.max(0, stepMs);
      else {
        // The held units do not continue either, so drop them.
        track.held = [];
        track.heldMs = 0;
      }
    }
    track.held.push({ unit, ticks });
  }

  /** True if no other active stream continues the line, or another one has left it too. */
  private mayStartNewLine(track: TimeTrack<Unit>): boolean {
    let isAlone = true;
    for (const other of this.tracks) {
      if (other === track || !this.isOn(other)) continue;
      if (this.nowMs - other.lineMs > ACTIVE_MS) continue;
      if (other.held.length > 0) return true;
      isAlone = false;
    }
    return isAlone;
  }

  /** Starts a new line with all held units. */
  private startNewLine(): void {
    const moved = this.tracks
      .filter((track) => track.held.length > 0)
      .map((track) => ({ track, held: track.held }));
    this.begin();
    const first = moved[0]?.held[0];
    if (first !== undefined) this.sink.lineStarted(first.unit);
    for (const { track, held } of moved) {
      for (const { ticks, unit } of held) {
        const ms = this.fit(track, ticks);
        if (ms === null) this.hold(track, ticks, unit);
        else this.assign(track, ticks, ms, unit);
      }
    }
  }
}
