import { NULL_PID, pid as pidOf, ticksBetween, transportError, type Programme } from '../mpegts';
import type { SearchCost } from './search-cost';
import type { SourceMatch } from './source-match';
import type { StagedSource } from './staged-source';

/** Where a source may be entered. */
export interface Entry {
  readonly position: number;
  readonly psi: Buffer;
  /** Packets of the video stream that bring what its decoder needs. */
  readonly parameters?: readonly Buffer[];
  /** Null: what makes the times go on from where they are. */
  readonly offset: number | null;
  /** What is not here by now is not waited for. */
  readonly isOverdue?: true;
}

/** What a search looks into. */
export interface SearchedSource {
  readonly staged: StagedSource;
  readonly match: SourceMatch;
  readonly cost: SearchCost;
}

/** Subtitles and data may be silent for long; what comes steadily comes within this. */
const MAX_DATA_FLAGGING_MS = 120;

/** Where a stream goes on behind an entry, as far as that was looked for. */
interface Opening {
  /** `Infinity`: not here yet. */
  at: number;
  /** Units before this were looked at. */
  lookedTo: number;
}

/**
 * What of the streams is there behind one entry. Asked at every read, and each packet and unit is looked at once: what
 * was found stays found.
 */
export class EntryProbe {
  private readonly openings = new Map<number, Opening>();
  /** PIDs that have not come yet. */
  private readonly missing: Set<number>;
  private lookedTo: number;

  constructor(
    private readonly entry: Entry,
    private readonly programme: Programme,
    private readonly source: SearchedSource,
  ) {
    this.missing = new Set(programme.streams.map(({ pid }) => pid));
    if (programme.pcrPid !== NULL_PID) this.missing.add(programme.pcrPid);
    this.lookedTo = entry.position;
  }

  isOf({ position, offset }: Entry, programme: Programme): boolean {
    const { entry } = this;
    return entry.position === position && entry.offset === offset && this.programme === programme;
  }

  /**
   * A PID can be flagged once its first packet is here, and the entry is proved before the sound that
   * goes with it has come.
   */
  canFlag(): boolean {
    const { programme, missing, source } = this;
    this.lookOn();
    source.cost.steps += programme.streams.length;
    if (missing.has(programme.pcrPid)) return false;
    const mediaMs = source.staged.mediaMsSince(this.entry.position);
    return programme.streams.every(({ pid, kind }) => {
      const isSparse = kind !== 'video' && kind !== 'audio';
      if (isSparse) return !missing.has(pid) || mediaMs >= MAX_DATA_FLAGGING_MS;
      return !missing.has(pid) && this.opening(pid) !== Infinity;
    });
  }

  /**
   * Where a stream goes on behind the entry: with a whole unit, and none that viewers have had. `Infinity` when it is
   * not here yet.
   */
  opening(pid: number): number {
    const { match } = this.source;
    const { position, offset } = this.entry;
    const own = match.streams.find(({ source }) => source === pid)?.own;
    if (own === undefined || pid === match.leading?.source) return position;
    const opening = this.openings.get(pid) ?? { at: Infinity, lookedTo: position };
    this.openings.set(pid, opening);
    if (opening.at !== Infinity) return opening.at;
    const last = match.outgoing().lastDts(own);
    const track = this.source.staged.trackOf(pid);
    for (let index = track.indexFrom(opening.lookedTo); index < track.units.length; index++) {
      const unit = track.units[index];
      if (unit === undefined) break;
      this.source.cost.steps++;
      opening.lookedTo = unit.at + 1;
      const { dts } = unit;
      if (offset === null || last < 0 || dts < 0 || ticksBetween(last, dts + offset) > 0) {
        opening.at = unit.at;
        break;
      }
    }
    return opening.at;
  }

  private lookOn(): void {
    const { missing, source } = this;
    if (missing.size === 0) return;
    source.staged.eachPacket(this.lookedTo, (run, at) => {
      source.cost.steps++;
      if (!transportError(run, at)) missing.delete(pidOf(run, at));
    });
    this.lookedTo = source.staged.end;
  }
}
