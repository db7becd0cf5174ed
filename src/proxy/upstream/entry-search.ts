import {
  ticksBetween,
  type AccessUnit,
  type Programme,
  type EntryPoint,
  type UnitTrack,
} from '../mpegts';
import { EntryProbe, type Entry, type SearchedSource } from './entry-probe';
import type { StreamPair } from './proven-overlap';

/** What the search depends on beside the source: other answers begin it anew. */
interface Present {
  readonly leading: StreamPair;
  /** Added to the source's times, 90 kHz. */
  readonly offset: number;
  /** Newest time of the leading stream that viewers had. */
  readonly last: number;
}

/** A source that shows no random access point within this is entered right after its PSI. */
const MAX_STAGED_BYTES = 8 * 1024 * 1024;
const MAX_STAGED_MS = 3000;
/** From the entry on this much is looked at for the PIDs that have to be flagged. */
const MAX_FLAGGING_BYTES = 1024 * 1024;
const MAX_FLAGGING_MS = 1000;

/**
 * Looks where a source can be entered that does not go on exactly where the old one ended: at its first random access
 * point behind that, or, when it is given up for the present, as late as can be. Asked at every read, and each unit and
 * each point is looked at once as long as nothing changes under the search.
 */
export class EntrySearch {
  private present: Present | null = null;
  /** The first random access point of the present, and the first unit. */
  private point: EntryPoint | null = null;
  private unit: AccessUnit | null = null;
  /** Points, and units, before this were looked at. */
  private pointsLookedTo = 0;
  private unitsLookedTo = 0;
  /** When the source was given up for the present, and what was here then. */
  private givenUp: { readonly at: number; readonly ms: number } | null = null;
  /** The newest point that has been looked at for so long that what is not here by now is not waited for. */
  private lookedAtPoint: EntryPoint | null = null;
  private probe: EntryProbe | null = null;

  constructor(private readonly source: SearchedSource) {}

  /**
   * @param offset null: what the source's times have to do with those of the stream is not known
   * @param usualOffset of the source before
   * @param mayWait whether a source that is still in the past is waited for
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
    const present = { leading, offset, last: match.outgoing().lastDts(leading.own) };
    this.begin(present);
    const track = staged.trackOf(leading.source);
    const point = this.firstPoint(present, track, from);
    if (point !== null) return { ...entryAt(point), offset };
    const unit = this.firstUnit(present, track, from);
    if (unit !== null) {
      return this.isOverdue(unit.at) ? { position: unit.at, psi, offset } : null;
    }
    // Still in the past. Viewers can not wait for ever: they see something again, in new time.
    return mayWait() ? null : this.pastEntry(track, psi, programme, nowMs);
  }

  probeOf(entry: Entry, programme: Programme): EntryProbe {
    if (this.probe?.isOf(entry, programme) !== true) {
      this.probe = new EntryProbe(entry, programme, this.source);
    }
    return this.probe;
  }

  /** Whether so much has come since `position` that what is not here by now is not waited for. */
  isLookedAt(position: number): boolean {
    const { staged } = this.source;
    return (
      staged.end - position >= MAX_FLAGGING_BYTES ||
      staged.mediaMsSince(position) >= MAX_FLAGGING_MS
    );
  }

  private begin(present: Present): void {
    const { leading, offset, last } = present;
    const before = this.present;
    this.present = present;
    const isSame =
      before?.leading.source === leading.source &&
      before.leading.own === leading.own &&
      before.offset === offset &&
      before.last === last;
    if (isSame) return;
    this.point = null;
    this.unit = null;
    this.pointsLookedTo = 0;
    this.unitsLookedTo = 0;
  }

  private firstPoint(present: Present, track: UnitTrack, from: number): EntryPoint | null {
    if (this.point !== null && this.point.position >= from) return this.point;
    this.point = null;
    const { staged, cost } = this.source;
    const { points } = staged;
    let index = staged.pointIndexFrom(Math.max(from, this.pointsLookedTo));
    for (; index < points.length && this.point === null; index++) {
      const point = points[index] as EntryPoint;
      cost.steps++;
      this.pointsLookedTo = point.position + 1;
      if (isOfPresent(track.at(point.position), present)) this.point = point;
    }
    return this.point;
  }

  private firstUnit(present: Present, track: UnitTrack, from: number): AccessUnit | null {
    if (this.unit !== null && this.unit.at >= from) return this.unit;
    this.unit = null;
    let index = track.indexFrom(Math.max(from, this.unitsLookedTo));
    for (; index < track.units.length && this.unit === null; index++) {
      const unit = track.units[index] as AccessUnit;
      this.source.cost.steps++;
      this.unitsLookedTo = unit.at + 1;
      if (isOfPresent(unit, present)) this.unit = unit;
    }
    return this.unit;
  }

  /** Where a source is entered that is given up for the present: as late as can be. */
  private pastEntry(
    track: UnitTrack,
    psi: Buffer,
    programme: Programme,
    nowMs: number,
  ): Entry | null {
    const { staged } = this.source;
    const givenUp = (this.givenUp ??= { at: staged.end, ms: nowMs });
    const newest = staged.points.at(-1);
    if (newest !== undefined) {
      const entry = { ...entryAt(newest), offset: null };
      if (this.probeOf(entry, programme).canFlag()) return entry;
      // What is announced and never comes must not be waited for anew with every key frame.
      const point = this.newestLookedAt();
      return point === null ? entry : { ...entryAt(point), offset: null };
    }
    const from = Math.max(givenUp.at, staged.start);
    const unit = track.units[track.indexFrom(from)];
    // Not by media time, which hardly goes on when pictures and their clock have ended and sound has not.
    const isOverdue =
      nowMs - givenUp.ms >= MAX_STAGED_MS || staged.end - givenUp.at >= MAX_STAGED_BYTES;
    return isOverdue ? { position: unit?.at ?? from, psi, offset: null, isOverdue } : null;
  }

  private newestLookedAt(): EntryPoint | null {
    const { staged, cost } = this.source;
    if (this.lookedAtPoint !== null && this.lookedAtPoint.position < staged.start) {
      this.lookedAtPoint = null;
    }
    let index = staged.pointIndexFrom((this.lookedAtPoint?.position ?? -1) + 1);
    for (; index < staged.points.length; index++) {
      const point = staged.points[index] as EntryPoint;
      cost.steps++;
      if (!this.isLookedAt(point.position)) break;
      this.lookedAtPoint = point;
    }
    return this.lookedAtPoint;
  }

  private isOverdue(sincePosition: number): boolean {
    const { staged } = this.source;
    return staged.mediaMsSince(sincePosition) >= MAX_STAGED_MS || staged.bytes >= MAX_STAGED_BYTES;
  }
}

function isOfPresent(unit: AccessUnit | undefined, { last, offset }: Present): boolean {
  return unit !== undefined && unit.dts >= 0 && ticksBetween(last, unit.dts + offset) > 0;
}

function entryAt(point: EntryPoint): Omit<Entry, 'offset'> {
  return { position: point.position, psi: point.tables, parameters: point.parameterPackets() };
}
