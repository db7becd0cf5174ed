import { FIRST_CHOSEN_PID, FIRST_STREAM_PID, NULL_PID, PID_COUNT } from './packet';
import { type Programme, type ProgrammeStream } from './programme';

/** An elementary stream of the outgoing programme. */
export type OutgoingStream = Pick<ProgrammeStream, 'pid' | 'streamType' | 'codec' | 'kind'>;

/** The programme that viewers of a stream receive, across all of its sources. */
export interface OutgoingProgramme {
  readonly programmeNumber: number;
  readonly pmtPid: number;
  readonly pcrPid: number;
  /** The streams that viewers play now, in order of announcement. */
  readonly streams: readonly OutgoingStream[];
  /** Streams that viewers played before, oldest first: decoders may still expect these types on these PIDs. */
  readonly past: readonly OutgoingStream[];
}

/** Maps a source to the outgoing programme. */
export interface ProgrammeMapping {
  /** The outgoing programme once this source plays. */
  readonly outgoing: OutgoingProgramme;
  /** Outgoing PID of each elementary stream of the source and of its PCR, by source PID. */
  readonly pids: ReadonlyMap<number, number>;
  readonly pcrPid: number;
  /** True if PIDs and programme number of the source are already the outgoing ones. */
  readonly isIdentity: boolean;
}

/**
 * `splice`: a source replaces another one, and viewers continue with the same decoders. `under_way`: the programme
 * changes within a source, as it would for a receiver of the broadcast.
 */
export type MappingOccasion = 'splice' | 'under_way';

/** Maximum number of earlier streams whose PIDs are not reused for other types; the oldest are dropped. */
const MAX_PAST = 64;

/** The outgoing programme after viewers have received media of `programme`. */
export function learnProgramme(
  outgoing: OutgoingProgramme | null,
  programme: Programme,
): OutgoingProgramme {
  const { programmeNumber, pmtPid, pcrPid, streams } = programme;
  const past = outgoing === null ? [] : pastOf(outgoing, streams);
  return { programmeNumber, pmtPid, pcrPid, streams, past };
}

/**
 * Maps the streams of a source to those that viewers play now: first by PID and type, then by type and order. Each
 * other stream gets a PID that its type had before, or one that is free. Null if the source has no stream of the type
 * of the viewers' first video or first audio stream. At a splice it is also null if video or audio exists on one side
 * only.
 */
export function mapProgramme(
  outgoing: OutgoingProgramme,
  source: Programme,
  occasion: MappingOccasion,
): ProgrammeMapping | null {
  const pids = matchStreams(outgoing, source);
  if (!keepFirstStreams(outgoing, source, pids, occasion)) return null;
  const played = new Set(pids.values());
  const streams = outgoing.streams.filter(({ pid }) => played.has(pid));
  const pool = new PidPool(outgoing);
  for (const stream of source.streams) {
    if (pids.has(stream.pid)) continue;
    const pid = pool.take(stream);
    if (pid === null) continue;
    pids.set(stream.pid, pid);
    streams.push({ ...stream, pid });
  }
  const pcrPid = mapClock(outgoing, source, pids, pool);
  if (source.pcrPid !== NULL_PID && pcrPid !== NULL_PID) pids.set(source.pcrPid, pcrPid);
  const isIdentity =
    outgoing.programmeNumber === source.programmeNumber &&
    outgoing.pmtPid === source.pmtPid &&
    source.streams.every(({ pid }) => pids.get(pid) === pid) &&
    pcrPid === source.pcrPid;
  const past = pastOf(outgoing, streams);
  return { outgoing: { ...outgoing, pcrPid, streams, past }, pids, pcrPid, isIdentity };
}

/** Streams of the source that viewers already play, with the outgoing PIDs. */
function matchStreams(outgoing: OutgoingProgramme, source: Programme): Map<number, number> {
  const pids = new Map<number, number>();
  const playing = new Map(outgoing.streams.map((stream) => [stream.pid, stream]));
  for (const stream of source.streams) {
    const twin = playing.get(stream.pid);
    if (twin === undefined || typeOf(twin) !== typeOf(stream)) continue;
    pids.set(stream.pid, twin.pid);
    playing.delete(twin.pid);
  }
  const left = new Map<string, number[]>();
  for (const stream of playing.values()) {
    const queue = left.get(typeOf(stream));
    if (queue === undefined) left.set(typeOf(stream), [stream.pid]);
    else queue.push(stream.pid);
  }
  for (const queue of left.values()) queue.reverse();
  for (const stream of source.streams) {
    if (pids.has(stream.pid)) continue;
    const pid = left.get(typeOf(stream))?.pop();
    if (pid !== undefined) pids.set(stream.pid, pid);
  }
  return pids;
}

