import type { Programme, SourceBudget } from '../mpegts';
import { CatchUpGauge, LONGEST_CATCH_UP_MS } from './catch-up';
import { areAllFlagged, isContinuous } from './counter-jumps';
import type { Entry } from './entry-probe';
import { EntrySearch } from './entry-search';
import { flaggedPreface } from './flagged-preface';
import type { OverlapCuts } from './proven-overlap';
import { SearchCost } from './search-cost';
import { SourceMatch } from './source-match';
import type { Outgoing, Splice, SpliceBase } from './splice.types';
import { StagedSource } from './staged-source';

/** Packets without any PSI, and a past that is on its way, are held up to this much. */
const MAX_STAGED_BYTES = 8 * 1024 * 1024;
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
/** Steps of a look that finds nothing new, for itself and for each stream that may prove an overlap. */
const LOOK_STEPS = 5;

/**
 * Holds back a new source of a running stream until its place is found: where the old one ended, if the overlap of
 * both proves it; else the first random access point behind that, announced by flags. What it looks at at each read is
 * bounded by the source's budget.
 */
export class SourceSplicer {
  private readonly staged = new StagedSource();
  private readonly match: SourceMatch;
  /** Viewers wait from here on. */
  private waitingFromMs: number | null = null;
  private lastLookMs = -Infinity;
  private readonly catchUp = new CatchUpGauge();
  private readonly cost = new SearchCost();
  private readonly search: EntrySearch;

  constructor(
    private readonly base: SpliceBase,
    private readonly before: Outgoing | null = null,
  ) {
    this.match = new SourceMatch(base, this.staged);
    const { staged, match, cost } = this;
    this.search = new EntrySearch({ staged, match, cost });
  }

  get mediaPackets(): number {
    return this.staged.scanner.mediaPackets;
  }

  get hasShown(): boolean {
    return this.staged.scanner.hasShown;
  }

  get budget(): SourceBudget {
    return this.staged.scanner.budget;
  }

  /** What the search has looked at: packets, units and points, each time it did. */
  get searchSteps(): number {
    return this.cost.steps;
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
    // Whoever feeds this ends the source.
    if (this.budget.exceededBy !== null) return null;
    const isBeside = this.before?.isGoingOn === true;
    if (isBeside && nowMs - this.lastLookMs < LOOK_MS) return null;
    this.lastLookMs = nowMs;
    staged.readUnits();
    if (!isBeside) this.waitingFromMs ??= this.before === null ? staged.firstMs : nowMs;
    this.cost.steps += LOOK_STEPS * (1 + this.match.streams.length);
    return this.cost.pay(this.budget) ? this.place(programme, nowMs) : null;
  }

  private place(programme: Programme, nowMs: number): Splice | null {
    const { staged, match } = this;
    const offset = match.knownOffset();
    const behindMs = offset === null ? null : match.behindMs(offset);
    if (behindMs !== null) this.catchUp.look(nowMs, behindMs);
    const overlap = offset === null ? 'none' : match.overlap(offset);
    if (overlap !== 'none' && overlap !== 'pending') return this.goOn(overlap, offset ?? 0);
    if (offset !== null && this.staysBeside(nowMs, behindMs)) return null;
    const entry = this.search.find(offset, this.base.offset, programme, nowMs, () =>
      this.mayWaitForPresent(nowMs),
    );
    if (entry === null) {
      // What is on its way from the past to the present needs to be held no longer than a proof may need it.
      if (offset !== null && staged.bytes >= MAX_STAGED_BYTES) staged.keepNewest(CATCH_UP_BYTES);
      return null;
    }
    const isOver = entry.isOverdue === true || this.search.isLookedAt(entry.position);
    // A source that is given up for the present proves nothing any more.
    const mayProve = overlap === 'pending' && entry.offset !== null;
    if (!isOver && (mayProve || !this.search.probeOf(entry, programme).canFlag())) return null;
    return this.enter(entry, programme, nowMs);
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
    if (besideMs >= MAX_BESIDE_MS && !isComing) before.supersede();
    else if (staged.bytes >= MAX_BESIDE_BYTES) staged.keepNewest(CATCH_UP_BYTES);
    return true;
  }

  /** For how long viewers have had no media; the first ones of the source may have come before it was looked at. */
  private silentMs(nowMs: number): number {
    return Math.max(0, nowMs - (this.base.history.scanner.lastMediaArrivalMs ?? nowMs));
  }

  /** Viewers are kept waiting no longer for a source that is on its way. */
  private get longestWaitMs(): number {
    const { bearable } = this.base;
    const silentMs = this.silentMs(this.waitingFromMs ?? 0);
    const bearableMs = Math.min(bearable.silenceMs, bearable.outageMs - silentMs);
    return Math.min(LONGEST_CATCH_UP_MS, bearableMs - ENTRY_ROOM_MS);
  }

  private mayWaitForPresent(nowMs: number): boolean {
    const waitedMs = nowMs - (this.waitingFromMs ?? nowMs);
    return this.catchUp.isWorthWaiting(waitedMs, this.longestWaitMs);
  }

  private enter(entry: Entry, programme: Programme, nowMs: number): Splice {
    const { staged } = this;
    const probe = this.search.probeOf(entry, programme);
    const cuts = new Map(this.match.streams.map(({ source }) => [source, probe.opening(source)]));
    const media = [...(entry.parameters ?? []), ...staged.cut(entry.position, cuts)];
    const preface = flaggedPreface(entry.psi, media, programme);
    const offset =
      entry.offset ?? this.match.continuingOffset(entry.position, this.silentMs(nowMs));
    const counters = this.base.history.scanner.lastCounters();
    const rewriter = this.match.rewriterFor(entry.psi, offset, areAllFlagged(preface, counters));
    return { parts: [preface, ...media], rewriter, isFlagged: true };
  }

  /** Nothing is lost and nothing comes twice: no flag is needed. */
  private goOn({ from, cuts }: OverlapCuts, offset: number): Splice {
    const parts = this.staged.cut(from, cuts);
    const { scanner } = this.staged;
    const psi = scanner.psiPreface() as Buffer;
    const counters = this.base.history.scanner.lastCounters();
    const before = this.staged.countersBefore(from, cuts);
    const rewriter = this.match.rewriterFor(psi, offset, isContinuous(parts, counters, before));
    return { parts, rewriter, isFlagged: false };
  }
}
