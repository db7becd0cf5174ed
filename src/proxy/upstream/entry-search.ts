import {
  ticksBetween,
  type AccessUnit,
  type Programme,
  type EntryPoint,
  type UnitTrack,
} from '../mpegts';
import { EntryProbe, type Entry, type SearchedSource } from './entry-probe';
import type { StreamPair } from './proven-overlap';

/** Inputs of the search other than the source itself. When one changes, the search starts again. */
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
/** Limits on what is searched after the entry for the first packet of each PID, which is needed to flag the PID. */
const MAX_FLAGGING_BYTES = 1024 * 1024;
const MAX_FLAGGING_MS = 1000;

/**
 * Finds the entry position of a source whose overlap with the old source is not proved: its first random access point
 * after the end of the old source. If we stop waiting for the source to catch up, the entry is its newest random
 * access point. The search is repeated at every read, but examines each access unit and random access point only once
 * while its inputs stay the same.
 */
export class EntrySearch {
  private state: SearchState | null = null;
  /** First random access point, and first access unit, that viewers have not had yet. */
  private point: EntryPoint | null = null;
  private unit: AccessUnit | null = null;
  /** Positions before which all random access points, and all access units, were examined. */
  private pointsSearchedTo = 0;
  private unitsSearchedTo = 0;
  /** Position and time at which we stopped waiting for the source to catch up. */
  private abandoned: { readonly at: number; readonly ms: number } | null = null;
  /**
   * Newest random access point after which enough media arrived: a PID without a packet since then is not waited for.
   */
  private newestExaminedPoint: EntryPoint | null = null;
  private probe: EntryProbe | null = null;

  constructor(private readonly source: SearchedSource) {}

  /**
   * @param offset added to the source's timestamps; null if the relation to the stream's timestamps is unknown
   * @param usualOffset offset of the previous source
   * @param mayWait true if the search may still wait for the source to catch up
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
    const state = { leading, offset, last: match.outgoing().lastDts(leading.own) };
    this.resetIfChanged(state);
    const track = staged.trackOf(leading.source);
    const point = this.firstNewPoint(state, track, from);
    if (point !== null) return { ...entryAt(point), offset };
    const unit = this.firstNewUnit(state, track, from);
    if (unit !== null) {
      return this.isOverdue(unit.at) ? { position: unit.at, psi, offset } : null;
    }
    // The source has nothing new for viewers yet. Once the wait is over, it is entered with new timestamps and repeats
    // some media.
    return mayWait() ? null : this.outdatedEntry(track, psi, programme, nowMs);
  }

  probeOf(entry: Entry, programme: Programme): EntryProbe {
    if (this.probe?.isOf(entry, programme) !== true) {
      this.probe = new EntryProbe(entry, programme, this.source);
    }
    return this.probe;
  }

  /** True if enough media arrived after `position` to stop waiting for PIDs that have not sent a packet. */
  isExamined(position: number): boolean {
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
      previous.leading.own === leading.own &&
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

  private firstNewUnit(state: SearchState, track: UnitTrack, from: number): AccessUnit | null {
    if (this.unit !== null && this.unit.at >= from) return this.unit;
    this.unit = null;
    let index = track.indexFrom(Math.max(from, this.unitsSearchedTo));
    for (; index < track.units.length && this.unit === null; index++) {
      const unit = track.units[index] as AccessUnit;
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
      // A PID that is listed in the PMT but never sends must not delay the entry at every key frame.
      const point = this.findNewestExaminedPoint();
      return point === null ? entry : { ...entryAt(point), offset: null };
    }
    const from = Math.max(abandoned.at, staged.start);
    const unit = track.units[track.indexFrom(from)];
    // Measure by wall clock: media time barely advances when video and PCR have ended and only audio continues.
    const isOverdue =
      nowMs - abandoned.ms >= MAX_STAGED_MS || staged.end - abandoned.at >= MAX_STAGED_BYTES;
    return isOverdue ? { position: unit?.at ?? from, psi, offset: null, isOverdue } : null;
  }

  private findNewestExaminedPoint(): EntryPoint | null {
    const { staged, cost } = this.source;
    if (this.newestExaminedPoint !== null && this.newestExaminedPoint.position < staged.start) {
      this.newestExaminedPoint = null;
    }
    let index = staged.pointIndexFrom((this.newestExaminedPoint?.position ?? -1) + 1);
    for (; index < staged.points.length; index++) {
      const point = staged.points[index] as EntryPoint;
      cost.steps++;
      if (!this.isExamined(point.position)) break;
      this.newestExaminedPoint = point;
    }
    return this.newestExaminedPoint;
  }

  private isOverdue(sincePosition: number): boolean {
    const { staged } = this.source;
    return staged.mediaMsSince(sincePosition) >= MAX_STAGED_MS || staged.bytes >= MAX_STAGED_BYTES;
  }
}

function isNewForViewers(unit: AccessUnit | undefined, { last, offset }: SearchState): boolean {
  return unit !== undefined && unit.dts >= 0 && ticksBetween(last, unit.dts + offset) > 0;
}

function entryAt(point: EntryPoint): Omit<Entry, 'offset'> {
  return { position: point.position, psi: point.tables, parameters: point.parameterPackets() };
}
