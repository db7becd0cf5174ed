import {
  byteAt,
  continuityCounter,
  hasPayload,
  payloadOffset,
  payloadUnitStart,
  pid as pidOf,
  transportError,
  TS_PACKET,
} from './packet';
import { isPesStart, PES_FIXED_HEADER, pesDecodingTime, pesPresentationTime } from './pes';
import { UnitTrack, type PesUnit } from './unit-track';

/**
 * Maximum number of PES packets that are kept per PID; the oldest are dropped first. They are 43 s of AAC with one
 * frame each, so the splice point is still among them after a long history was read at once.
 */
const MAX_UNITS = 2048;
/**
 * Maximum number of marks of all PES packets of a PID, which is 20 s of video at 8 Mbit/s. A longer PES packet is
 * dropped.
 */
const MAX_MARKS = 108_000;
/** The empty track of a PID that is not read. */
const NO_UNITS = new UnitTrack();
const FNV_BASIS = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

interface Track {
  readonly list: UnitTrack;
  /** Number of marks of all PES packets of this PID. */
  marks: number;
  counter: number;
  /** Remaining bytes of the PES header. */
  headerLeft: number;
  headerSeen: number;
}

/** Reads the PES packets of some PIDs and hashes their payload, so that two sources can be compared. */
export class PesUnitReader {
  private readonly tracks = new Map<number, Track>();

  constructor(pids: Iterable<number>) {
    for (const pid of pids) {
      const list = new UnitTrack();
      this.tracks.set(pid, { list, marks: 0, counter: -1, headerLeft: 0, headerSeen: 0 });
    }
  }

  /** True if exactly these PIDs are read. */
  reads(pids: ReadonlySet<number>): boolean {
    return pids.size === this.tracks.size && [...pids].every((pid) => this.tracks.has(pid));
  }

  /** The track of a PID; empty if the PID is not read. */
  trackOf(pid: number): UnitTrack {
    return this.tracks.get(pid)?.list ?? NO_UNITS;
  }

  /** PES packets of a PID, oldest first; the last one may be incomplete. */
  unitsOf(pid: number): readonly PesUnit[] {
    return this.trackOf(pid).units;
  }

  /** Reads whole packets; `position` is the position of the first one. */
  read(buf: Buffer, start: number, end: number, position: number): void {
    for (let at = start; at < end; at += TS_PACKET) {
      const track = this.tracks.get(pidOf(buf, at));
      if (track === undefined || !hasPayload(buf, at) || transportError(buf, at)) continue;
      const counter = continuityCounter(buf, at);
      if (counter === track.counter) continue;
      track.counter = counter;
      this.take(track, buf, at, position + at - start);
    }
  }

  private take(track: Track, buf: Buffer, at: number, position: number): void {
    const end = at + TS_PACKET;
    let from = payloadOffset(buf, at);
    const { list } = track;
    if (payloadUnitStart(buf, at)) {
      if (list.newest !== undefined) list.newest.closed = true;
      if (list.units.length >= MAX_UNITS) forgetOldest(track);
      const isPes = isPesStart(buf, from, end);
      const pts = isPes ? pesPresentationTime(buf, from, end) : -1;
      const dts = isPes ? pesDecodingTime(buf, from, end) : -1;
      list.add({ pts, dts, at: position, marks: [], closed: false });
      track.headerSeen = 0;
      track.headerLeft = PES_FIXED_HEADER;
    }
    const unit = list.newest;
    if (unit === undefined) return;
    from = skipHeader(track, buf, from, end);
    const last = unit.marks[unit.marks.length - 1];
    let hash = last?.hash ?? FNV_BASIS;
    for (let index = from; index < end; index++) {
      hash = Math.imul(hash ^ (buf[index] as number), FNV_PRIME);
    }
    const bytes = (last?.bytes ?? 0) + end - from;
    unit.marks.push({ end: position + TS_PACKET, bytes, hash });
    track.marks++;
    while (track.marks > MAX_MARKS) forgetOldest(track);
  }
}

function forgetOldest(track: Track): void {
  track.marks -= track.list.forgetOldest()?.marks.length ?? 0;
}

function skipHeader(track: Track, buf: Buffer, from: number, end: number): number {
  let at = from;
  while (track.headerLeft > 0 && at < end) {
    track.headerSeen++;
    track.headerLeft--;
    // The last byte of the fixed part holds the length of the rest.
    if (track.headerSeen === PES_FIXED_HEADER) track.headerLeft = byteAt(buf, at);
    at++;
  }
  return at;
}
