import {
  discontinuityIndicator,
  hasPayload,
  isPesStart,
  payloadOffset,
  payloadUnitStart,
  pesDecodingTime,
  pesPresentationTime,
  pid as pidOf,
  PsiTracker,
  scrambled,
  transportError,
  TS_PACKET,
  type Programme,
  type TransportScanner,
} from '../mpegts';
import type { MediaUnit, UnitSink } from './media-unit';

const PAT_PID = 0;
const WRAP = 2 ** 33;
const TICKS_PER_MS = 90;
/** A decoding time may lie this much before its predecessor in a careless multiplex. */
const MAX_BACK_MS = 1000;
/** Beyond this a presentation time is no reordering of pictures. */
const MAX_REORDER_MS = 5000;

export interface UnitReaderOptions {
  /** Of the stream: which of its elementary streams leads where, and what work its source may still cause. */
  readonly scanner: Pick<TransportScanner, 'leads' | 'budget'>;
  /** A greater step from one unit to the next is another time line. */
  readonly maxStepMs: number;
  /** Time of a position where units bear none, as when they are scrambled. */
  readonly mediaTimeAt: (position: number) => number | null;
}

/**
 * Finds the access units of the leading stream in packets and puts them on one line of time, without the
 * 33 bits of the field. A wrap is no break; a flagged discontinuity or a leap is.
 */
export class UnitReader {
  private readonly psi: PsiTracker;
  private programmeNumber = -1;
  /** The stream that leads, and where the next one begins to. */
  private leading = -1;
  private leadsUntil = 0;
  private maxBackMs = MAX_BACK_MS;
  private isFlagged = false;
  private lastTicks: number | null = null;
  private lastMs = 0;
  private decodedTicks = 0;

  constructor(private readonly options: UnitReaderOptions) {
    this.psi = new PsiTracker(
      options.scanner,
      ({ programmeNumber }) => programmeNumber === this.programmeNumber,
    );
  }

  /** Packets were missed: what comes next is on a line of its own. */
  skipped(): void {
    this.isFlagged = true;
  }

  /** Reads the whole packets of `run`, which begins at stream position `position`. */
  read(
    run: Buffer,
    position: number,
    programme: Programme,
    arrivedMs: number,
    sink: UnitSink,
  ): void {
    if (programme.programmeNumber !== this.programmeNumber) {
      this.programmeNumber = programme.programmeNumber;
      this.psi.chooseAnew();
    }
    // Another stream may lead from here on since the last run was read.
    this.follow(position);
    let { leading } = this;
    for (let at = 0; at + TS_PACKET <= run.length; at += TS_PACKET) {
      if (position + at >= this.leadsUntil) {
        this.follow(position + at);
        leading = this.leading;
      }
      const pid = pidOf(run, at);
      if (pid === PAT_PID || pid === programme.pmtPid) {
        this.psi.push(run, at, payloadOffset(run, at), pid);
        continue;
      }
      if ((pid !== leading && pid !== programme.pcrPid) || transportError(run, at)) continue;
      if (discontinuityIndicator(run, at)) this.isFlagged = true;
      if (pid !== leading || !payloadUnitStart(run, at) || !hasPayload(run, at)) continue;
      const unit = this.unit(run, at, position + at, arrivedMs);
      if (unit !== null) sink(unit);
    }
  }

  private follow(position: number): void {
    const { leads } = this.options.scanner;
    const leading = leads.at(position)?.stream.pid ?? -1;
    // Streams of one programme are sent up to some seconds apart.
    this.maxBackMs = leading === this.leading ? this.maxBackMs : this.options.maxStepMs;
    this.leading = leading;
    this.leadsUntil = leads.endOf(position);
  }

  private unit(run: Buffer, at: number, position: number, arrivedMs: number): MediaUnit | null {
    const from = payloadOffset(run, at);
    const end = at + TS_PACKET;
    const tables = this.psi.snapshot?.preface() ?? null;
    const isReadable = !scrambled(run, at) && isPesStart(run, from, end);
    const ticks = isReadable ? pesDecodingTime(run, from, end) : -1;
    if (ticks >= 0) {
      const isBreak = this.advance(ticks);
      const decodedMs = this.decodedTicks / TICKS_PER_MS;
      const reorderMs = signed(pesPresentationTime(run, from, end) - ticks) / TICKS_PER_MS;
      const presentedMs = decodedMs + (Math.abs(reorderMs) <= MAX_REORDER_MS ? reorderMs : 0);
      return { position, presentedMs, decodedMs, arrivedMs, isBreak, tables };
    }
    // Where some units have times, those without are no place to cut.
    if (this.lastTicks !== null) return null;
    const timeMs = this.options.mediaTimeAt(position);
    if (timeMs === null) return null;
    const isBreak = this.takeFlag() || timeMs - this.lastMs > this.options.maxStepMs;
    this.lastMs = timeMs;
    return { position, presentedMs: timeMs, decodedMs: timeMs, arrivedMs, isBreak, tables };
  }

  /** Moves the line on to `ticks`; true when it broke. */
  private advance(ticks: number): boolean {
    const isFirst = this.lastTicks === null;
    const step = isFirst ? 0 : signed(ticks - (this.lastTicks as number));
    this.lastTicks = ticks;
    const stepMs = step / TICKS_PER_MS;
    const isLeap = stepMs > this.options.maxStepMs || stepMs < -this.maxBackMs;
    this.maxBackMs = MAX_BACK_MS;
    const isBreak = this.takeFlag() || isLeap;
    // Each line goes on from the last one's end, so that figures stay small; only differences count.
    if (!isLeap) this.decodedTicks += step;
    return isBreak && !isFirst;
  }

  private takeFlag(): boolean {
    const was = this.isFlagged;
    this.isFlagged = false;
    return was;
  }
}

/** A difference of 33-bit times, the shorter way round. */
function signed(difference: number): number {
  const forward = ((difference % WRAP) + WRAP) % WRAP;
  return forward >= WRAP / 2 ? forward - WRAP : forward;
}
