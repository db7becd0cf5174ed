import { SYNC, TS_PACKET } from './packet';
import { writeTimestamp } from './pes';

/** Maximum size of one parameter set; real ones have a few hundred bytes. */
const MAX_UNIT_BYTES = 2048;
/** Maximum number of parameter sets of one kind. */
const MAX_UNITS = 8;
/**
 * Maximum size of all parameter sets together. Larger ones are implausible, and would be sent to every viewer who
 * joins.
 */
const MAX_BYTES = 8 * 1024;
const START_CODE = Buffer.from([0, 0, 1]);
const PES_HEADER = 9;
const TIMESTAMP = 5;
const BODY = TS_PACKET - 4;
/** Bytes of an adaptation field that has only its length and its flags. It flags the discontinuity of the counter. */
const FLAG_BYTES = 2;

/**
 * The current parameter sets of a video stream: VPS, SPS and PPS, or the sequence header with its extensions. Some
 * encoders send them only once, so they must be sent to every viewer who begins later.
 */
export class ParameterSets {
  /** The parameter sets of each kind. The kinds are in the order that decoders expect. */
  private readonly units: Buffer[][];
  /** For each kind: true if the current access unit contains a parameter set of that kind. */
  private readonly renewed: boolean[];
  private joined: Buffer | null = null;
  private open: { readonly kind: number; readonly parts: Buffer[]; bytes: number } | null = null;

  /** @param kinds number of kinds of sets that the codec has */
  constructor(kinds: number) {
    this.units = Array.from({ length: kinds }, () => []);
    this.renewed = Array.from({ length: kinds }, () => false);
  }

  /**
   * All parameter sets, each after a start code. Null if there are none, or if together they exceed `MAX_BYTES`. The
   * Buffer stays the same until a parameter set changes.
   */
  get bytes(): Buffer | null {
    if (this.joined === null) {
      const bytes = Buffer.concat(this.units.flat().flatMap((unit) => [START_CODE, unit]));
      if (bytes.length === 0 || bytes.length > MAX_BYTES) return null;
      // Not from the pool: the Buffer may be kept as long as the ring keeps its media.
      this.joined = Buffer.allocUnsafeSlow(bytes.length);
      bytes.copy(this.joined);
    }
    return this.joined;
  }

  /** True if the current access unit itself contains parameter sets of every kind. */
  get isComplete(): boolean {
    return this.renewed.every((isRenewed) => isRenewed);
  }

  isRenewed(kind: number): boolean {
    return this.renewed[kind] === true;
  }

  beginAccessUnit(): void {
    this.renewed.fill(false);
  }

  /** Begins a parameter set. Its bytes, from the first one after the start code on, must be passed to `take`. */
  begin(kind: number): void {
    this.open = { kind, parts: [], bytes: 0 };
  }

  /** Adds bytes of the parameter set; they are copied. */
  take(buf: Buffer, from: number, to: number): void {
    const { open } = this;
    if (open === null || to <= from) return;
    open.bytes += to - from;
    if (open.bytes > MAX_UNIT_BYTES) this.open = null;
    else open.parts.push(Buffer.from(buf.subarray(from, to)));
  }

  /** Ends the parameter set. Its last two bytes are removed, because they belong to the start code that follows. */
  end(): void {
    const { open } = this;
    this.open = null;
    if (open === null || open.bytes < START_CODE.length) return;
    const unit = Buffer.concat(open.parts, open.bytes).subarray(0, open.bytes - 2);
    this.add(open.kind, unit);
  }

  /** Drops the unfinished parameter set, because bytes were lost. */
  gap(): void {
    this.open = null;
  }

  /**
   * Adds a parameter set. The first one of its kind in an access unit replaces the known ones of that kind, provided
   * that the access unit also contains the preceding kind. All others are added to the known ones.
   */
  private add(kind: number, unit: Buffer): void {
    const units = this.units[kind] as Buffer[];
    const isFirst = !this.isRenewed(kind);
    this.renewed[kind] = true;
    const mayReplace = kind === 0 || this.isRenewed(kind - 1);
    if (isFirst && mayReplace && units.length === 1 && units[0]?.equals(unit)) return;
    if (isFirst && mayReplace) units.length = 0;
    else if (units.some((known) => known.equals(unit))) return;
    units.push(Buffer.from(unit));
    if (units.length > MAX_UNITS) units.shift();
    this.joined = null;
  }
}

/** The start of a PES packet of a video stream, with its timestamps in ticks of 90 kHz; −1 for none. */
export interface PesStart {
  readonly pid: number;
  /** Continuity counter of its first packet. */
  readonly counter: number;
  readonly pts: number;
  readonly dts: number;
}

/**
 * Packets that carry `sets` before a PES packet, as a separate PES packet with the same timestamps. Their counters
 * end right before the counter of `next`, and the first packet flags the discontinuity.
 */
export function parameterPackets(sets: Buffer, next: PesStart): Buffer {
  const data = pesOf(sets, next);
  const count = Math.ceil((data.length + FLAG_BYTES) / BODY);
  const packets = Buffer.alloc(count * TS_PACKET, 0xff);
  let from = 0;
  for (let index = 0; index < count; index++) {
    const at = index * TS_PACKET;
    const room = index === 0 ? BODY - FLAG_BYTES : BODY;
    const length = Math.min(room, data.length - from);
    packets[at] = SYNC;
    packets[at + 1] = (index === 0 ? 0x40 : 0) | (next.pid >> 8);
    packets[at + 2] = next.pid & 0xff;
    const hasField = length < BODY;
    packets[at + 3] = (hasField ? 0x30 : 0x10) | ((next.counter - count + index + 32) & 0x0f);
    if (hasField) {
      packets[at + 4] = BODY - 1 - length;
      if (length < BODY - 1) packets[at + 5] = index === 0 ? 0x80 : 0;
    }
    data.copy(packets, at + TS_PACKET - length, from, from + length);
    from += length;
  }
  return packets;
}

function pesOf(sets: Buffer, { pts, dts }: PesStart): Buffer {
  const times = pts < 0 ? [] : dts < 0 || dts === pts ? [pts] : [pts, dts];
  const header = Buffer.alloc(PES_HEADER + times.length * TIMESTAMP);
  const length = header.length - 6 + sets.length;
  header.set([0, 0, 1, 0xe0, length >> 8, length & 0xff, 0x84]);
  header[7] = [0, 0x80, 0xc0][times.length] as number;
  header[8] = times.length * TIMESTAMP;
  times.forEach((ticks, index) => {
    const at = PES_HEADER + index * TIMESTAMP;
    header[at] = index === 1 ? 0x10 : times.length === 1 ? 0x20 : 0x30;
    writeTimestamp(header, at, ticks);
  });
  return Buffer.concat([header, sets]);
}
