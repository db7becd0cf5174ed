import { FIRST_CHOSEN_PID, FIRST_STREAM_PID, NULL_PID, PID_COUNT } from './packet';
import { type Programme, type ProgrammeStream } from './programme';

/** A stream that viewers of a session know, or knew: what its PID means never changes for them. */
export type OwnStream = Pick<ProgrammeStream, 'pid' | 'streamType' | 'codec' | 'kind'>;

/** The outgoing programme of a session, over all of its sources. */
export interface OwnProgramme {
  readonly programmeNumber: number;
  readonly pmtPid: number;
  readonly pcrPid: number;
  /** In order of first appearance; those that the present source lacks keep their place and PID. */
  readonly streams: readonly OwnStream[];
}

/** How a source is made to look like the session's own programme. */
export interface ProgrammeMapping {
  /** The session's programme with what this source adds to it. */
  readonly own: OwnProgramme;
  /** PID of the source → PID of the session, elementary streams and clock. */
  readonly pids: ReadonlyMap<number, number>;
  readonly pcrPid: number;
  /** Every number is the same on both sides. */
  readonly isIdentity: boolean;
}

/** What viewers know after `programme` has gone out to them. */
export function learnProgramme(own: OwnProgramme | null, programme: Programme): OwnProgramme {
  const streams = [...(own?.streams ?? [])];
  for (const stream of programme.streams) {
    const at = streams.findIndex(({ pid }) => pid === stream.pid);
    if (at < 0) streams.push(stream);
    else streams[at] = stream;
  }
  const { programmeNumber, pmtPid, pcrPid } = programme;
  return { programmeNumber, pmtPid, pcrPid, streams };
}

/**
 * Maps a source's streams by type and order (datapath rule 21). Streams that the session never had get PIDs of
 * their own, the source's where they are free. `playing` is what viewers play now: null when its first video or
 * first audio has no counterpart of the same type, or the source has a kind that it lacks; that is no splice.
 */
export function mapProgramme(
  own: OwnProgramme,
  playing: Programme,
  source: Programme,
): ProgrammeMapping | null {
  const streams = [...own.streams];
  const pids = new Map<number, number>();
  const used = new Set([own.pmtPid, own.pcrPid, ...streams.map(({ pid }) => pid)]);
  const extra: ProgrammeStream[] = [];
  for (const stream of source.streams) {
    const taken = new Set(pids.values());
    const match = streams.find(({ pid, ...type }) => !taken.has(pid) && isSameType(type, stream));
    if (match === undefined) extra.push(stream);
    else pids.set(stream.pid, match.pid);
  }
  for (const kind of ['video', 'audio'] as const) {
    const first = playing.streams.find((stream) => stream.kind === kind);
    const isThere = source.streams.some((stream) => stream.kind === kind);
    if (first === undefined ? isThere : ![...pids.values()].includes(first.pid)) return null;
  }
  for (const stream of extra) {
    const pid = freePid(stream.pid, used);
    if (pid === null) continue;
    used.add(pid);
    pids.set(stream.pid, pid);
    streams.push({ ...stream, pid });
  }
  const pcrPid = mapClock(own, source, pids, used);
  if (source.pcrPid !== NULL_PID && pcrPid !== NULL_PID) pids.set(source.pcrPid, pcrPid);
  const isIdentity =
    own.programmeNumber === source.programmeNumber &&
    own.pmtPid === source.pmtPid &&
    source.streams.every(({ pid }) => pids.get(pid) === pid) &&
    pcrPid === source.pcrPid;
  return { own: { ...own, pcrPid, streams }, pids, pcrPid, isIdentity };
}

/** A clock on a PID of its own keeps the session's, when that has one. */
function mapClock(
  own: OwnProgramme,
  source: Programme,
  pids: ReadonlyMap<number, number>,
  used: ReadonlySet<number>,
): number {
  if (source.pcrPid === NULL_PID) return NULL_PID;
  const mapped = pids.get(source.pcrPid);
  if (mapped !== undefined) return mapped;
  const isSeparate = own.pcrPid !== NULL_PID && own.streams.every(({ pid }) => pid !== own.pcrPid);
  return isSeparate ? own.pcrPid : (freePid(source.pcrPid, used) ?? NULL_PID);
}

function isSameType(a: Pick<OwnStream, 'streamType' | 'codec'>, b: ProgrammeStream): boolean {
  return a.streamType === b.streamType && a.codec === b.codec;
}

function freePid(wish: number, used: ReadonlySet<number>): number | null {
  if (isFree(wish, used)) return wish;
  for (let pid = FIRST_CHOSEN_PID; pid < PID_COUNT; pid++) if (isFree(pid, used)) return pid;
  return null;
}

function isFree(pid: number, used: ReadonlySet<number>): boolean {
  return pid >= FIRST_STREAM_PID && pid !== NULL_PID && !used.has(pid);
}
