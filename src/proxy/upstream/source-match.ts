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

/** A source that starts at most this far ahead of the expected time shares the time base of the outgoing stream. */
const MAX_AHEAD_TICKS = 10 * 90_000;
/** A source that starts at most this far behind shares the time base too, and may catch up. */
const MAX_PAST_TICKS = 120 * 90_000;
/** Shorter gaps are not compensated, because players bridge them from their buffers. */
const MAX_UNCOMPENSATED_TICKS = 2 * 90_000;
const TICKS_PER_MS = 90;
/** Maximum difference between the timestamps of two streams in a sane multiplex. */
const MAX_LEAD_TICKS = 2 * 90_000;

/** Budget units for mapping a programme. */
const MAPPING_UNITS = 5;
/** Streams of the programme that cost one further budget unit. */
const STREAMS_PER_UNIT = 4;

/**
 * Relates a new source to the outgoing stream: which PID of the one corresponds to which PID of the other, and the
 * offset between their timestamps.
 */
export class SourceMatch {
  private programme: Programme | null = null;
  private mapping: ProgrammeMapping | null = null;
  private outgoingPids: ReadonlyMap<number, number> = new Map();
  private pairs: readonly StreamPair[] = [];
  private tail: OutgoingTail | null = null;
  private hasReadTail = false;
  /** The outgoing programme for which the mapping was made. */
  private sentProgramme: Programme | null = null;

  constructor(
    private readonly context: SpliceContext,
    private readonly staged: StagedSource,
  ) {}

  /** Video and audio streams that exist in the source and in the outgoing programme. */
  get streams(): readonly StreamPair[] {
    return this.pairs;
  }

  /**
   * The stream by which the position of the source is measured: the leading stream of the source or, if viewers have
   * received nothing of it, the leading stream of the outgoing media. Null if the two programmes have no such stream
   * in common.
   */
  get leading(): StreamPair | null {
    const { pairs, staged, context } = this;
    const incoming = staged.scanner.leading;
    const pair = pairs.find(({ source }) => source === incoming?.pid) ?? null;
    if (pair === null || this.outgoingTail().lastDts(pair.outgoing) >= 0) return pair;
    const sent = context.history.scanner.leading;
    return pairs.find(({ outgoing }) => outgoing === sent?.pid) ?? pair;
  }

  /**
   * Updates the mapping when one of the two programmes has changed. False if the source cannot continue the outgoing
   * programme.
   */
  update(programme: Programme): boolean {
    const isMapped =
      programme === this.programme && this.context.history.scanner.programme === this.sentProgramme;
    return isMapped || this.mapTo(programme);
  }

  private mapTo(programme: Programme): boolean {
    const { outgoingProgramme, history } = this.context;
    const sentProgramme = history.scanner.programme;
    const units = MAPPING_UNITS + programme.streams.length / STREAMS_PER_UNIT;
    // The caller ends a source that has exceeded its budget.
    if (!this.staged.scanner.budget.spend('tables', units)) return true;
    this.programme = programme;
    this.sentProgramme = sentProgramme;
    if (outgoingProgramme !== null && sentProgramme !== null) {
      const mapping = mapProgramme(outgoingProgramme, programme, 'splice');
      if (mapping === null) return false;
      this.mapping = mapping;
      this.outgoingPids = new Map([...mapping.pids, [programme.pmtPid, outgoingProgramme.pmtPid]]);
      this.pairs = programme.streams.flatMap(({ pid, kind }) => {
        const outgoingPid = mapping.pids.get(pid);
        if (outgoingPid === undefined || (kind !== 'video' && kind !== 'audio')) return [];
        return [{ source: pid, outgoing: outgoingPid }];
      });
    }
    const read = programme.streams.filter(({ kind }) => kind === 'video' || kind === 'audio');
    this.staged.readUnitsOf(new Set(read.map(({ pid }) => pid)));
    if (this.tail?.reads(this.outgoingUnitPids()) === false) this.tail = null;
    return true;
  }

