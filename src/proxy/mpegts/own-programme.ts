import { FIRST_CHOSEN_PID, FIRST_STREAM_PID, NULL_PID, PID_COUNT } from './packet';
import { type Programme, type ProgrammeStream } from './programme';

/** A stream that viewers of a session know. */
export type OwnStream = Pick<ProgrammeStream, 'pid' | 'streamType' | 'codec' | 'kind'>;

/** The outgoing programme of a session, over all of its sources. */
export interface OwnProgramme {
  readonly programmeNumber: number;
  readonly pmtPid: number;
  readonly pcrPid: number;
  /** What viewers play now, in the order in which they were told of it. */
  readonly streams: readonly OwnStream[];
  /** What they played before, oldest first: their decoders may still expect these types on these PIDs. */
  readonly past: readonly OwnStream[];
}

/** How a source is made to look like the session's own programme. */
export interface ProgrammeMapping {
  /** The session's programme once this source plays. */
  readonly own: OwnProgramme;
  /** PID of the source → PID of the session, elementary streams and clock. */
  readonly pids: ReadonlyMap<number, number>;
  readonly pcrPid: number;
  /** Every number is the same on both sides. */
  readonly isIdentity: boolean;
}

/**
 * `splice`: a source takes the place of another one, and viewers play on with the decoders that they have.
 * `under_way`: the broadcast itself changes, as it would for a receiver of its own.
 */
export type MappingOccasion = 'splice' | 'under_way';

/** PIDs of earlier streams that are kept from other types; the oldest are forgotten. */
const MAX_PAST = 64;

/** What viewers know after `programme` has gone out to them. */
export function learnProgramme(own: OwnProgramme | null, programme: Programme): OwnProgramme {
  const { programmeNumber, pmtPid, pcrPid, streams } = programme;
  const past = own === null ? [] : pastOf(own, streams);
  return { programmeNumber, pmtPid, pcrPid, streams, past };
}

/**
 * Maps a source's streams to those that viewers play now: same PID and type first, then type and order. Other streams
 * get PIDs of their own. Null when viewers would lose their first video or audio to another type; at a splice also when
 * the source lacks one of these kinds or adds it.
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

/** Streams of the source that viewers play already, with the PIDs that they know. */
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

/** Sees to it that what most viewers play, the first stream of its kind, goes on. False when it can not. */
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

/** Finds PIDs for streams that viewers do not play yet. */
class PidPool {
  private readonly used: Set<number>;
  /** No PID of ours below this one is free. */
  private next = FIRST_CHOSEN_PID;
  /** PIDs on which viewers have had a type before. */
  private readonly past = new Map<string, number[]>();

  constructor({ pmtPid, pcrPid, streams, past }: OwnProgramme) {
    this.used = new Set([pmtPid, pcrPid, ...[...streams, ...past].map(({ pid }) => pid)]);
    for (const stream of past) {
      const pids = this.past.get(typeOf(stream));
      if (pids === undefined) this.past.set(typeOf(stream), [stream.pid]);
      else pids.push(stream.pid);
    }
  }

  /** The PID that the type had before, the stream's own first; else one that no other stream has had. */
  take(stream: ProgrammeStream): number | null {
    const past = this.past.get(typeOf(stream)) ?? [];
    if (past.length === 0) return this.free(stream.pid);
    const same = past.indexOf(stream.pid);
    return past.splice(Math.max(0, same), 1)[0] ?? null;
  }

  /** `wish` if it is free, else the first PID that is; null when all are used. */
  free(wish: number): number | null {
    let pid = wish;
    if (wish < FIRST_STREAM_PID || this.used.has(wish)) {
      while (this.used.has(this.next)) this.next++;
      pid = this.next;
    }
    if (pid >= PID_COUNT || pid === NULL_PID) return null;
    this.used.add(pid);
    return pid;
  }
}

/** A clock on a PID of its own keeps the session's, when that has one. */
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

/** The streams of `own` that are not among those that play from now on. */
function pastOf(own: OwnProgramme, playing: readonly OwnStream[]): readonly OwnStream[] {
  const present = new Set(playing.map(({ pid }) => pid));
  const past = new Map([...own.past, ...own.streams].map((stream) => [stream.pid, stream]));
  return [...past.values()].filter(({ pid }) => !present.has(pid)).slice(-MAX_PAST);
}

function typeOf({ streamType, codec }: Pick<OwnStream, 'streamType' | 'codec'>): string {
  return `${streamType} ${codec}`;
}