/** Ensures that the first stream of each kind, which most viewers play, continues. False if it cannot. */
function keepFirstStreams(
  outgoing: OutgoingProgramme,
  source: Programme,
  pids: Map<number, number>,
  occasion: MappingOccasion,
): boolean {
  for (const kind of ['video', 'audio'] as const) {
    const first = outgoing.streams.find((stream) => stream.kind === kind);
    const offered = source.streams.filter((stream) => stream.kind === kind);
    if (first === undefined || offered.length === 0) {
      if (occasion === 'splice' && (first === undefined) !== (offered.length === 0)) return false;
      continue;
    }
    if (offered.some(({ pid }) => pids.get(pid) === first.pid)) continue;
    const substitute = offered.find((stream) => typeOf(stream) === typeOf(first));
    if (substitute === undefined) return false;
    pids.set(substitute.pid, first.pid);
  }
  return true;
}

/** Allocates PIDs for streams that viewers do not play yet. */
class PidPool {
  private readonly used: Set<number>;
  /** All PIDs from `FIRST_CHOSEN_PID` up to this one are taken. */
  private next = FIRST_CHOSEN_PID;
  /** Earlier PIDs of viewers by stream type. */
  private readonly past = new Map<string, number[]>();

  constructor({ pmtPid, pcrPid, streams, past }: OutgoingProgramme) {
    this.used = new Set([pmtPid, pcrPid, ...[...streams, ...past].map(({ pid }) => pid)]);
    for (const stream of past) {
      const pids = this.past.get(typeOf(stream));
      if (pids === undefined) this.past.set(typeOf(stream), [stream.pid]);
      else pids.push(stream.pid);
    }
  }

  /**
   * A PID that this type had before, preferably the stream's PID in the source. Without one, a PID that no other
   * stream has had.
   */
  take(stream: ProgrammeStream): number | null {
    const past = this.past.get(typeOf(stream)) ?? [];
    if (past.length === 0) return this.free(stream.pid);
    const same = past.indexOf(stream.pid);
    return past.splice(Math.max(0, same), 1)[0] ?? null;
  }

  /** `preferred` if it is free, else the first free PID; null if all are taken. */
  free(preferred: number): number | null {
    let pid = preferred;
    if (preferred < FIRST_STREAM_PID || this.used.has(preferred)) {
      while (this.used.has(this.next)) this.next++;
      pid = this.next;
    }
    if (pid >= PID_COUNT || pid === NULL_PID) return null;
    this.used.add(pid);
    return pid;
  }
}

/**
 * The outgoing PID of the source's PCR. If no stream carries it, it keeps the outgoing PCR PID, provided that no
 * stream uses that, and otherwise gets a free PID.
 */
function mapClock(
  outgoing: OutgoingProgramme,
  source: Programme,
  pids: ReadonlyMap<number, number>,
  pool: PidPool,
): number {
  if (source.pcrPid === NULL_PID) return NULL_PID;
  const mapped = pids.get(source.pcrPid);
  if (mapped !== undefined) return mapped;
  const isSeparate =
    outgoing.pcrPid !== NULL_PID && outgoing.streams.every(({ pid }) => pid !== outgoing.pcrPid);
  return isSeparate ? outgoing.pcrPid : (pool.free(source.pcrPid) ?? NULL_PID);
}

/** The streams that viewers played before and that are not in `playing`. */
function pastOf(
  outgoing: OutgoingProgramme,
  playing: readonly OutgoingStream[],
): readonly OutgoingStream[] {
  const present = new Set(playing.map(({ pid }) => pid));
  const past = new Map(
    [...outgoing.past, ...outgoing.streams].map((stream) => [stream.pid, stream]),
  );
  return [...past.values()].filter(({ pid }) => !present.has(pid)).slice(-MAX_PAST);
}

function typeOf({ streamType, codec }: Pick<OutgoingStream, 'streamType' | 'codec'>): string {
  return `${streamType} ${codec}`;
}
