import { DISCONTINUITY_FLAG, PACKET_BYTES, SYNC_BYTE } from './packet-stamp';
import { readPesStart } from './pes-start';

const NULL_PID = 0x1fff;
const CLOCK = 2 ** 33;

/** Results of viewers of real broadcasts, counted together. */
export interface MediaTally {
  bytes: number;
  /** Places without a packet where one had to begin. */
  misaligned: number;
  /** Video and audio packets whose continuity counter does not follow the previous one, without a flag. */
  continuityErrors: number;
  /** The same for tables and data. */
  tableContinuityErrors: number;
  discontinuityFlags: number;
  /** Access units or, for sound, PES packets that are missing or repeated, by their time stamps. */
  lostUnits: number;
  repeatedUnits: number;
  /** Longest step between two time stamps of a PID, 90 kHz: measured while `learning`, and the limit afterwards. */
  readonly longestStep: Map<number, number>;
  learning: boolean;
}

export function newMediaTally(): MediaTally {
  return {
    ...{ bytes: 0, misaligned: 0, continuityErrors: 0, tableContinuityErrors: 0 },
    ...{
      discontinuityFlags: 0,
      lostUnits: 0,
      repeatedUnits: 0,
      longestStep: new Map(),
      learning: true,
    },
  };
}

interface PidState {
  continuity: number;
  isMedia: boolean;
  /** Decoding time of its newest access unit; -1: none yet. */
  stamp: number;
}

/**
 * Checks one viewer's body for the effects of a failover: time without media on the wall clock (null packets and
 * tables do not count as media), and access units that are lost or repeated. Reads may end anywhere; a packet in
 * two reads is joined.
 */
export class MediaWatch {
  /** Longest time without media since the last `mark`, up to the newest media. */
  longestSilenceMs = 0;
  private lastMediaMs = -1;
  private readonly pids = new Map<number, PidState>();
  private readonly carry = Buffer.alloc(PACKET_BYTES);
  private carried = 0;

  constructor(private readonly tally: MediaTally) {}

  get hasMedia(): boolean {
    return this.lastMediaMs >= 0;
  }

  /** Silence is counted from here on, including silence that already lasts. */
  mark(): void {
    this.longestSilenceMs = 0;
  }

  /** The longest silence since the mark if `nowMs` is the end, including silence that still lasts. */
  silenceMs(nowMs: number): number {
    return this.hasMedia ? Math.max(this.longestSilenceMs, nowMs - this.lastMediaMs) : Infinity;
  }

  /** Consumes the bytes [start, end) of a read at `nowMs`, monotonic. */
  read(bytes: Buffer, start: number, end: number, nowMs: number): void {
    this.tally.bytes += end - start;
    let sawMedia = false;
    let offset = start;
    if (this.carried > 0) {
      const taken = Math.min(PACKET_BYTES - this.carried, end - start);
      bytes.copy(this.carry, this.carried, start, start + taken);
      this.carried += taken;
      offset += taken;
      if (this.carried < PACKET_BYTES) return;
      this.carried = 0;
      sawMedia = this.check(this.carry, 0);
    }
    while (offset < end) {
      if (bytes[offset] !== SYNC_BYTE) {
        this.tally.misaligned++;
        const next = bytes.indexOf(SYNC_BYTE, offset + 1);
        offset = next < 0 ? end : Math.min(next, end);
      } else if (offset + PACKET_BYTES <= end) {
        if (this.check(bytes, offset)) sawMedia = true;
        offset += PACKET_BYTES;
      } else break;
    }
    if (offset < end) this.carried = bytes.copy(this.carry, 0, offset, end);
    if (sawMedia) this.noteMedia(nowMs);
  }

  private noteMedia(nowMs: number): void {
    if (this.hasMedia) {
      this.longestSilenceMs = Math.max(this.longestSilenceMs, nowMs - this.lastMediaMs);
    }
    this.lastMediaMs = nowMs;
  }

  /** Returns whether the packet contains media. */
  private check(bytes: Buffer, packet: number): boolean {
    const pid = (((bytes[packet + 1] ?? 0) & 0x1f) << 8) | (bytes[packet + 2] ?? 0);
    if (pid === NULL_PID) return false;
    const state = this.stateOf(pid);
    const control = bytes[packet + 3] ?? 0;
    const hasAdaptation = (control & 0x20) !== 0 && (bytes[packet + 4] ?? 0) > 0;
    const isFlagged = hasAdaptation && ((bytes[packet + 5] ?? 0) & DISCONTINUITY_FLAG) !== 0;
    if (isFlagged) this.tally.discontinuityFlags++;
    const hasPayload = (control & 0x10) !== 0;
    const expected = hasPayload ? (state.continuity + 1) & 15 : state.continuity;
    if (state.continuity >= 0 && !isFlagged && (control & 15) !== expected) {
      if (state.isMedia) this.tally.continuityErrors++;
      else this.tally.tableContinuityErrors++;
    }
    state.continuity = control & 15;
    if (!hasPayload) return false;
    if (((bytes[packet + 1] ?? 0) & 0x40) !== 0) this.checkUnit(bytes, packet, pid, state);
    return state.isMedia;
  }

  private checkUnit(bytes: Buffer, packet: number, pid: number, state: PidState): void {
    const stamp = readPesStart(bytes, packet);
    if (stamp === null) return;
    state.isMedia = true;
    if (stamp < 0) return;
    if (state.stamp >= 0) this.checkStep(pid, signedStep(stamp - state.stamp));
    state.stamp = stamp;
  }

  private checkStep(pid: number, step: number): void {
    const { tally } = this;
    const longest = tally.longestStep.get(pid) ?? 0;
    if (step <= 0) tally.repeatedUnits += longest === 0 ? 1 : 1 + Math.round(-step / longest);
    else if (tally.learning) tally.longestStep.set(pid, Math.max(longest, step));
    else if (longest > 0 && step > longest * 1.01) {
      tally.lostUnits += Math.max(1, Math.round(step / longest) - 1);
    }
  }

  private stateOf(pid: number): PidState {
    const known = this.pids.get(pid);
    if (known !== undefined) return known;
    const state: PidState = { continuity: -1, isMedia: false, stamp: -1 };
    this.pids.set(pid, state);
    return state;
  }
}

/** The shorter difference of two 33-bit clocks. */
function signedStep(difference: number): number {
  const step = ((difference % CLOCK) + CLOCK) % CLOCK;
  return step >= CLOCK / 2 ? step - CLOCK : step;
}
