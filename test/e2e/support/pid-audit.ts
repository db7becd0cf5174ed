import {
  clockOf,
  continuityOf,
  decodeTimeOf,
  hasPayload,
  isDiscontinuity,
  sectionOf,
  ticksBetween,
} from './ts-packet';

/** Results for one PID of a viewer's stream. */
export class PidAudit {
  packets = 0;
  /** Packets with the discontinuity flag. */
  flagged = 0;
  /** Jumps of the continuity counter without a flag. */
  continuityErrors = 0;
  /** Packets with the counter of the previous packet (allowed once in a row, but counted). */
  duplicates = 0;
  /** Largest step between two decoding times, ms. */
  largestStepMs = 0;
  /** How often a decoding time was smaller than the previous one. */
  backSteps = 0;
  /** Largest step between two clock references, ms; null if the PID carries none. */
  largestClockStepMs: number | null = null;
  /** How often a clock reference was smaller than the previous one. */
  clockBackSteps = 0;
  /** Versions of the table, in order of appearance. */
  readonly versions: number[] = [];
  crcErrors = 0;
  /** Body of the newest table. */
  table: Buffer | null = null;
  private continuity: number | null = null;
  private decodeTime: number | null = null;
  private clock: number | null = null;

  constructor(readonly isTable: boolean) {}

  packet(data: Buffer, at: number): void {
    this.packets += 1;
    this.noteContinuity(data, at);
    if (this.isTable) this.noteTable(data, at);
    else this.noteTime(data, at);
    this.noteClock(data, at);
  }

  private noteContinuity(data: Buffer, at: number): void {
    const counter = continuityOf(data, at);
    const before = this.continuity;
    this.continuity = counter;
    if (isDiscontinuity(data, at)) {
      this.flagged += 1;
      return;
    }
    if (before === null) return;
    if (counter === before) {
      if (hasPayload(data, at)) this.duplicates += 1;
      return;
    }
    const isNext = hasPayload(data, at) && counter === (before + 1) % 16;
    if (!isNext) this.continuityErrors += 1;
  }

  private noteTable(data: Buffer, at: number): void {
    const section = sectionOf(data, at);
    if (section === null) return;
    if (!section.isIntact) this.crcErrors += 1;
    if (this.versions.at(-1) !== section.version) this.versions.push(section.version);
    this.table = section.body;
  }

  private noteTime(data: Buffer, at: number): void {
    const time = decodeTimeOf(data, at);
    if (time === null) return;
    if (this.decodeTime !== null) {
      const stepMs = ticksBetween(this.decodeTime, time) / 90;
      if (stepMs < 0) this.backSteps += 1;
      this.largestStepMs = Math.max(this.largestStepMs, Math.abs(stepMs));
    }
    this.decodeTime = time;
  }

  private noteClock(data: Buffer, at: number): void {
    const clock = clockOf(data, at);
    if (clock === null) return;
    if (this.clock !== null) {
      const stepMs = ticksBetween(this.clock, clock) / 90;
      if (stepMs < 0) this.clockBackSteps += 1;
      this.largestClockStepMs = Math.max(this.largestClockStepMs ?? 0, Math.abs(stepMs));
    }
    this.clock = clock;
  }
}
