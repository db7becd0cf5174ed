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
  /** Added to the source's timestamps; null: compute an offset that continues the outgoing timestamps. */
  readonly offset: number | null;
  /** True if the entry must not wait for PIDs that have not sent a packet. */
  readonly isOverdue?: true;
}

/** What a search reads, and the account of its work. */
export interface SearchedSource {
  readonly staged: StagedSource;
  readonly match: SourceMatch;
  readonly cost: SearchCost;
}

/** Subtitle and data streams may be silent for a long time; those that send steadily do so within this. */
const MAX_DATA_FLAGGING_MS = 120;

/** Where a stream starts after an entry, as far as it has been searched. */
interface StreamStart {
  /** `Infinity` until the first usable unit has arrived. */
  at: number;
  /** All units before this position were examined. */
  searchedTo: number;
}

/**
 * Checks which streams have data after one entry position. Repeated at every read, but each packet and access unit is
 * examined only once.
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
   * True when every PID can be flagged. A PID can be flagged only after its first packet arrived, and audio may arrive
   * after the video entry is decided.
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
   * Position of the stream's first whole unit after the entry that viewers have not had; `Infinity` until it arrives.
   */
  startOf(pid: number): number {
    const { match } = this.source;
    const { position, offset } = this.entry;
    const own = match.streams.find(({ source }) => source === pid)?.own;
    if (own === undefined || pid === match.leading?.source) return position;
    const start = this.starts.get(pid) ?? { at: Infinity, searchedTo: position };
    this.starts.set(pid, start);
    if (start.at !== Infinity) return start.at;
    const last = match.outgoing().lastDts(own);
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
