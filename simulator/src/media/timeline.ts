import type { Clip } from './clip';
import { markerTemplate, writeMarker } from './marker';
import { patPacket, pmtPacket, sdtPacket } from './psi';
import type { Schedule, Slot } from './schedule';
import {
  AUDIO_PID,
  nullPackets,
  PACKET_BYTES,
  TICKS_PER_MS,
  TIMESTAMP_WRAP,
  writeContinuity,
  writeHeader,
  writePcr,
  writeTimestamp,
} from './ts-packet';

export interface Programme {
  readonly infohash: string;
  readonly name: string;
  readonly audioOnly: boolean;
  /** Added to PTS, DTS and PCR, in 90 kHz ticks; with 0 they are the wall clock's seconds since 1970. */
  readonly ptsOffsetTicks: number;
}

/** Decoding times are this much later than arrival, so that a player's buffer never runs empty. */
const DECODE_DELAY_TICKS = 45_000;
/** Copied before the other packets, because that is cheaper than writing each null packet. */
const BLANK = nullPackets(700);

function pcrOnlyPacket(): Buffer {
  const packet = Buffer.alloc(PACKET_BYTES, 0xff);
  writeHeader(packet, 0, AUDIO_PID, false);
  packet.writeUInt8(0x20, 3);
  packet.writeUInt8(183, 4);
  packet.writeUInt8(0x10, 5);
  return packet;
}

/**
 * The broadcast of one content: an endless stream of constant bit rate that depends only on the programme and the wall
 * clock. Packet n is due at n × loop / packetsPerLoop since 1970, and has the same bytes on every engine and in every
 * session, like the pieces of a real swarm.
 */
export class Timeline {
  readonly packetsPerLoop: number;
  private readonly loopMs: number;
  private readonly loopNs: bigint;
  private readonly templates: Readonly<Record<'pat' | 'pmt' | 'sdt' | 'marker' | 'pcr', Buffer>>;

  constructor(
    private readonly clip: Clip,
    /** Depends on the programme's bit rate; contents with the same rate share it. */
    private readonly schedule: Schedule,
    private readonly programme: Programme,
  ) {
    this.packetsPerLoop = schedule.packetsPerLoop;
    this.loopMs = clip.loopTicks / TICKS_PER_MS;
    this.loopNs = BigInt(this.loopMs) * 1_000_000n;
    this.templates = {
      pat: patPacket(),
      pmt: pmtPacket(clip, programme.audioOnly),
      sdt: sdtPacket(programme.name, programme.audioOnly),
      marker: markerTemplate(programme.infohash, this.packetsPerLoop),
      pcr: pcrOnlyPacket(),
    };
  }

  /** Number of the first packet that is due at `unixMs` or later: all packets before it have been broadcast. */
  numberAt(unixMs: number): number {
    const { loopMs, packetsPerLoop } = this;
    const loop = Math.floor(unixMs / loopMs);
    const within = ((unixMs - loop * loopMs) * packetsPerLoop) / loopMs;
    return loop * packetsPerLoop + Math.ceil(within);
  }

  /** Time at which packet `number` is due, in milliseconds since 1970. */
  timeOf(number: number): number {
    return (number / this.packetsPerLoop) * this.loopMs;
  }

  /** The bytes of `count` packets from number `first` on, with their clocks shifted by `shiftTicks`. */
  render(first: number, count: number, shiftTicks = 0): Buffer {
    const out = Buffer.allocUnsafe(count * PACKET_BYTES);
    for (let at = 0; at < out.length; at += BLANK.length) BLANK.copy(out, at);
    let loop = Math.floor(first / this.packetsPerLoop);
    let index = first - loop * this.packetsPerLoop;
    let done = 0;
    while (done < count) {
      const here = Math.min(count - done, this.packetsPerLoop - index);
      this.renderWithin(out, done - index, loop, index, index + here, shiftTicks);
      done += here;
      loop += 1;
      index = 0;
    }
    return out;
  }

  /** Position of the first slot at or after `index`. */
  private slotFrom(index: number): number {
    const { slots } = this.schedule;
    let low = 0;
    let high = slots.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((slots[middle]?.index ?? 0) < index) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  private renderWithin(
    out: Buffer,
    base: number,
    loop: number,
    from: number,
    to: number,
    shiftTicks: number,
  ): void {
    const { slots } = this.schedule;
    const offset = this.programme.ptsOffsetTicks + shiftTicks;
    for (let n = this.slotFrom(from); n < slots.length; n += 1) {
      const slot = slots[n];
      if (slot === undefined || slot.index >= to) return;
      this.renderSlot(out, (base + slot.index) * PACKET_BYTES, loop, n, slot, offset);
    }
  }

  private renderSlot(
    out: Buffer,
    at: number,
    loop: number,
    order: number,
    slot: Slot,
    offset: number,
  ): void {
    const { kind, clip } = slot;
    const count = this.schedule.counts[kind === 'pcr' ? 'audio' : kind];
    // Reduced before multiplying, because loops since 1970 times packets would exceed the safe integers.
    const continuity = ((loop % 16) * (count % 16) + slot.continuity + 16) % 16;
    const loopTicks = loop * this.clip.loopTicks + offset;
    if (kind === 'video' || kind === 'audio') {
      if (clip === null) return;
      this.clip.data.copy(out, at, clip.source, clip.source + PACKET_BYTES);
      const media = loopTicks + DECODE_DELAY_TICKS;
      if (clip.ptsAt) writeTimestamp(out, at + clip.ptsAt, wrap(media + clip.ptsTicks));
      if (clip.dtsAt) writeTimestamp(out, at + clip.dtsAt, wrap(media + clip.dtsTicks));
    } else {
      this.templates[kind].copy(out, at);
      if (kind === 'marker') this.writeNumbers(out, at, loop, order, slot);
    }
    writeContinuity(out, at, continuity);
    if (clip?.hasPcr) {
      const ticks = Math.floor((slot.index * this.clip.loopTicks * 300) / this.packetsPerLoop);
      writePcr(out, at, wrap(loopTicks + Math.floor(ticks / 300)), ticks % 300);
    }
  }

  private writeNumbers(out: Buffer, at: number, loop: number, order: number, slot: Slot): void {
    const within = (BigInt(slot.index) * this.loopNs) / BigInt(this.packetsPerLoop);
    writeMarker(
      out,
      at,
      loop * this.packetsPerLoop + slot.index,
      loop * this.schedule.slots.length + order,
      BigInt(loop) * this.loopNs + within,
    );
  }
}

function wrap(ticks: number): number {
  const rest = ticks % TIMESTAMP_WRAP;
  return rest < 0 ? rest + TIMESTAMP_WRAP : rest;
}
