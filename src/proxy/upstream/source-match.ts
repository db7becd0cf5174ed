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
import type { SpliceBase } from './splice.types';
import type { StagedSource } from './staged-source';

/** A source whose first time is this close to the expected one has the stream's time base. */
const SAME_BASE_TICKS = 10 * 90_000;
/** A source that begins with old media may have it too: it is waited for while it can catch up in time. */
const MAX_PAST_TICKS = 120 * 90_000;
/** Less is made up for by what players keep in hand. */
const BEARABLE_TICKS = 2 * 90_000;
const TICKS_PER_MS = 90;
/** No stream's lead over another is larger in a sane multiplex. */
const MAX_LEAD_TICKS = 2 * 90_000;

/** What it costs of the budget to map a programme anew, and each stream in it. */
const MAPPING_UNITS = 5;
const STREAMS_PER_UNIT = 4;

/** How the programme and the times of a new source go with what went out: which stream is which, and how far apart they are. */
export class SourceMatch {
  private programme: Programme | null = null;
  private mapping: ProgrammeMapping | null = null;
  private ownPids: ReadonlyMap<number, number> = new Map();
  private pairs: readonly StreamPair[] = [];
  private tail: OutgoingTail | null = null;
  private hasReadTail = false;
  /** What viewers had when the source's programme was mapped to it. */
  private playing: Programme | null = null;

  constructor(
    private readonly base: SpliceBase,
    private readonly staged: StagedSource,
  ) {}

  /** Video and audio streams that both have. */
  get streams(): readonly StreamPair[] {
    return this.pairs;
  }

  /**
   * The one that tells where the source is: what leads it, unless viewers have had nothing of that; then what led what
   * they had. Null when the session has none like it.
   */
  get leading(): StreamPair | null {
    const { pairs, staged, base } = this;
    const fresh = staged.scanner.leading;
    const pair = pairs.find(({ source }) => source === fresh?.pid) ?? null;
    if (pair === null || this.outgoing().lastDts(pair.own) >= 0) return pair;
    const had = base.history.scanner.leading;
    return pairs.find(({ own }) => own === had?.pid) ?? pair;
  }

  /** Keeps up with both programmes. False when the source can not go on as the session's. */
  follow(programme: Programme): boolean {
    const isMapped =
      programme === this.programme && this.base.history.scanner.programme === this.playing;
    return isMapped || this.prepare(programme);
  }

  private prepare(programme: Programme): boolean {
    const { own, history } = this.base;
    const playing = history.scanner.programme;
    const units = MAPPING_UNITS + programme.streams.length / STREAMS_PER_UNIT;
    // Whoever feeds a source that has spent its budget ends it.
    if (!this.staged.scanner.budget.spend('tables', units)) return true;
    this.programme = programme;
    this.playing = playing;
    if (own !== null && playing !== null) {
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

  /** The end of what went out; read on when the old source is still going on. */
  outgoing(): OutgoingTail {
    if (this.tail === null) {
      this.tail = new OutgoingTail(this.base.history, this.ownUnitPids());
      // The first one is part of every splice; more of them only come of a source that changes what it has.
      if (this.hasReadTail) {
        const units = unitsForBytes(this.tail.readBytes);
        this.staged.scanner.budget.spend('splice_search', units);
      }
      this.hasReadTail = true;
    }
    this.tail.readOn();
    return this.tail;
  }

  /**
   * What is to be added to the source's times if they have the session's base: what the source before it needed, or
   * nothing. Null when they have another base, or none is known.
   */
  knownOffset(): number | null {
    const { leading } = this;
    if (leading === null) return null;
    const first = this.staged.trackOf(leading.source).firstTimed;
    if (first === undefined) return null;
    const expected = this.outgoing().expectedDts(leading.own);
    if (expected < 0) return null;
    for (const offset of [this.base.offset, 0]) {
      const ahead = ticksBetween(expected, first.dts + offset);
      if (ahead <= SAME_BASE_TICKS && ahead >= -MAX_PAST_TICKS) return offset;
    }
    return null;
  }

  /** Media between the source's newest unit and the end of what viewers had; below 0 when it is beyond that. */
  behindMs(offset: number): number | null {
    const { leading } = this;
    if (leading === null) return null;
    const newest = this.staged.trackOf(leading.source).lastTimed;
    if (newest === undefined) return null;
    return ticksBetween(newest.dts + offset, this.outgoing().lastDts(leading.own)) / TICKS_PER_MS;
  }

  private ownUnitPids(): ReadonlySet<number> {
    return new Set(this.pairs.map(({ own }) => own));
  }

  /** Where the source continues exactly where the old one ended. */
  overlap(offset: number): OverlapCuts | 'pending' | 'none' {
    const { leading, pairs, ownPids: pids } = this;
    if (leading === null || this.mapping === null) return 'none';
    return proveOverlap(this.outgoing(), this.staged, { pairs, leading, pids, offset });
  }

  /** Both sides have times of the leading stream: else there is nothing to go on from. */
  get hasTimes(): boolean {
    const { leading } = this;
    return (
      leading !== null &&
      this.outgoing().lastDts(leading.own) >= 0 &&
      this.staged.trackOf(leading.source).firstTimed !== undefined
    );
  }

  /**
   * One distance for all streams: the smallest with which none of them is decoded or shown sooner than what was sent, and
   * more by what viewers have missed. The clocks of players go on while they wait, and media whose times do not would be
   * late for ever after.
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

  /** The silence less what the source has brought from `position` on. */
  private missedTicks(position: number, silentMs: number): number {
    const { leading, staged } = this;
    if (leading === null) return 0;
    const { units, lastTimed } = staged.trackOf(leading.source);
    const first = units.find((unit) => unit.at >= position && unit.dts >= 0);
    if (first === undefined || lastTimed === undefined) return 0;
    const brought = Math.max(0, ticksBetween(first.dts, lastTimed.dts));
    const missed = Math.round(silentMs * TICKS_PER_MS) - brought;
    return missed > BEARABLE_TICKS ? missed : 0;
  }

  /** Makes the source look like the session's programme; null when it does already. */
  rewriterFor(psi: Buffer, offset: number, areCountersFine: boolean): PacketRewriter | null {
    const { scanner } = this.base.history;
    const { mapping } = this;
    const { tables } = scanner;
    const fresh = this.staged.scanner.tables;
    if (mapping === null || tables === null || fresh === null) return null;
    const isSameSaid = tables.pat.equals(fresh.pat) && tables.pmt.equals(fresh.pmt);
    if (mapping.isIdentity && isSameSaid && offset === 0 && areCountersFine) return null;
    const { own } = this.base;
    if (own === null) return null;
    const counters = scanner.lastCounters();
    const { budget } = this.staged.scanner;
    return new PacketRewriter({ own, tables, counters, budget }, psi, offset);
  }
}