  /** The end of the outgoing media, updated if the old source is still flowing. */
  outgoingTail(): OutgoingTail {
    if (this.tail === null) {
      this.tail = new OutgoingTail(this.context.history, this.outgoingUnitPids());
      // Every splice reads the tail once. Further reads are charged, because only a source that changes its programme
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
   * The offset to add to the source's timestamps if it shares the time base of the outgoing stream: the offset of the
   * previous source, or 0. Null if the source has another time base, or if none is known yet.
   */
  detectOffset(): number | null {
    const { leading } = this;
    if (leading === null) return null;
    const first = this.staged.trackOf(leading.source).firstTimed;
    if (first === undefined) return null;
    const expected = this.outgoingTail().expectedDts(leading.outgoing);
    if (expected < 0) return null;
    for (const offset of [this.context.offset, 0]) {
      const ahead = ticksBetween(expected, first.dts + offset);
      if (ahead <= MAX_AHEAD_TICKS && ahead >= -MAX_PAST_TICKS) return offset;
    }
    return null;
  }

  /**
   * How far the source's newest PES packet is behind the end of the outgoing media, in ms; negative when it is ahead.
   */
  lagMs(offset: number): number | null {
    const { leading } = this;
    if (leading === null) return null;
    const newest = this.staged.trackOf(leading.source).lastTimed;
    if (newest === undefined) return null;
    return (
      ticksBetween(newest.dts + offset, this.outgoingTail().lastDts(leading.outgoing)) /
      TICKS_PER_MS
    );
  }

  private outgoingUnitPids(): ReadonlySet<number> {
    return new Set(this.pairs.map(({ outgoing }) => outgoing));
  }

  /** The positions from which the source continues exactly where the old one ended. */
  overlap(offset: number): OverlapCuts | 'pending' | 'none' {
    const { leading, pairs, outgoingPids: pids } = this;
    if (leading === null || this.mapping === null) return 'none';
    return proveOverlap(this.outgoingTail(), this.staged, { pairs, leading, pids, offset });
  }

  /** True if the leading stream has timestamps on both sides. Without them no continuation can be computed. */
  get hasTimes(): boolean {
    const { leading } = this;
    return (
      leading !== null &&
      this.outgoingTail().lastDts(leading.outgoing) >= 0 &&
      this.staged.trackOf(leading.source).firstTimed !== undefined
    );
  }

  /**
   * One offset for all streams: the smallest with which no stream is decoded or presented earlier than what was sent.
   * The silence is added to it, because the clocks of players keep running while they wait. Without that, all further
   * media would arrive too late for them.
   */
  continuingOffset(position: number, silentMs: number): number {
    const needs = this.pairs.flatMap(({ source, outgoing }) => {
      const dts = this.outgoingTail().expectedDts(outgoing);
      const pts = this.outgoingTail().expectedPts(outgoing);
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

  /**
   * The rewriter that makes the source match the outgoing stream. Null if the source matches already, or if nothing
   * was sent yet.
   */
  rewriterFor(psi: Buffer, offset: number, areCountersContinuous: boolean): PacketRewriter | null {
    const { scanner } = this.context.history;
    const { mapping } = this;
    const { tables } = scanner;
    const incoming = this.staged.scanner.tables;
    if (mapping === null || tables === null || incoming === null) return null;
    const areTablesEqual = tables.pat.equals(incoming.pat) && tables.pmt.equals(incoming.pmt);
    if (mapping.isIdentity && areTablesEqual && offset === 0 && areCountersContinuous) return null;
    const { outgoingProgramme } = this.context;
    if (outgoingProgramme === null) return null;
    const counters = scanner.lastCounters();
    const { budget } = this.staged.scanner;
    return new PacketRewriter(
      { programme: outgoingProgramme, tables, counters, budget },
      psi,
      offset,
    );
  }
}
