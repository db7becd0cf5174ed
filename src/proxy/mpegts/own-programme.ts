import { FIRST_CHOSEN_PID, FIRST_STREAM_PID, NULL_PID, PID_COUNT } from './packet';
import { type Programme, type ProgrammeStream } from './programme';

/** An elementary stream as announced to viewers. */
export type OwnStream = Pick<ProgrammeStream, 'pid' | 'streamType' | 'codec' | 'kind'>;

/** The outgoing programme of a stream, across all of its sources. */
export interface OwnProgramme {
  readonly programmeNumber: number;
  readonly pmtPid: number;
  readonly pcrPid: number;
  /** The streams that viewers play now, in order of announcement. */
  readonly streams: readonly OwnStream[];
  /** Streams that viewers played before, oldest first: decoders may still expect these types on these PIDs. */
  readonly past: readonly OwnStream[];
}

/** Maps a source to the outgoing programme. */
export interface ProgrammeMapping {
  /** The outgoing programme once this source plays. */
  readonly own: OwnProgramme;
  /** Maps each PID of the source to the outgoing PID: elementary streams and PCR. */
  readonly pids: ReadonlyMap<number, number>;
  readonly pcrPid: number;
  /** True if every PID is the same on both sides. */
  readonly isIdentity: boolean;
}

/**
 * `splice`: a source replaces another one, and viewers continue with their decoders. `under_way`: the broadcast itself
 * changes, as it would for a receiver.
 */
export type MappingOccasion = 'splice' | 'under_way';

/** Maximum number of earlier streams whose PIDs are not reused for other types; the oldest are dropped. */
const MAX_PAST = 64;

/** The outgoing programme after `programme` was sent to viewers. */
export function learnProgramme(own: OwnProgramme | null, programme: Programme): OwnProgramme {
  const { programmeNumber, pmtPid, pcrPid, streams } = programme;
  const past = own === null ? [] : pastOf(own, streams);
  return { programmeNumber, pmtPid, pcrPid, streams, past };
}

/**
 * Maps a source's streams to those that viewers play now: first by PID and type, then by type and order. Other streams
 * get new PIDs. Null if the first video or audio stream of viewers would change its type, and at a splice also if the
 * source lacks one of these kinds or adds it.
 */
export function mapProgramme(
  own: OwnProgramme,
  source: Programme,
  occasion: MappingOccasion,
): ProgrammeMapping | null {
  const pids = matchStreams(own, source);
  if (!keepFirstStreams(own, source, pids, occasion)) return null;
  const played = new Set(pids.values());
  const streams = own.streams.filter(({ pid }) => played.has(pid));
  const pool = new PidPool(own);
  for (const stream of source.streams) {
    if (pids.has(stream.pid)) continue;
    const pid = pool.take(stream);
    if (pid === null) continue;
    pids.set(stream.pid, pid);
    streams.push({ ...stream, pid });
  }
  const pcrPid = mapClock(own, source, pids, pool);
  if (source.pcrPid !== NULL_PID && pcrPid !== NULL_PID) pids.set(source.pcrPid, pcrPid);
  const isIdentity =
    own.programmeNumber === source.programmeNumber &&
    own.pmtPid === source.pmtPid &&
    source.streams.every(({ pid }) => pids.get(pid) === pid) &&
    pcrPid === source.pcrPid;
  const past = pastOf(own, streams);
  return { own: { ...own, pcrPid, streams, past }, pids, pcrPid, isIdentity };
}

/** Streams of the source that viewers already play, with the outgoing PIDs. */
function matchStreams(own: OwnProgramme, source: Programme): Map<number, number> {
  const pids = new Map<number, number>();
  const playing = new Map(own.streams.map((stream) => [stream.pid, stream]));
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
  own: OwnProgramme,
  source: Programme,
  pids: Map<number, number>,
  occasion: MappingOccasion,
): boolean {
  for (const kind of ['video', 'audio'] as const) {
    const first = own.streams.find((stream) => stream.kind === kind);
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
  /** All candidate PIDs below this one are taken. */
  private next = FIRST_CHOSEN_PID;
  /** PIDs on which viewers had each type before. */
  private readonly past = new Map<string, number[]>();

  constructor({ pmtPid, pcrPid, streams, past }: OwnProgramme) {
    this.used = new Set([pmtPid, pcrPid, ...[...streams, ...past].map(({ pid }) => pid)]);
    for (const stream of past) {
      const pids = this.past.get(typeOf(stream));
      if (pids === undefined) this.past.set(typeOf(stream), [stream.pid]);
      else pids.push(stream.pid);
    }
  }

  /** The PID that the type had before, preferably the stream's own; else a PID that no other stream has had. */
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

/** A PCR on its own PID keeps the outgoing PCR PID, if there is one. */
function mapClock(
  own: OwnProgramme,
  source: Programme,
  pids: ReadonlyMap<number, number>,
  pool: PidPool,
): number {
  if (source.pcrPid === NULL_PID) return NULL_PID;
  const mapped = pids.get(source.pcrPid);
  if (mapped !== undefined) return mapped;
  const isSeparate = own.pcrPid !== NULL_PID && own.streams.every(({ pid }) => pid !== own.pcrPid);
  return isSeparate ? own.pcrPid : (pool.free(source.pcrPid) ?? NULL_PID);
}

/** The streams of `own` that no longer play. */
function pastOf(own: OwnProgramme, playing: readonly OwnStream[]): readonly OwnStream[] {
  const present = new Set(playing.map(({ pid }) => pid));
  const past = new Map([...own.past, ...own.streams].map((stream) => [stream.pid, stream]));
  return [...past.values()].filter(({ pid }) => !present.has(pid)).slice(-MAX_PAST);
}

function typeOf({ streamType, codec }: Pick<OwnStream, 'streamType' | 'codec'>): string {
  return `${streamType} ${codec}`;
}
