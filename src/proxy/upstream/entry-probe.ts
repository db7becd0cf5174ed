import { NULL_PID, pid as pidOf, ticksBetween, transportError, type Programme } from '../mpegts';
import type { SearchCost } from './search-cost';
import type { SourceMatch } from './source-match';
import type { StagedSource } from './staged-source';

/** A position at which a source may be entered. */
export interface Entry {
  readonly position: number;
  readonly psi: Buffer;
  /** Packets of the video stream with the parameter sets that its decoder needs. */
  readonly parameters?: readonly Buffer[];
  /**
   * Added to the source's timestamps. Null means that an offset must be computed that continues the outgoing
   * timestamps.
   */
  readonly offset: number | null;
  /** True if the entry must not be delayed by PIDs that have not sent a packet. */
  readonly isOverdue?: true;
}

/** The source that a search reads, and the counter of its cost. */
export interface SearchedSource {
  readonly staged: StagedSource;
  readonly match: SourceMatch;
  readonly cost: SearchCost;
}

/**
 * A subtitle or data stream without a packet delays the entry by at most this much media. Steady ones send within
 * that.
 */
const MAX_DATA_FLAGGING_MS = 120;

/** Where the media of a stream start after an entry, as far as they have been searched. */
interface StreamStart {
  /** Position of the first usable PES packet; `Infinity` until it has arrived. */
  at: number;
  /** All PES packets before this position were examined. */
  searchedTo: number;
}

/**
 * Checks which streams have data after one entry position. The check runs at every read, but examines each transport
 * packet and each PES packet only once.
 */
export class EntryProbe {
  private readonly starts = new Map<number, StreamStart>();
  /** PIDs without a packet so far. */
  private readonly missing: Set<number>;
  private searchedTo: number;

  constructor(
    private readonly entry: Entry,
    private readonly programme: Programme,
    private readonly source: SearchedSource,
  ) {
    this.missing = new Set(programme.streams.map(({ pid }) => pid));
    if (programme.pcrPid !== NULL_PID) this.missing.add(programme.pcrPid);
    this.searchedTo = entry.position;
  }

  isOf({ position, offset }: Entry, programme: Programme): boolean {
    const { entry } = this;
    return entry.position === position && entry.offset === offset && this.programme === programme;
  }

  /**
   * True when every PID can be flagged. A PID can be flagged only after its first packet has arrived, and audio may
   * arrive after the video entry is decided.
   */
  canFlag(): boolean {
    const { programme, missing, source } = this;
    this.searchNewPackets();
    source.cost.steps += programme.streams.length;
    if (missing.has(programme.pcrPid)) return false;
    const mediaMs = source.staged.mediaMsSince(this.entry.position);
    return programme.streams.every(({ pid, kind }) => {
      const isSparse = kind !== 'video' && kind !== 'audio';
      if (isSparse) return !missing.has(pid) || mediaMs >= MAX_DATA_FLAGGING_MS;
      return !missing.has(pid) && this.startOf(pid) !== Infinity;
    });
  }

  /**
   * Position of the stream's first whole PES packet after the entry that viewers have not had; `Infinity` until it
   * arrives.
   */
  startOf(pid: number): number {
    const { match } = this.source;
    const { position, offset } = this.entry;
    const outgoing = match.streams.find(({ source }) => source === pid)?.outgoing;
    if (outgoing === undefined || pid === match.leading?.source) return position;
    const start = this.starts.get(pid) ?? { at: Infinity, searchedTo: position };
    this.starts.set(pid, start);
    if (start.at !== Infinity) return start.at;
    const last = match.outgoingTail().lastDts(outgoing);
    const track = this.source.staged.trackOf(pid);
    for (let index = track.indexFrom(start.searchedTo); index < track.units.length; index++) {
      const unit = track.units[index];
      if (unit === undefined) break;
      this.source.cost.steps++;
      start.searchedTo = unit.at + 1;
      const { dts } = unit;
      if (offset === null || last < 0 || dts < 0 || ticksBetween(last, dts + offset) > 0) {
        start.at = unit.at;
        break;
      }
    }
    return start.at;
  }

  private searchNewPackets(): void {
    const { missing, source } = this;
    if (missing.size === 0) return;
    source.staged.eachPacket(this.searchedTo, (run, at) => {
      source.cost.steps++;
      if (!transportError(run, at)) missing.delete(pidOf(run, at));
    });
    this.searchedTo = source.staged.end;
  }
}
