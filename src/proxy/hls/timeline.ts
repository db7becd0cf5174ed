import { ticksBetween } from '../mpegts';

const TICKS_PER_MS = 90;
/** In careless broadcasts, the timestamp of a unit may be this much before that of the previous unit. */
const MAX_BACK_MS = 1000;
/** A stream that has been silent for this long says nothing about whether the timeline continues. */
const ACTIVE_MS = 1000;
/** After this much media it is decided whether only this stream has left the timeline. */
const SETTLE_MS = 1000;
/** Maximum number of held units of a stream. One second of media has fewer. */
const MAX_HELD = 256;

/** Receives the decisions of the timeline. The units of one stream come in their order. */
export interface TimelineSink<Unit> {
  /** `unit` has the time `ms` on the present timeline. */
  assigned(track: TimeTrack<Unit>, unit: Unit, ms: number): void;
  /** A new timeline begins with `unit`. */
  lineStarted(unit: Unit): void;
}

/** A unit that does not fit on the timeline, and its decoding time in ticks of 90 kHz. */
interface HeldUnit<Unit> {
  readonly unit: Unit;
  readonly ticks: number;
}

/** What `Timeline` knows about one elementary stream, or about the PCR. */
export class TimeTrack<Unit> {
  /** Number of the timeline to which `ticks`, `ms` and `lineMs` belong. On a later timeline they have no meaning. */
  line = -1;
  /** Number of the timeline on which only this track has changed its offset; -1 if there was none. */
  strayLine = -1;
  /** The last timestamp in ticks of 90 kHz, and its time on the timeline in ms. */
  ticks = 0;
  ms = 0;
  /** The timeline's `nowMs` when this track last got a time. */
  lineMs = 0;
  /** Units that do not fit on the timeline. It is not decided yet whether a new one begins with them. */
  held: HeldUnit<Unit>[] = [];
  /** Duration of the media in `held`. */
  heldMs = 0;
  /** The timeline's `nowMs` when the first of them arrived. */
  heldFromMs = 0;

  /** @param hasOwnBase true if the timestamps never have a fixed offset from those of the other streams */
  constructor(public hasOwnBase: boolean) {}

  /** Makes the next unit get a time without regard to earlier ones. */
  forget(): void {
    this.line = -1;
    this.held = [];
  }
}

/**
 * Gives each unit of a programme's streams, and each PCR, a time on one timeline. Units whose timestamps jump are held
 * first. A new timeline begins if another stream jumps too, if no other stream is active, or if the others hardly
 * advance while 1 s of media (or 256 units) is held. So neither a gap in the video nor a single wrong timestamp begins
 * a new timeline while the audio continues. The wrap of the 33-bit timestamps is no jump. Discontinuity flags are
 * ignored, because encoders also set them where nothing jumps.
 */
export class Timeline<Unit> {
  /** Latest time of any stream, in ms. A new timeline continues from here. */
  nowMs = 0;
  /** The time at which the present timeline began, or at which `setTracks` was last called. */
  beganMs = 0;
  private tracks: readonly TimeTrack<Unit>[] = [];
  /** Number of the present timeline. */
  private line = 0;
  /** True until the first unit has got a time. */
  private isEmpty = true;
  /**
   * A timestamp and its time on the timeline, from which the times of all streams with the common offset follow. Null
   * if no such stream has a time yet.
   */
  private base: { ticks: number; ms: number } | null = null;

  constructor(
    private readonly maxStepMs: number,
    private readonly sink: TimelineSink<Unit>,
  ) {}

  /** True if a stream with the common offset has a time on the present timeline. */
  get hasBase(): boolean {
    return this.base !== null;
  }

  /** Sets the streams of the programme. */
  setTracks(tracks: readonly TimeTrack<Unit>[]): void {
    this.tracks = tracks;
    this.beganMs = this.nowMs;
  }

  /** Starts a new timeline with the next unit, whatever its timestamp. */
  begin(): void {
    this.line++;
    this.base = null;
    this.beganMs = this.nowMs;
    for (const track of this.tracks) track.held = [];
  }

  /** True if the track has a time on the present timeline. */
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
    // If other streams continue on the timeline, this stream gets its own offset, and its held units are dropped.
    if (passedMs >= SETTLE_MS / 2) {
      track.strayLine = this.line;
      this.assign(track, ticks, this.nowMs, unit);
    } else this.startNewLine();
  }

  /** Returns the time on the timeline for `ticks`; null if `ticks` does not fit on it. */
  private fit(track: TimeTrack<Unit>, ticks: number): number | null {
    const { base, nowMs } = this;
    if (this.isOn(track)) {
      const stepMs = ticksBetween(track.ticks, ticks) / TICKS_PER_MS;
      // A stream that was silent may jump by as much time as has passed in the other streams.
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

  /** True if a step of `ms` between two timestamps is usual. `passedMs`: time that has passed in other streams. */
  private isStep(ms: number, passedMs: number): boolean {
    return ms >= -MAX_BACK_MS && ms <= this.maxStepMs + passedMs;
  }

  /** True if the track's timestamps have their own offset on the present timeline. */
  private isStray(track: TimeTrack<Unit>): boolean {
    return track.hasOwnBase || track.strayLine === this.line;
  }

  /** Gives a unit its time. */
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

  /** Holds a unit that does not fit on the timeline. */
  private hold(track: TimeTrack<Unit>, ticks: number, unit: Unit): void {
    const last = track.held.at(-1);
    if (last === undefined) {
      track.heldFromMs = this.nowMs;
      track.heldMs = 0;
    } else {
      const stepMs = ticksBetween(last.ticks, ticks) / TICKS_PER_MS;
      if (this.isStep(stepMs, 0)) track.heldMs += Math.max(0, stepMs);
      else {
        // `ticks` does not follow the held units either, so drop those.
        track.held = [];
        track.heldMs = 0;
      }
    }
    track.held.push({ unit, ticks });
  }

  /** True if no other stream is active, or if another active stream has held units too. */
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

  /** Starts a new timeline with all held units. */
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
