import { ticksBetween } from '../mpegts';

const TICKS_PER_MS = 90;
/** A time may lie this much before its predecessor in a careless multiplex. */
const MAX_BACK_MS = 1000;
/** A stream that brought nothing for so long says nothing about what the others do. */
const ALIVE_MS = 1000;
/** After so much media it is decided whether a stream has left the line alone. */
const SETTLE_MS = 1000;
/** Units kept of a stream that has left the line; one second has fewer. */
const MAX_HELD = 256;

/** Receives what the timeline decides, in the order of each stream. */
export interface TimelineSink<Unit> {
  /** `unit` has the time `ms` on the line. */
  placed(track: TimeTrack<Unit>, unit: Unit, ms: number): void;
  /** A new line begins; `unit` is the first one that belongs to it. */
  broke(unit: Unit): void;
}

interface Held<Unit> {
  readonly unit: Unit;
  readonly ticks: number;
}

/** One stream, or the clock, as the timeline knows it. */
export class TimeTrack<Unit> {
  /** The line on which the fields below are; another one makes them void. */
  line = -1;
  /** A line with which its times have no fixed distance. */
  strayLine = -1;
  ticks = 0;
  ms = 0;
  /** Where the whole line was when this track was placed last. */
  lineMs = 0;
  /** Units off the line, of which it is not known yet whether a new line begins with them. */
  held: Held<Unit>[] = [];
  /** Media that passed in `held`, and where the line was when the track left it. */
  heldMs = 0;
  heldFromMs = 0;

  /** @param hasOwnBase its times have no fixed distance from those of other streams on any line */
  constructor(public hasOwnBase: boolean) {}

  /** What comes next is placed without regard to what came before. */
  forget(): void {
    this.line = -1;
    this.held = [];
  }
}

/**
 * One line of time for the streams of a programme and its clock. A stream that leaves the line begins a new one only if
 * another one leaves it as well, or none is there to say otherwise: a gap of pictures with continuous sound is a gap,
 * a single wrong time stamp is nothing, and a wrap of the 33 bits is no step. Discontinuity flags are not heard, because
 * encoders set them where nothing jumps.
 */
export class Timeline<Unit> {
  /** The latest time of any stream, ms. Goes on over breaks, so that figures stay small; only differences count. */
  nowMs = 0;
  /** Where the present line began. */
  beganMs = 0;
  private tracks: readonly TimeTrack<Unit>[] = [];
  private line = 0;
  private isEmpty = true;
  /** A time that all streams with the common base agree on; null while no stream has shown it. */
  private base: { ticks: number; ms: number } | null = null;

  constructor(
    private readonly maxStepMs: number,
    private readonly sink: TimelineSink<Unit>,
  ) {}

  /** Whether any stream with the common base is on the line. */
  get hasBase(): boolean {
    return this.base !== null;
  }

  /** The streams of the programme from now on. Those that stay keep their place on the line. */
  follow(tracks: readonly TimeTrack<Unit>[]): void {
    this.tracks = tracks;
    this.beganMs = this.nowMs;
  }

  /** A new line begins with the next unit, whatever its time. */
  begin(): void {
    this.line++;
    this.base = null;
    this.beganMs = this.nowMs;
    for (const track of this.tracks) track.held = [];
  }

  private isOn(track: TimeTrack<Unit>): boolean {
    return track.line === this.line;
  }

  /** Takes the next unit of `track`, whose decoding time is `ticks` of 90 kHz. */
  take(track: TimeTrack<Unit>, ticks: number, unit: Unit): void {
    const ms = this.fit(track, ticks);
    if (ms !== null) {
      this.place(track, ticks, ms, unit);
      return;
    }
    this.hold(track, ticks, unit);
    if (this.isUncontradicted(track)) {
      this.leap();
      return;
    }
    const passedMs = this.nowMs - track.heldFromMs;
    const { heldMs, held } = track;
    if (Math.max(heldMs, passedMs) < SETTLE_MS && held.length < MAX_HELD) return;
    // The others went on meanwhile: the stream has a time of its own from now on, and what was held is lost.
    if (passedMs >= SETTLE_MS / 2) {
      track.strayLine = this.line;
      this.place(track, ticks, this.nowMs, unit);
    } else this.leap();
  }

  /** The time on the line that `ticks` stand for; null when they do not fit. */
  private fit(track: TimeTrack<Unit>, ticks: number): number | null {
    const { base, nowMs } = this;
    if (this.isOn(track)) {
      const stepMs = ticksBetween(track.ticks, ticks) / TICKS_PER_MS;
      // What passes in other streams passes in this one too, however long it is silent.
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

  private place(track: TimeTrack<Unit>, ticks: number, ms: number, unit: Unit): void {
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
    this.sink.placed(track, unit, ms);
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
        // Not what it seemed to have become either.
        track.held = [];
        track.heldMs = 0;
      }
    }
    track.held.push({ unit, ticks });
  }

  /** No other stream is there to say that the line goes on, or one has left it too. */
  private isUncontradicted(track: TimeTrack<Unit>): boolean {
    let isAlone = true;
    for (const other of this.tracks) {
      if (other === track || !this.isOn(other)) continue;
      if (this.nowMs - other.lineMs > ALIVE_MS) continue;
      if (other.held.length > 0) return true;
      isAlone = false;
    }
    return isAlone;
  }

  /** Begins a new line with all that is held. */
  private leap(): void {
    const leapt = this.tracks
      .filter((track) => track.held.length > 0)
      .map((track) => ({ track, held: track.held }));
    this.begin();
    const first = leapt[0]?.held[0];
    if (first !== undefined) this.sink.broke(first.unit);
    for (const { track, held } of leapt) {
      for (const { ticks, unit } of held) {
        const ms = this.fit(track, ticks);
        if (ms === null) this.hold(track, ticks, unit);
        else this.place(track, ticks, ms, unit);
      }
    }
  }
}
