import {
  firstContinuities,
  NULL_PID,
  ticksBetween,
  type Programme,
  type SourceBudget,
} from '../mpegts';
import { CatchUpGauge, LONGEST_CATCH_UP_MS } from './catch-up';
import { areAllFlagged, isContinuous } from './counter-jumps';
import { flaggedPreface } from './flagged-preface';
import type { OverlapCuts, StreamPair } from './proven-overlap';
import { SourceMatch } from './source-match';
import type { Outgoing, Splice, SpliceBase } from './splice.types';
import { StagedSource } from './staged-source';

interface Entry {
  readonly position: number;
  readonly psi: Buffer;
  /** Null: what makes the times go on from where they are. */
  readonly offset: number | null;
  /** What is not here by now is not waited for. */
  readonly isOverdue?: true;
}

/** A source that shows no random access point within this is entered right after its PSI. */
const MAX_STAGED_BYTES = 8 * 1024 * 1024;
const MAX_STAGED_MS = 3000;
/** From the entry on this much is looked at for the PIDs that have to be flagged. */
const MAX_FLAGGING_BYTES = 1024 * 1024;
const MAX_FLAGGING_MS = 1000;
/** Subtitles and data may be silent for long; what comes steadily comes within this. */
const MAX_DATA_FLAGGING_MS = 120;
/** What is given up for the present is entered within this. */
const ENTRY_ROOM_MS = 2000;
/** Of the past so much is kept for the proof of overlap. */
const CATCH_UP_BYTES = 4 * 1024 * 1024;
/**
 * So long may two sources with one time base go on side by side before the old one is ended for the new one; longer
 * when that is coming up to it.
 */
const MAX_BESIDE_MS = 3000;
const MAX_BESIDE_BYTES = 6 * 1024 * 1024;
/** A look at both is worth that much of either. */
const LOOK_MS = 20;
/**
 * Holds back a new source of a running stream until its place is found: where the old one ended, if the overlap of
 * both proves it; else the first random access point behind that, announced by flags (rules 21 and 22).
 */
export class SourceSplicer {
  private readonly staged = new StagedSource();
  private readonly match: SourceMatch;
  /** Viewers wait from here on. */
  private waitingFromMs: number | null = null;
  private lastLookMs = -Infinity;
  private readonly catchUp = new CatchUpGauge();
  /** When the source was given up for the present, and what was here then. */
  private givenUp: { readonly at: number; readonly ms: number } | null = null;

  constructor(
    private readonly base: SpliceBase,
    private readonly before: Outgoing | null = null,
  ) {
    this.match = new SourceMatch(base, this.staged);
  }

  get mediaPackets(): number {
    return this.staged.scanner.mediaPackets;
  }

  get budget(): SourceBudget {
    return this.staged.scanner.budget;
  }

  /** What the source's tables announce; null before they came. */
  get programme(): Programme | null {
    return this.staged.programme;
  }

  /** Takes whole packets; returns the splice once its place is found. */
  push(data: Buffer, start: number, end: number, nowMs: number): Splice | 'foreign' | null {
    const { staged } = this;
    staged.push(data, start, end, nowMs);
    const { programme } = staged;
    if (programme === null) {
      // Packets without any PSI can not be entered: keep the memory bounded and wait on.
      if (staged.bytes >= MAX_STAGED_BYTES) staged.keepNewest(0);
      return null;
    }
    if (!this.match.follow(programme)) return 'foreign';
    // What has spent its budget is about to be ended.
    if (this.budget.exceededBy !== null) return null;
    const isBeside = this.before?.isGoingOn === true;
    if (isBeside && nowMs - this.lastLookMs < LOOK_MS) return null;
    this.lastLookMs = nowMs;
    staged.readUnits();
    if (!isBeside) this.waitingFromMs ??= this.before === null ? staged.firstMs : nowMs;
    return this.place(programme, nowMs);
  }

