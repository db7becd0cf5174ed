import type { Programme, SourceBudget } from '../mpegts';
import { SourceLagEstimator, MAX_CATCH_UP_MS } from './source-lag';
import { areAllFlagged, isContinuous } from './counter-jumps';
import type { Entry } from './entry-probe';
import { EntrySearch } from './entry-search';
import { flaggedPreface } from './flagged-preface';
import type { OverlapCuts } from './proven-overlap';
import { SearchCost } from './search-cost';
import { SourceMatch } from './source-match';
import type { OutgoingSource, Splice, SpliceContext } from './splice-types';
import { StagedSource } from './staged-source';

/** Maximum number of staged bytes of a source without PAT and PMT, or of one that is still catching up. */
const MAX_STAGED_BYTES = 8 * 1024 * 1024;
/** Part of the allowed wait that is kept for finding an entry after the wait for catching up has ended. */
const ENTRY_RESERVE_MS = 2000;
/** Newest bytes kept for the overlap proof while the source catches up. */
const OVERLAP_PROOF_BYTES = 4 * 1024 * 1024;
/**
 * Two sources with the same time base may run in parallel for this long before the old one is ended. The limit does not
 * apply while the new source is catching up.
 */
const MAX_PARALLEL_MS = 3000;
const MAX_PARALLEL_BYTES = 6 * 1024 * 1024;
/** Minimum interval between two searches while the old source still flows. */
const SEARCH_INTERVAL_MS = 20;
/** Steps counted for each search, even if it finds nothing. Multiplied by the number of compared streams plus one. */
const STEPS_PER_SEARCH = 5;

/**
 * Buffers a new source of a running stream until its splice point is known. If an overlap with the old source is
 * proved, the new source continues exactly where the old one ended. Otherwise it begins at its next random access
 * point after that, and the discontinuity is flagged. The source's budget limits the work per read.
 */
export class SourceSplicer {
  private readonly staged = new StagedSource();
  private readonly match: SourceMatch;
  /** Monotonic time at which viewers began to wait for this source; null while the old source flows. */
  private waitStartMs: number | null = null;
  private lastSearchMs = -Infinity;
  private readonly lag = new SourceLagEstimator();
  private readonly cost = new SearchCost();
  private readonly search: EntrySearch;

  constructor(
    private readonly context: SpliceContext,
    private readonly outgoing: OutgoingSource | null = null,
  ) {
    this.match = new SourceMatch(context, this.staged);
    const { staged, match, cost } = this;
    this.search = new EntrySearch({ staged, match, cost });
  }

  get mediaPackets(): number {
    return this.staged.scanner.mediaPackets;
  }

  get hasReceivedAnnouncedStream(): boolean {
    return this.staged.scanner.hasReceivedAnnouncedStream;
  }

  get budget(): SourceBudget {
    return this.staged.scanner.budget;
  }

  /** Number of transport packets, PES packets and random access points examined so far; repetitions count. */
  get searchSteps(): number {
    return this.cost.steps;
  }

  /** The source's programme; null until its tables have arrived. */
  get programme(): Programme | null {
    return this.staged.programme;
  }

  /**
   * Takes whole packets. Returns the splice once the splice point is known, and `foreign` if the source's programme
   * cannot continue the outgoing one.
   */
  push(data: Buffer, start: number, end: number, nowMs: number): Splice | 'foreign' | null {
    const { staged } = this;
    staged.push(data, start, end, nowMs);
    const { programme } = staged;
    if (programme === null) {
      // The source cannot be entered without PSI, so drop its bytes to bound the memory.
      if (staged.bytes >= MAX_STAGED_BYTES) staged.keepNewest(0);
      return null;
    }
    if (!this.match.update(programme)) return 'foreign';
    // The caller ends a source that has exceeded its budget.
    if (this.budget.exceededBy !== null) return null;
    const isOutgoingFlowing = this.outgoing?.isFlowing === true;
    if (isOutgoingFlowing && nowMs - this.lastSearchMs < SEARCH_INTERVAL_MS) return null;
    this.lastSearchMs = nowMs;
    staged.readUnits();
    if (!isOutgoingFlowing) this.waitStartMs ??= this.outgoing === null ? staged.firstMs : nowMs;
    this.cost.steps += STEPS_PER_SEARCH * (1 + this.match.streams.length);
    return this.cost.pay(this.budget) ? this.findSplice(programme, nowMs) : null;
  }

