import {
  mapProgramme,
  PacketRewriter,
  ticksBetween,
  TIMESTAMP_WRAP,
  type Programme,
  type ProgrammeMapping,
} from '../mpegts';
import { OutgoingTail } from './outgoing-tail';
import { proveOverlap, type OverlapCuts, type StreamPair } from './proven-overlap';
import { unitsForBytes } from './search-cost';
import type { SpliceContext } from './splice-types';
import type { StagedSource } from './staged-source';

/** A source that starts at most this far ahead of the expected time shares the stream's time base. */
const MAX_AHEAD_TICKS = 10 * 90_000;
/** A source that starts at most this far behind shares the time base too; we wait while it can catch up in time. */
const MAX_PAST_TICKS = 120 * 90_000;
/** Shorter gaps need no compensation, because players bridge them from their buffers. */
const MAX_UNCOMPENSATED_TICKS = 2 * 90_000;
const TICKS_PER_MS = 90;
/** Maximum lead of one stream over another in a sane multiplex. */
const MAX_LEAD_TICKS = 2 * 90_000;

/** Budget units for mapping a programme, and streams per further unit. */
const MAPPING_UNITS = 5;
const STREAMS_PER_UNIT = 4;

/**
 * Relates a new source to the outgoing stream: which PID corresponds to which, and the offset between their
 * timestamps.
 */
export class SourceMatch {
  private programme: Programme | null = null;
  private mapping: ProgrammeMapping | null = null;
  private ownPids: ReadonlyMap<number, number> = new Map();
  private pairs: readonly StreamPair[] = [];
  private tail: OutgoingTail | null = null;
  private hasReadTail = false;
  /** The outgoing programme at the time of the mapping. */
  private outgoingProgramme: Programme | null = null;

  constructor(
    private readonly context: SpliceContext,
    private readonly staged: StagedSource,
  ) {}

  /** Video and audio streams that exist on both sides. */
  get streams(): readonly StreamPair[] {
    return this.pairs;
  }

  /**
   * The stream by which the position of the source is measured: the source's leading stream, or, if viewers have
   * received nothing of that, the leading stream of the outgoing media. Null if the two programmes have no such stream
   * in common.
   */
  get leading(): StreamPair | null {
    const { pairs, staged, context } = this;
    const incoming = staged.scanner.leading;
    const pair = pairs.find(({ source }) => source === incoming?.pid) ?? null;
    if (pair === null || this.outgoing().lastDts(pair.own) >= 0) return pair;
    const sent = context.history.scanner.leading;
    return pairs.find(({ own }) => own === sent?.pid) ?? pair;
  }

  /** Updates the mapping when one of the programmes changed. False if the source cannot continue the stream. */
  update(programme: Programme): boolean {
    const isMapped =
      programme === this.programme &&
      this.context.history.scanner.programme === this.outgoingProgramme;
    return isMapped || this.mapTo(programme);
  }

  private mapTo(programme: Programme): boolean {
    const { own, history } = this.context;
    const outgoingProgramme = history.scanner.programme;
    const units = MAPPING_UNITS + programme.streams.length / STREAMS_PER_UNIT;
    // The caller ends a source that has exceeded its budget.
    if (!this.staged.scanner.budget.spend('tables', units)) return true;
    this.programme = programme;
    this.outgoingProgramme = outgoingProgramme;
    if (own !== null && outgoingProgramme !== null) {
      const mapping = mapProgramme(own, programme, 'splice');
      if (mapping === null) return false;
      this.mapping = mapping;
      this.ownPids = new Map([...mapping.pids, [programme.pmtPid, own.pmtPid]]);
      this.pairs = programme.streams.flatMap(({ pid, kind }) => {
        const ownPid = mapping.pids.get(pid);
        if (ownPid === undefined || (kind !== 'video' && kind !== 'audio')) return [];
        return [{ source: pid, own: ownPid }];
      });
    }
    const read = programme.streams.filter(({ kind }) => kind === 'video' || kind === 'audio');
    this.staged.readUnitsOf(new Set(read.map(({ pid }) => pid)));
    if (this.tail?.reads(this.ownUnitPids()) === false) this.tail = null;
    return true;
  }

  /** The end of the outgoing media, updated if the old source is still flowing. */
  outgoing(): OutgoingTail {
    if (this.tail === null) {
      this.tail = new OutgoingTail(this.context.history, this.ownUnitPids());
      // Every splice reads the tail once. More reads are charged, because only a source that changes its programme
      // causes them.
      if (this.hasReadTail) {
        const units = unitsForBytes(this.tail.readBytes);
        this.staged.scanner.budget.spend('splice_search', units);
      }
      this.hasReadTail = true;
    }
    this.tail.readNew();
    return this.tail;
  }