  private place(programme: Programme, nowMs: number): Splice | null {
    const { staged, match } = this;
    const offset = match.knownOffset();
    const behindMs = offset === null ? null : match.behindMs(offset);
    if (behindMs !== null) this.catchUp.look(nowMs, behindMs);
    const overlap = offset === null ? 'none' : match.overlap(offset);
    if (overlap !== 'none' && overlap !== 'pending') return this.goOn(overlap, offset ?? 0);
    if (offset !== null && this.staysBeside(nowMs, behindMs)) return null;
    const entry = this.findEntry(offset, programme, nowMs);
    if (entry === null) {
      // What is on its way from the past to the present needs to be held no longer than a proof may need it.
      if (offset !== null && staged.bytes >= MAX_STAGED_BYTES) staged.keepNewest(CATCH_UP_BYTES);
      return null;
    }
    const isOver = entry.isOverdue === true || this.isLookedAt(entry.position);
    // A source that is given up for the present proves nothing any more.
    const mayProve = overlap === 'pending' && entry.offset !== null;
    if (!isOver && (mayProve || !this.canFlag(entry, programme))) return null;
    return this.enter(entry, programme);
  }

  /**
   * Whether to wait while the old source goes on: one that is ahead is reached by it, one that is behind may come up
   * with it. When neither happens the old one is ended, and the new one has to come up to where that was.
   */
  private staysBeside(nowMs: number, behindMs: number | null): boolean {
    const { staged, before } = this;
    if (before?.isGoingOn !== true) return false;
    const besideMs = nowMs - (staged.firstMs ?? nowMs);
    const isComing =
      behindMs !== null &&
      behindMs > 0 &&
      this.catchUp.isWorthWaiting(besideMs, LONGEST_CATCH_UP_MS);
    if (besideMs >= MAX_BESIDE_MS && !isComing) before.relieve();
    else if (staged.bytes >= MAX_BESIDE_BYTES) staged.keepNewest(CATCH_UP_BYTES);
    return true;
  }

  /** Viewers are kept waiting no longer for a source that is on its way. */
  private get longestWaitMs(): number {
    const { history, bearable } = this.base;
    const fromMs = this.waitingFromMs ?? 0;
    const silentMs = Math.max(0, fromMs - (history.scanner.lastMediaArrivalMs ?? fromMs));
    const bearableMs = Math.min(bearable.silenceMs, bearable.outageMs - silentMs);
    return Math.min(LONGEST_CATCH_UP_MS, bearableMs - ENTRY_ROOM_MS);
  }

  private findEntry(offset: number | null, programme: Programme, nowMs: number): Entry | null {
    const { staged, match } = this;
    const { leading } = match;
    const { points } = staged;
    const psi = staged.scanner.psiPreface();
    const psiAt = staged.scanner.psiReadyAt;
    if (psi === null || psiAt === null) return null;
    const from = Math.max(psiAt, staged.start);
    if (leading === null || offset === null) {
      const point = points[0];
      const shift = match.hasTimes ? null : this.base.offset;
      if (point !== undefined)
        return { position: point.position, psi: point.preface, offset: shift };
      const isOverdue =
        staged.mediaMsSince(psiAt) >= MAX_STAGED_MS || staged.bytes >= MAX_STAGED_BYTES;
      return isOverdue ? { position: from, psi, offset: shift } : null;
    }
    const last = this.match.outgoing().lastDts(leading.own);
    const next = staged
      .unitsOf(leading.source)
      .filter(({ at, dts }) => at >= from && dts >= 0 && ticksBetween(last, dts + offset) > 0);
    const point = points.find(({ position }) => next.some(({ at }) => at === position));
    if (point !== undefined) return { position: point.position, psi: point.preface, offset };
    const presentAt = next[0]?.at;
    if (presentAt !== undefined) {
      const isOverdue =
        staged.mediaMsSince(presentAt) >= MAX_STAGED_MS || staged.bytes >= MAX_STAGED_BYTES;
      return isOverdue ? { position: presentAt, psi, offset } : null;
    }
    // Still in the past. Viewers can not wait for ever: they see something again, in new time.
    const waitedMs = nowMs - (this.waitingFromMs ?? nowMs);
    if (this.catchUp.isWorthWaiting(waitedMs, this.longestWaitMs)) return null;
    return this.pastEntry(leading, psi, programme, nowMs);
  }

