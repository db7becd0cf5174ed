import { firstContinuities, NULL_PID, TransportScanner, type Programme } from '../mpegts';
import { flaggedPreface } from './flagged-preface';

export interface Splice {
  readonly programme: Programme;
  /** Whole packets in order: the flagged preface, then the source from its entry point on. */
  readonly parts: readonly Buffer[];
}

interface Entry {
  readonly programme: Programme;
  readonly position: number;
  readonly psi: Buffer;
}

/** A source that shows no random access point within this is entered right after its PSI. */
const MAX_STAGED_BYTES = 8 * 1024 * 1024;
const MAX_STAGED_MS = 3000;
/** From the entry on this much is looked at for the PIDs that have to be flagged. */
const MAX_FLAGGING_BYTES = 1024 * 1024;
const MAX_FLAGGING_MS = 1000;
/** Subtitles and data may be silent for long; what comes steadily comes within this. */
const MAX_DATA_FLAGGING_MS = 120;

/**
 * Holds back a new source of a running stream until its first random access point, so that viewers never
 * see half a picture, and puts before it what tells players that the timeline breaks (rule 21).
 */
export class SourceSplicer {
  private readonly scanner = new TransportScanner();
  private staged: { readonly start: number; readonly data: Buffer }[] = [];
  private stagedBytes = 0;
  private entry: Entry | null = null;

  get mediaPackets(): number {
    return this.scanner.mediaPackets;
  }

  /** Takes whole packets; returns the splice once its place is found. */
  push(data: Buffer, start: number, end: number, nowMs: number): Splice | null {
    // The caller's buffer is the socket's: only a copy may be kept.
    this.staged.push({ start: this.stagedBytes, data: Buffer.from(data.subarray(start, end)) });
    this.scanner.scan(data, start, end, this.stagedBytes, nowMs);
    this.stagedBytes += end - start;
    const programme = this.scanner.programme;
    if (programme === null) {
      // Packets without any PSI can not be entered: keep the memory bounded and wait on.
      if (this.stagedBytes - (this.staged[0]?.start ?? 0) >= MAX_STAGED_BYTES) this.staged = [];
      return null;
    }
    this.entry ??= this.findEntry(programme);
    if (this.entry === null || !this.canFlag(this.entry)) return null;
    return this.splice(this.entry);
  }

  private findEntry(programme: Programme): Entry | null {
    const point = this.scanner.takeRandomAccessPoints()[0];
    if (point !== undefined) return { programme, position: point.position, psi: point.preface };
    const psi = this.scanner.psiPreface();
    const position = this.scanner.psiReadyAt;
    if (psi === null || position === null) return null;
    const isOverdue =
      this.mediaMsSince(position) >= MAX_STAGED_MS || this.stagedBytes >= MAX_STAGED_BYTES;
    return isOverdue ? { programme, position, psi } : null;
  }

  /**
   * A PID can be flagged once its first packet is here, and the entry is proved before the sound that
   * goes with it has come.
   */
  private canFlag({ programme, position }: Entry): boolean {
    if (this.stagedBytes - position >= MAX_FLAGGING_BYTES) return true;
    const mediaMs = this.mediaMsSince(position);
    if (mediaMs >= MAX_FLAGGING_MS) return true;
    const seen = firstContinuities(this.mediaFrom(position), programme);
    return (
      (programme.pcrPid === NULL_PID || seen.has(programme.pcrPid)) &&
      programme.streams.every(({ pid, kind }) => {
        const isSparse = kind !== 'video' && kind !== 'audio';
        return seen.has(pid) || (isSparse && mediaMs >= MAX_DATA_FLAGGING_MS);
      })
    );
  }

  private mediaMsSince(position: number): number {
    const from = this.scanner.clock.mediaTimeAt(position);
    const to = this.scanner.clock.mediaTimeAt(this.stagedBytes);
    return from === null || to === null ? 0 : to - from;
  }

  private mediaFrom(position: number): Buffer[] {
    const media: Buffer[] = [];
    for (const { start, data } of this.staged) {
      if (start + data.length <= position) continue;
      media.push(start < position ? data.subarray(position - start) : data);
    }
    return media;
  }

  private splice({ programme, position, psi }: Entry): Splice {
    const media = this.mediaFrom(position);
    return { programme, parts: [flaggedPreface(psi, media, programme), ...media] };
  }
}
