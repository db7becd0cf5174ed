import { MarkerAudit } from './marker-audit';
import { PidAudit } from './pid-audit';
import {
  isDiscontinuity,
  isRandomAccess,
  NULL_PID,
  PACKET_BYTES,
  PAT_PID,
  pidOf,
  SIM_PIDS,
  startsUnit,
} from './ts-packet';

const FIRST_PIDS = 64;
/** PAT, CAT, NIT, SDT and the like. */
const LAST_TABLE_PID = 0x1f;

/**
 * Audits one viewer's stream, packet by packet. It never throws; its numbers are for assertions. Packet indices
 * start at 0 with the first byte of the body.
 */
export class StreamAudit {
  bytes = 0;
  /** Whole packets. */
  packets = 0;
  /** Packets whose first byte is not the sync byte. */
  misaligned = 0;
  nullPackets = 0;
  /** Packets that carry the discontinuity flag. */
  flagged = 0;
  /** PIDs of the first 64 packets. */
  readonly firstPids: number[] = [];
  /** Index of the first packet of its kind; null until one arrives. */
  readonly firstAt: {
    pat: number | null;
    pmt: number | null;
    video: number | null;
    audio: number | null;
    /** The first packet of video that starts an access unit with the random access flag. */
    randomAccess: number | null;
    null: number | null;
  } = { pat: null, pmt: null, video: null, audio: null, randomAccess: null, null: null };
  readonly markers = new MarkerAudit();
  readonly pids = new Map<number, PidAudit>();
  /** Time of the newest bytes, `performance.now()`. */
  firstByteMs: number | null = null;
  lastByteMs: number | null = null;
  /** Time of the newest packet other than a null packet, `performance.now()`. */
  firstMediaMs: number | null = null;
  lastMediaMs: number | null = null;
  /** Longest time without media, ms. */
  longestGapMs = 0;
  private rest = Buffer.alloc(0);

  feed(chunk: Buffer, nowMs = performance.now()): void {
    this.bytes += chunk.length;
    this.firstByteMs ??= nowMs;
    this.lastByteMs = nowMs;
    const data = this.rest.length === 0 ? chunk : Buffer.concat([this.rest, chunk]);
    const mediaBefore = this.packets - this.nullPackets;
    let at = 0;
    for (; at + PACKET_BYTES <= data.length; at += PACKET_BYTES) this.packet(data, at);
    this.rest = Buffer.from(data.subarray(at));
    if (this.packets - this.nullPackets > mediaBefore) this.noteMedia(nowMs);
  }

  /** Jumps of continuity counters without a discontinuity flag: video, sound and data. */
  get continuityErrors(): number {
    return this.sum((pid) => (pid.isTable ? 0 : pid.continuityErrors));
  }

  /** The same for PAT, PMT and other tables, which a splice does not flag (each table is complete). */
  get tableContinuityErrors(): number {
    return this.sum((pid) => (pid.isTable ? pid.continuityErrors : 0));
  }

  /** Damaged tables. */
  get crcErrors(): number {
    return this.sum((pid) => pid.crcErrors);
  }

  /** Whether a viewer had pictures: a random access point and half a second of media. */
  get isPlaying(): boolean {
    return this.firstAt.randomAccess !== null && this.markers.count >= 25;
  }

  /** A summary of one line for messages. */
  describe(): string {
    const { markers } = this;
    const gap = Math.round(this.longestGapMs);
    return (
      `${this.packets} packets, ${this.nullPackets} null, ${this.misaligned} misaligned, ` +
      `${this.continuityErrors} continuity errors, ${this.flagged} flagged, longest gap ${gap} ms; ` +
      `${markers.count} markers, ${markers.lostPackets} lost, ${markers.repeatedPackets} repeated, ` +
      `${markers.jumps.length} jumps, latency ${Math.round(markers.lastLatencyMs ?? -1)} ms`
    );
  }

  private packet(data: Buffer, at: number): void {
    const index = this.packets;
    this.packets += 1;
    if (data.readUInt8(at) !== 0x47) {
      this.misaligned += 1;
      return;
    }
    const pid = pidOf(data, at);
    if (index < FIRST_PIDS) this.firstPids.push(pid);
    this.noteFirst(data, at, pid, index);
    if (pid === NULL_PID) {
      this.nullPackets += 1;
      return;
    }
    if (isDiscontinuity(data, at)) this.flagged += 1;
    this.pidAudit(pid).packet(data, at);
    this.markers.packet(data, at);
  }

  private noteFirst(data: Buffer, at: number, pid: number, index: number): void {
    const first = this.firstAt;
    if (pid === NULL_PID) first.null ??= index;
    else if (pid === PAT_PID) first.pat ??= index;
    else if (pid === SIM_PIDS.pmt) first.pmt ??= index;
    else if (pid === SIM_PIDS.audio) first.audio ??= index;
    else if (pid === SIM_PIDS.video) {
      first.video ??= index;
      if (startsUnit(data, at) && isRandomAccess(data, at)) first.randomAccess ??= index;
    }
  }

  private noteMedia(nowMs: number): void {
    this.firstMediaMs ??= nowMs;
    if (this.lastMediaMs !== null) {
      this.longestGapMs = Math.max(this.longestGapMs, nowMs - this.lastMediaMs);
    }
    this.lastMediaMs = nowMs;
  }

  private pidAudit(pid: number): PidAudit {
    const known = this.pids.get(pid);
    if (known) return known;
    const made = new PidAudit(pid <= LAST_TABLE_PID || pid === SIM_PIDS.pmt);
    this.pids.set(pid, made);
    return made;
  }

  private sum(of: (pid: PidAudit) => number): number {
    return [...this.pids.values()].reduce((total, pid) => total + of(pid), 0);
  }
}
