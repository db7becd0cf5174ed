import {
  ticksBetween,
  type PesUnit,
  type Programme,
  type EntryPoint,
  type UnitTrack,
} from '../mpegts';
import { EntryProbe, type Entry, type SearchedSource } from './entry-probe';
import type { StreamPair } from './proven-overlap';

/** What the search depends on besides the source. When any of it changes, the search starts again. */
interface SearchState {
  readonly leading: StreamPair;
  /** Added to the source's timestamps, in ticks of 90 kHz. */
  readonly offset: number;
  /** Newest decoding time of the leading stream that was sent to viewers. */
  readonly last: number;
}

/** A source without a random access point within these limits is entered right after its PSI. */
const MAX_STAGED_BYTES = 8 * 1024 * 1024;
const MAX_STAGED_MS = 3000;
/**
 * Amount of media after an entry in which the first packet of each PID is sought, because only then can the PID be
 * flagged.
 */
const MAX_FLAGGING_BYTES = 1024 * 1024;
const MAX_FLAGGING_MS = 1000;

/**
 * Finds the entry position of a source whose overlap with the old source is not proved: its first random access point
 * after the end of the old source. When the wait for the source to catch up has ended, the entry is its newest random
 * access point instead. The search runs at every read, but examines each PES packet and each random access point only
 * once while its inputs stay the same.
 */
export class EntrySearch {
  private state: SearchState | null = null;
  /** First random access point that viewers have not had yet. */
  private point: EntryPoint | null = null;
  /** First PES packet of the leading stream that viewers have not had yet. */
  private unit: PesUnit | null = null;
  /** All random access points before this position were examined. */
  private pointsSearchedTo = 0;
  /** All PES packets of the leading stream before this position were examined. */
  private unitsSearchedTo = 0;
  /** Position and time at which we stopped waiting for the source to catch up. */
  private abandoned: { readonly at: number; readonly ms: number } | null = null;
  /**
   * Newest random access point with so much media after it that PIDs without a packet no longer delay an entry there.
   */
  private newestPointWithEnoughMedia: EntryPoint | null = null;
  private probe: EntryProbe | null = null;

  constructor(private readonly source: SearchedSource) {}

  /**
   * @param offset added to the source's timestamps; null if their relation to the outgoing timestamps is unknown
   * @param usualOffset offset of the previous source
   * @param mayWait true if the search may go on waiting for the source to catch up
   */
  find(
    offset: number | null,
    usualOffset: number,
    programme: Programme,
    nowMs: number,
    mayWait: () => boolean,
  ): Entry | null {
    const { staged, match } = this.source;
    const { leading } = match;
    const psi = staged.scanner.psiPreface();
    const psiAt = staged.scanner.psiReadyAt;
    if (psi === null || psiAt === null) return null;
    const from = Math.max(psiAt, staged.start);
    if (leading === null || offset === null) {
      const point = staged.points[0];
      const shift = match.hasTimes ? null : usualOffset;
      if (point !== undefined) return { ...entryAt(point), offset: shift };
      return this.isOverdue(psiAt) ? { position: from, psi, offset: shift } : null;
    }
    const state = { leading, offset, last: match.outgoingTail().lastDts(leading.outgoing) };
    this.resetIfChanged(state);
    const track = staged.trackOf(leading.source);
    const point = this.firstNewPoint(state, track, from);
    if (point !== null) return { ...entryAt(point), offset };
    const unit = this.firstNewUnit(state, track, from);
    if (unit !== null) {
      return this.isOverdue(unit.at) ? { position: unit.at, psi, offset } : null;
    }
    // The source has nothing new for viewers yet. When the wait is over, it is entered with new timestamps, and
    // viewers get some media twice.
    return mayWait() ? null : this.outdatedEntry(track, psi, programme, nowMs);
  }

  probeOf(entry: Entry, programme: Programme): EntryProbe {
    if (this.probe?.isOf(entry, programme) !== true) {
      this.probe = new EntryProbe(entry, programme, this.source);
    }
    return this.probe;
  }

  /** True if so much media arrived after `position` that PIDs without a packet no longer delay an entry there. */
  hasEnoughMediaAfter(position: number): boolean {
    const { staged } = this.source;
    return (
      staged.end - position >= MAX_FLAGGING_BYTES ||
      staged.mediaMsSince(position) >= MAX_FLAGGING_MS
    );
  }