  private findSplice(programme: Programme, nowMs: number): Splice | null {
    const { staged, match } = this;
    const offset = match.detectOffset();
    const lagMs = offset === null ? null : match.lagMs(offset);
    if (lagMs !== null) this.lag.observe(nowMs, lagMs);
    const overlap = offset === null ? 'none' : match.overlap(offset);
    if (overlap !== 'none' && overlap !== 'pending')
      return this.spliceSeamlessly(overlap, offset ?? 0);
    if (offset !== null && this.keepsBothSources(nowMs, lagMs)) return null;
    const entry = this.search.find(offset, this.context.offset, programme, nowMs, () =>
      this.mayWaitForCatchUp(nowMs),
    );
    if (entry === null) {
      // While the source catches up, keep only the bytes that an overlap proof may need.
      if (offset !== null && staged.bytes >= MAX_STAGED_BYTES)
        staged.keepNewest(OVERLAP_PROOF_BYTES);
      return null;
    }
    const isOver = entry.isOverdue === true || this.search.hasEnoughMediaAfter(entry.position);
    // A null offset gives the source new timestamps, so an overlap proof would no longer help.
    const mayProve = overlap === 'pending' && entry.offset !== null;
    if (!isOver && (mayProve || !this.search.probeOf(entry, programme).canFlag())) return null;
    return this.spliceFlagged(entry, programme, nowMs);
  }

  /**
   * True while both sources should keep running. If the new source is ahead, the old one will reach it; if it is
   * behind, it may catch up. If neither happens in time, the old source is ended. The new one then only has to reach
   * the position at which the old one ended.
   */
  private keepsBothSources(nowMs: number, lagMs: number | null): boolean {
    const { staged, outgoing } = this;
    if (outgoing?.isFlowing !== true) return false;
    const parallelMs = nowMs - (staged.firstMs ?? nowMs);
    const isCatchingUp =
      lagMs !== null && lagMs > 0 && this.lag.isWorthWaiting(parallelMs, MAX_CATCH_UP_MS);
    if (parallelMs >= MAX_PARALLEL_MS && !isCatchingUp) outgoing.supersede();
    else if (staged.bytes >= MAX_PARALLEL_BYTES) staged.keepNewest(OVERLAP_PROOF_BYTES);
    return true;
  }

  /** Time since media for viewers last arrived. `nowMs` can be older than that arrival, so clamp to 0. */
  private silentMs(nowMs: number): number {
    return Math.max(0, nowMs - (this.context.history.scanner.lastMediaArrivalMs ?? nowMs));
  }

  /** Maximum time that viewers wait for the source to catch up. */
  private get maxWaitMs(): number {
    const { silenceLimits } = this.context;
    const silentMs = this.silentMs(this.waitStartMs ?? 0);
    const allowedMs = Math.min(silenceLimits.silenceMs, silenceLimits.outageMs - silentMs);
    return Math.min(MAX_CATCH_UP_MS, allowedMs - ENTRY_RESERVE_MS);
  }

  private mayWaitForCatchUp(nowMs: number): boolean {
    const waitedMs = nowMs - (this.waitStartMs ?? nowMs);
    return this.lag.isWorthWaiting(waitedMs, this.maxWaitMs);
  }

  private spliceFlagged(entry: Entry, programme: Programme, nowMs: number): Splice {
    const { staged } = this;
    const probe = this.search.probeOf(entry, programme);
    const cuts = new Map(this.match.streams.map(({ source }) => [source, probe.startOf(source)]));
    const media = [...(entry.parameters ?? []), ...staged.cut(entry.position, cuts)];
    const preface = flaggedPreface(entry.psi, media, programme);
    const offset =
      entry.offset ?? this.match.continuingOffset(entry.position, this.silentMs(nowMs));
    const counters = this.context.history.scanner.lastCounters();
    const rewriter = this.match.rewriterFor(entry.psi, offset, areAllFlagged(preface, counters));
    return { parts: [preface, ...media], rewriter, isFlagged: true };
  }

  /** Joins at a proved overlap: no media are lost or repeated, so no flag is needed. */
  private spliceSeamlessly({ from, cuts }: OverlapCuts, offset: number): Splice {
    const parts = this.staged.cut(from, cuts);
    const { scanner } = this.staged;
    const psi = scanner.psiPreface() as Buffer;
    const counters = this.context.history.scanner.lastCounters();
    const previous = this.staged.countersBefore(from, cuts);
    const rewriter = this.match.rewriterFor(psi, offset, isContinuous(parts, counters, previous));
    return { parts, rewriter, isFlagged: false };
  }
}