  /**
   * The offset to add to the source's timestamps if it shares the stream's time base: the offset of the previous
   * source, or 0. Null if the source has another time base, or none is known yet.
   */
  detectOffset(): number | null {
    const { leading } = this;
    if (leading === null) return null;
    const first = this.staged.trackOf(leading.source).firstTimed;
    if (first === undefined) return null;
    const expected = this.outgoing().expectedDts(leading.own);
    if (expected < 0) return null;
    for (const offset of [this.context.offset, 0]) {
      const ahead = ticksBetween(expected, first.dts + offset);
      if (ahead <= MAX_AHEAD_TICKS && ahead >= -MAX_PAST_TICKS) return offset;
    }
    return null;
  }

  /** Media in ms that the source's newest unit is behind the end of the outgoing media; negative when it is ahead. */
  lagMs(offset: number): number | null {
    const { leading } = this;
    if (leading === null) return null;
    const newest = this.staged.trackOf(leading.source).lastTimed;
    if (newest === undefined) return null;
    return ticksBetween(newest.dts + offset, this.outgoing().lastDts(leading.own)) / TICKS_PER_MS;
  }

  private ownUnitPids(): ReadonlySet<number> {
    return new Set(this.pairs.map(({ own }) => own));
  }

  /** Positions from which the source continues exactly where the old one ended. */
  overlap(offset: number): OverlapCuts | 'pending' | 'none' {
    const { leading, pairs, ownPids: pids } = this;
    if (leading === null || this.mapping === null) return 'none';
    return proveOverlap(this.outgoing(), this.staged, { pairs, leading, pids, offset });
  }

  /** True if both sides have timestamps of the leading stream. Without them no continuation can be computed. */
  get hasTimes(): boolean {
    const { leading } = this;
    return (
      leading !== null &&
      this.outgoing().lastDts(leading.own) >= 0 &&
      this.staged.trackOf(leading.source).firstTimed !== undefined
    );
  }

  /**
   * One offset for all streams: the smallest with which no stream is decoded or presented before what was sent. The
   * silence is added, because the clocks of players keep running while they wait, and media without this shift would
   * be late from then on.
   */
  continuingOffset(position: number, silentMs: number): number {
    const needs = this.pairs.flatMap(({ source, own }) => {
      const dts = this.outgoing().expectedDts(own);
      const pts = this.outgoing().expectedPts(own);
      const { units } = this.staged.trackOf(source);
      const first = units.find((unit) => unit.at >= position && unit.dts >= 0);
      if (dts < 0 || first === undefined) return [];
      const isLeading = source === this.leading?.source;
      const decoded = { isLeading, ticks: dts - first.dts };
      return pts < 0 ? [decoded] : [decoded, { isLeading: false, ticks: pts - first.pts }];
    });
    const lead = needs.find(({ isLeading }) => isLeading)?.ticks ?? needs[0]?.ticks ?? 0;
    const more = needs.map(({ ticks }) => ticksBetween(lead, ticks));
    const largest = Math.max(0, ...more.filter((ticks) => ticks <= MAX_LEAD_TICKS));
    const ticks = lead + largest + this.missedTicks(position, silentMs);
    return ((ticks % TIMESTAMP_WRAP) + TIMESTAMP_WRAP) % TIMESTAMP_WRAP;
  }

  /** The silence minus the media that the source delivered from `position` on. */
  private missedTicks(position: number, silentMs: number): number {
    const { leading, staged } = this;
    if (leading === null) return 0;
    const { units, lastTimed } = staged.trackOf(leading.source);
    const first = units.find((unit) => unit.at >= position && unit.dts >= 0);
    if (first === undefined || lastTimed === undefined) return 0;
    const brought = Math.max(0, ticksBetween(first.dts, lastTimed.dts));
    const missed = Math.round(silentMs * TICKS_PER_MS) - brought;
    return missed > MAX_UNCOMPENSATED_TICKS ? missed : 0;
  }

  /** Rewrites the source to match the stream's programme; null if the source matches already. */
  rewriterFor(psi: Buffer, offset: number, areCountersContinuous: boolean): PacketRewriter | null {
    const { scanner } = this.context.history;
    const { mapping } = this;
    const { tables } = scanner;
    const incoming = this.staged.scanner.tables;
    if (mapping === null || tables === null || incoming === null) return null;
    const areTablesEqual = tables.pat.equals(incoming.pat) && tables.pmt.equals(incoming.pmt);
    if (mapping.isIdentity && areTablesEqual && offset === 0 && areCountersContinuous) return null;
    const { own } = this.context;
    if (own === null) return null;
    const counters = scanner.lastCounters();
    const { budget } = this.staged.scanner;
    return new PacketRewriter({ own, tables, counters, budget }, psi, offset);
  }
}