  private resetIfChanged(state: SearchState): void {
    const { leading, offset, last } = state;
    const previous = this.state;
    this.state = state;
    const isSame =
      previous?.leading.source === leading.source &&
      previous.leading.outgoing === leading.outgoing &&
      previous.offset === offset &&
      previous.last === last;
    if (isSame) return;
    this.point = null;
    this.unit = null;
    this.pointsSearchedTo = 0;
    this.unitsSearchedTo = 0;
  }

  private firstNewPoint(state: SearchState, track: UnitTrack, from: number): EntryPoint | null {
    if (this.point !== null && this.point.position >= from) return this.point;
    this.point = null;
    const { staged, cost } = this.source;
    const { points } = staged;
    let index = staged.pointIndexFrom(Math.max(from, this.pointsSearchedTo));
    for (; index < points.length && this.point === null; index++) {
      const point = points[index] as EntryPoint;
      cost.steps++;
      this.pointsSearchedTo = point.position + 1;
      if (isNewForViewers(track.at(point.position), state)) this.point = point;
    }
    return this.point;
  }

  private firstNewUnit(state: SearchState, track: UnitTrack, from: number): PesUnit | null {
    if (this.unit !== null && this.unit.at >= from) return this.unit;
    this.unit = null;
    let index = track.indexFrom(Math.max(from, this.unitsSearchedTo));
    for (; index < track.units.length && this.unit === null; index++) {
      const unit = track.units[index] as PesUnit;
      this.source.cost.steps++;
      this.unitsSearchedTo = unit.at + 1;
      if (isNewForViewers(unit, state)) this.unit = unit;
    }
    return this.unit;
  }

  /** Entry for a source that did not catch up in time: its newest usable random access point. */
  private outdatedEntry(
    track: UnitTrack,
    psi: Buffer,
    programme: Programme,
    nowMs: number,
  ): Entry | null {
    const { staged } = this.source;
    const abandoned = (this.abandoned ??= { at: staged.end, ms: nowMs });
    const newest = staged.points.at(-1);
    if (newest !== undefined) {
      const entry = { ...entryAt(newest), offset: null };
      if (this.probeOf(entry, programme).canFlag()) return entry;
      // A PID that is listed in the PMT but never sends must not delay the entry again at every key frame.
      const point = this.findNewestPointWithEnoughMedia();
      return point === null ? entry : { ...entryAt(point), offset: null };
    }
    const from = Math.max(abandoned.at, staged.start);
    const unit = track.units[track.indexFrom(from)];
    // Measure by wall clock: media time barely advances when video and PCR have ended and only audio continues.
    const isOverdue =
      nowMs - abandoned.ms >= MAX_STAGED_MS || staged.end - abandoned.at >= MAX_STAGED_BYTES;
    return isOverdue ? { position: unit?.at ?? from, psi, offset: null, isOverdue } : null;
  }

  private findNewestPointWithEnoughMedia(): EntryPoint | null {
    const { staged, cost } = this.source;
    if (
      this.newestPointWithEnoughMedia !== null &&
      this.newestPointWithEnoughMedia.position < staged.start
    ) {
      this.newestPointWithEnoughMedia = null;
    }
    let index = staged.pointIndexFrom((this.newestPointWithEnoughMedia?.position ?? -1) + 1);
    for (; index < staged.points.length; index++) {
      const point = staged.points[index] as EntryPoint;
      cost.steps++;
      if (!this.hasEnoughMediaAfter(point.position)) break;
      this.newestPointWithEnoughMedia = point;
    }
    return this.newestPointWithEnoughMedia;
  }

  private isOverdue(sincePosition: number): boolean {
    const { staged } = this.source;
    return staged.mediaMsSince(sincePosition) >= MAX_STAGED_MS || staged.bytes >= MAX_STAGED_BYTES;
  }
}

function isNewForViewers(unit: PesUnit | undefined, { last, offset }: SearchState): boolean {
  return unit !== undefined && unit.dts >= 0 && ticksBetween(last, unit.dts + offset) > 0;
}

function entryAt(point: EntryPoint): Omit<Entry, 'offset'> {
  return { position: point.position, psi: point.tables, parameters: point.parameterPackets() };
}
