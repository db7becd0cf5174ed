import { pcrField, pesOfFrame } from './frame-start';
import {
  PACKET_BYTES,
  PCR_FLAG,
  PRIVATE_DATA_FLAG,
  RANDOM_ACCESS_FLAG,
  STAMP_BYTES,
  SYNC_BYTE,
  VIDEO_PID,
  writeStamp,
} from './packet-stamp';
import { programTables } from './program-tables';

const CLOCK_HZ = 90_000;
const FRAMES_PER_SECOND = 25;
const FRAMES_PER_KEY_FRAME = 2 * FRAMES_PER_SECOND;
const TABLES_PER_SECOND = 10;
/** A frame is shown one second after the clock that is sent with it. */
const PTS_DELAY = CLOCK_HZ;

/** The media of the engine replacement. */
export interface MediaSource {
  /** The next `count` packets, or fewer; null if the media have ended. `wallClockMs`: ms since 1970. */
  next(count: number, wallClockMs: number): Buffer | null;
}

/**
 * A synthetic, well-formed MPEG transport stream: PAT and PMT every 100 ms, one H.264 stream with 25 frames per
 * second, a key frame (random access flag, SPS, PPS, IDR) every 2 s, a PCR with each frame. Time in the stream is
 * its packet count at the constant bit rate, so it does not depend on when packets are requested. Every video
 * packet has a stamp (see packet-stamp). The slices contain noise, so the pictures are not meant to be shown.
 */
export class TransportStreamSource implements MediaSource {
  private readonly ticksPerPacket: number;
  private readonly tables = programTables();
  private readonly filler = fillerPacket();
  private packets = 0;
  private sequence = 0;
  private frames = 0;
  private tablesSent = 0;

  constructor(bitsPerSecond: number) {
    this.ticksPerPacket = (PACKET_BYTES * 8 * CLOCK_HZ) / bitsPerSecond;
  }

  /** The next `count` packets in a new Buffer, with video stamped with `wallClockMs` (ms since 1970). */
  next(count: number, wallClockMs: number): Buffer {
    const target = Buffer.allocUnsafeSlow(count * PACKET_BYTES);
    for (let offset = 0; offset < target.length; offset += PACKET_BYTES) {
      const ticks = this.packets * this.ticksPerPacket;
      this.packets++;
      // Tables come first, so that a viewer that joins at a key frame finds them right before it.
      if (this.tablesDue(ticks)) this.writeTable(target, offset);
      else this.writeVideo(target, offset, ticks, wallClockMs);
    }
    return target;
  }

  /** A PAT is due by time; its PMT right after it. */
  private tablesDue(ticks: number): boolean {
    if (this.tablesSent % 2 === 1) return true;
    return ticks >= ((this.tablesSent / 2) * CLOCK_HZ) / TABLES_PER_SECOND;
  }

  private writeTable(target: Buffer, offset: number): void {
    const table = this.tablesSent % 2 === 0 ? this.tables.pat : this.tables.pmt;
    table.copy(target, offset);
    target[offset + 3] = 0x10 | ((this.tablesSent >> 1) & 15);
    this.tablesSent++;
  }

  private writeVideo(target: Buffer, offset: number, ticks: number, wallClockMs: number): void {
    this.filler.copy(target, offset);
    target[offset + 3] = 0x30 | (this.sequence & 15);
    if (ticks >= (this.frames * CLOCK_HZ) / FRAMES_PER_SECOND) {
      this.writeFrameStart(target, offset, Math.floor(ticks), wallClockMs);
    } else {
      target.set([1 + 1 + STAMP_BYTES, PRIVATE_DATA_FLAG, STAMP_BYTES], offset + 4);
      writeStamp(target, offset + 7, this.sequence, wallClockMs);
    }
    this.sequence++;
  }

  private writeFrameStart(
    target: Buffer,
    offset: number,
    ticks: number,
    wallClockMs: number,
  ): void {
    const key = this.frames % FRAMES_PER_KEY_FRAME === 0;
    const pts = (this.frames * CLOCK_HZ) / FRAMES_PER_SECOND + PTS_DELAY;
    this.frames++;
    target[offset + 1] = 0x40 | (VIDEO_PID >> 8);
    target[offset + 4] = 1 + 6 + 1 + STAMP_BYTES;
    target[offset + 5] = PRIVATE_DATA_FLAG | PCR_FLAG | (key ? RANDOM_ACCESS_FLAG : 0);
    target.set(pcrField(ticks), offset + 6);
    target[offset + 12] = STAMP_BYTES;
    writeStamp(target, offset + 13, this.sequence, wallClockMs);
    const pes = offset + 13 + STAMP_BYTES;
    target.set(pesOfFrame(key, pts), pes);
  }
}

/**
 * A video packet with noise as payload. No byte is below 4, so that no start code appears by accident, and none
 * equals the sync byte, because the same noise in each packet would repeat it at a distance of one packet.
 */
export function fillerPacket(): Buffer {
  const packet = Buffer.alloc(PACKET_BYTES);
  let noise = 0x9e3779b9;
  for (let i = 0; i < PACKET_BYTES; i++) {
    noise = (Math.imul(noise, 1_664_525) + 1_013_904_223) >>> 0;
    const byte = noise >>> 24;
    packet[i] = byte < 4 || byte === SYNC_BYTE ? 0xa5 : byte;
  }
  packet.set([SYNC_BYTE, VIDEO_PID >> 8, VIDEO_PID & 0xff, 0x30]);
  return packet;
}