  /** Where a source is entered that is given up for the present: as late as can be. */
  private pastEntry(
    leading: StreamPair,
    psi: Buffer,
    programme: Programme,
    nowMs: number,
  ): Entry | null {
    const { staged } = this;
    const { points } = staged;
    const givenUp = (this.givenUp ??= { at: staged.end, ms: nowMs });
    const newest = points.at(-1);
    if (newest !== undefined) {
      const entry = { position: newest.position, psi: newest.preface, offset: null };
      if (this.canFlag(entry, programme)) return entry;
      // What is announced and never comes must not be waited for anew with every key frame.
      const seen = points.findLast(({ position }) => this.isLookedAt(position));
      return seen === undefined
        ? entry
        : { position: seen.position, psi: seen.preface, offset: null };
    }
    const from = Math.max(givenUp.at, staged.start);
    const unit = staged.unitsOf(leading.source).find(({ at }) => at >= from);
    // Not by media time, which hardly goes on when pictures and their clock have ended and sound has not.
    const isOverdue =
      nowMs - givenUp.ms >= MAX_STAGED_MS || staged.end - givenUp.at >= MAX_STAGED_BYTES;
    return isOverdue ? { position: unit?.at ?? from, psi, offset: null, isOverdue } : null;
  }

  private isLookedAt(position: number): boolean {
    return (
      this.staged.end - position >= MAX_FLAGGING_BYTES ||
      this.staged.mediaMsSince(position) >= MAX_FLAGGING_MS
    );
  }

  /**
   * A PID can be flagged once its first packet is here, and the entry is proved before the sound that
   * goes with it has come.
   */
  private canFlag(entry: Entry, programme: Programme): boolean {
    const { staged } = this;
    const mediaMs = staged.mediaMsSince(entry.position);
    const seen = firstContinuities(staged.cut(entry.position, new Map()), programme);
    return (
      (programme.pcrPid === NULL_PID || seen.has(programme.pcrPid)) &&
      programme.streams.every(({ pid, kind }) => {
        const isSparse = kind !== 'video' && kind !== 'audio';
        if (isSparse) return seen.has(pid) || mediaMs >= MAX_DATA_FLAGGING_MS;
        return seen.has(pid) && this.opening(pid, entry) !== Infinity;
      })
    );
  }

  /**
   * Where a stream goes on behind the entry: with a whole unit, and none that viewers have had. `Infinity` when it is
   * not here yet.
   */
  private opening(source: number, { position, offset }: Entry): number {
    const own = this.match.streams.find((pair) => pair.source === source)?.own;
    if (own === undefined || source === this.match.leading?.source) return position;
    const last = this.match.outgoing().lastDts(own);
    const unit = this.staged.unitsOf(source).find(({ at, dts }) => {
      if (at < position) return false;
      return offset === null || last < 0 || dts < 0 || ticksBetween(last, dts + offset) > 0;
    });
    return unit?.at ?? Infinity;
  }

  private enter(entry: Entry, programme: Programme): Splice {
    const { staged } = this;
    const cuts = new Map(
      this.match.streams.map(({ source }) => [source, this.opening(source, entry)]),
    );
    const media = staged.cut(entry.position, cuts);
    const preface = flaggedPreface(entry.psi, media, programme);
    const offset = entry.offset ?? this.match.continuingOffset(entry.position);
    const counters = this.base.history.scanner.lastCounters();
    const rewriter = this.match.rewriterFor(entry.psi, offset, areAllFlagged(preface, counters));
    return { parts: [preface, ...media], rewriter };
  }

  /** Nothing is lost and nothing comes twice: no flag is needed. */
  private goOn({ from, cuts }: OverlapCuts, offset: number): Splice {
    const parts = this.staged.cut(from, cuts);
    const psi = this.staged.scanner.psiPreface() as Buffer;
    const counters = this.base.history.scanner.lastCounters();
    return { parts, rewriter: this.match.rewriterFor(psi, offset, isContinuous(parts, counters)) };
  }
}
