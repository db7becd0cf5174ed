import { pcrField, pesOfFrame } from './frame-start';
import { PACKET_BYTES, PCR_FLAG, RANDOM_ACCESS_FLAG, SYNC_BYTE, VIDEO_PID } from './packet-stamp';
import { PMT_PID, sectionCrc } from './program-tables';
import { contentId } from './stream-path';
import { fillerPacket, type MediaSource, TransportStreamSource } from './transport-stream-source';

/** The kinds of content that harm a program that parses them. */
export const HOSTILE_KINDS = [
  'pat-of-42-programmes',
  'eleven-pats-per-packet',
  'pmt-of-800-streams',
  'tables-and-key-frames',
  'past-and-future',
  'breaks-at-every-picture',
  'pmt-behind-a-splice',
] as const;
export type HostileKind = (typeof HOSTILE_KINDS)[number];

export const HOSTILE_MBIT_PER_SECOND = 20;
/** The first of the numbers from which `stream-path` makes hostile content ids. */
const FIRST_STREAM = 0x1000;
const STREAMS_PER_KIND = 16;

/** The number of the content `n` of this kind, for `stream-path`. */
export function hostileStream(kind: HostileKind, n: number): number {
  return FIRST_STREAM + HOSTILE_KINDS.indexOf(kind) * STREAMS_PER_KIND + n;
}

/** The kind of the content with this id; null for a normal one. */
export function hostileKindOf(id: string): HostileKind | null {
  const kinds = HOSTILE_KINDS.filter((kind) =>
    range(STREAMS_PER_KIND).some((n) => contentId(hostileStream(kind, n)) === id),
  );
  return kinds[0] ?? null;
}

const PAT_TABLE = 0;
const PMT_TABLE = 2;
const H264 = 0x1b;
const PRIVATE_DATA = 0x06;
/** The sections of a cycle all differ, so that none of them equals the previous one. */
const VARIANTS = 32;
/** Kinds that act after another source send this many packets of a normal one first. */
const USUAL_PACKETS = 60_000;
const FRAME_TICKS = 3600;
const HOUR_TICKS = 3600 * 90_000;
/** A second video PID, so that packets after a splice must be rewritten. */
const OTHER_VIDEO_PID = 0x110;
const PACKETS_PER_PICTURE = 4;
/** The 4 KB of a PMT in 13-byte entries, and the maximum number of entries in a section. */
const LARGE_PMT = { streams: 300, descriptorBytes: 8 };
const MOST_STREAMS = 800;
const STREAMS_BEHIND_SPLICE = 702;
/** The large PMT is sent once per this many key frames of `tables-and-key-frames`. */
const PACKETS_PER_LARGE_PMT = 50_000;

/**
 * The media of a hostile content. `opening` counts the engine sessions of this content from 0: some kinds play
 * normally at first and are hostile when they are opened again.
 */
export function hostileSource(
  kind: HostileKind,
  opening: number,
  bitsPerSecond: number,
): MediaSource {
  const isUsual = opening === 0;
  switch (kind) {
    case 'pat-of-42-programmes':
      return new PacketSource(cycle(variants((n) => [psi(0, [pat(n, 42)])]).flat()));
    case 'eleven-pats-per-packet':
      return new PacketSource(
        cycle(
          variants((n) => [
            psi(
              0,
              range(11).map((i) => pat(n * 11 + i, 1)),
            ),
          ]).flat(),
        ),
      );
    case 'pmt-of-800-streams':
      return new PacketSource(
        after(
          [psi(0, [pat(0, 1)])],
          cycle(variants((n) => split(PMT_PID, pmt(n, MOST_STREAMS, 0, VIDEO_PID))).flat()),
        ),
      );
    case 'tables-and-key-frames':
      return new PacketSource(tablesAndKeyFrames());
    case 'past-and-future':
      return isUsual ? usualThenEnd(bitsPerSecond) : new PacketSource(pastAndFuture());
    case 'breaks-at-every-picture':
      return new PacketSource(breaksAtEveryPicture());
    case 'pmt-behind-a-splice':
      return isUsual ? usualThenEnd(bitsPerSecond) : new PacketSource(pmtBehindSplice());
  }
}

/** A packet without its continuity counter. */
type Packets = Generator<Buffer>;

/** Sets the counters of each PID. */
class PacketSource implements MediaSource {
  private readonly counters = new Map<number, number>();

  constructor(private readonly packets: Packets) {}

  next(count: number): Buffer {
    const target = Buffer.allocUnsafeSlow(count * PACKET_BYTES);
    for (let offset = 0; offset < target.length; offset += PACKET_BYTES) {
      const { value } = this.packets.next() as { value: Buffer };
      value.copy(target, offset);
      const pid = value.readUInt16BE(1) & 0x1fff;
      const counter = ((this.counters.get(pid) ?? -1) + 1) & 15;
      this.counters.set(pid, counter);
      target[offset + 3] = (target[offset + 3] as number) | counter;
    }
    return target;
  }
}

function usualThenEnd(bitsPerSecond: number): MediaSource {
  const source = new TransportStreamSource(bitsPerSecond);
  let left = USUAL_PACKETS;
  return {
    next(count, wallClockMs) {
      if (left <= 0) return null;
      left -= count;
      return source.next(count, wallClockMs);
    },
  };
}

function* cycle(packets: readonly Buffer[]): Packets {
  for (;;) yield* packets;
}

function* after(first: readonly Buffer[], rest: Packets): Packets {
  yield* first;
  yield* rest;
}

/** A large PMT once, then a PAT and a key frame alternately, so that each key frame has different tables before it. */
function* tablesAndKeyFrames(): Packets {
  const { streams, descriptorBytes } = LARGE_PMT;
  const large = split(PMT_PID, pmt(0, streams, descriptorBytes, VIDEO_PID));
  const table = psi(0, [pat(0, 1)]);
  for (let n = 0; ; n++) {
    if (n % PACKETS_PER_LARGE_PMT === 0) yield* [table, ...large];
    yield table;
    yield frame(VIDEO_PID, true, n * FRAME_TICKS);
  }
}

/** Key frames with past times and pictures with future times alternately. */
function* pastAndFuture(): Packets {
  yield* [psi(0, [pat(0, 1)]), ...split(PMT_PID, pmt(0, 1, 0, VIDEO_PID))];
  const past = HOUR_TICKS;
  for (let n = 0; ; n++) {
    yield frame(VIDEO_PID, true, past + n * FRAME_TICKS);
    yield frame(VIDEO_PID, false, past + HOUR_TICKS + n * FRAME_TICKS);
  }
}

function* breaksAtEveryPicture(): Packets {
  const tables = [psi(0, [pat(0, 1)]), ...split(PMT_PID, pmt(0, 1, 0, VIDEO_PID))];
  const filler = fillerPacket();
  filler[3] = 0x10;
  for (let n = 0; ; n++) {
    if (n % 25 === 0) yield* tables;
    yield frame(VIDEO_PID, true, (n % 2) * HOUR_TICKS + n * FRAME_TICKS);
    for (let i = 1; i < PACKETS_PER_PICTURE; i++) yield filler;
  }
}

/** PMTs of many streams, each different, in a source whose PIDs differ from those that viewers know. */
function* pmtBehindSplice(): Packets {
  const tables = variants((n) => split(PMT_PID, pmt(n, STREAMS_BEHIND_SPLICE, 0, OTHER_VIDEO_PID)));
  for (let n = 0; ; n++) {
    yield psi(0, [pat(0, 1)]);
    yield* tables[n % VARIANTS] as Buffer[];
    yield frame(OTHER_VIDEO_PID, n % 25 === 0, n * FRAME_TICKS);
  }
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}

function variants<T>(make: (n: number) => T): T[] {
  return range(VARIANTS).map(make);
}

/** A PAT section with `programmes` programmes; `n` determines version and PIDs. */
function pat(n: number, programmes: number): Buffer {
  const entries = range(programmes).flatMap((i) => {
    const pmtPid = 0x1000 - i + (programmes > 1 ? n * 64 : 0);
    return [0, 1 + i, 0xe0 | ((pmtPid >> 8) & 0x1f), pmtPid & 255];
  });
  return section(PAT_TABLE, 1, n, entries);
}

/** A PMT section: one video stream on `videoPid`, the others private data whose PIDs depend on `n`. */
function pmt(n: number, streams: number, descriptorBytes: number, videoPid: number): Buffer {
  const entries = range(streams).flatMap((i) => {
    const pid = i === 0 ? videoPid : 0x120 + ((i + n) % 0xe00);
    const type = i === 0 ? H264 : PRIVATE_DATA;
    const head = [type, 0xe0 | (pid >> 8), pid & 255, 0xf0, descriptorBytes];
    const descriptor = descriptorBytes === 0 ? [] : [0x80, descriptorBytes - 2];
    return [...head, ...descriptor, ...range(Math.max(0, descriptorBytes - 2)).map(() => 0)];
  });
  const clock = [0xe0 | (videoPid >> 8), videoPid & 255, 0xf0, 0];
  return section(PMT_TABLE, 1, n, [...clock, ...entries]);
}

function section(table: number, id: number, version: number, body: readonly number[]): Buffer {
  const length = body.length + 9;
  const bytes = [table, 0xb0 | (length >> 8), length & 255, id >> 8, id & 255];
  bytes.push(0xc1 | ((version & 31) << 1), 0, 0, ...body);
  const crc = Buffer.alloc(4);
  crc.writeUInt32BE(sectionCrc(bytes));
  return Buffer.concat([Buffer.from(bytes), crc]);
}

/** One packet that holds whole sections. */
function psi(pid: number, sections: readonly Buffer[]): Buffer {
  return split(pid, Buffer.concat(sections))[0] as Buffer;
}

function split(pid: number, sections: Buffer): Buffer[] {
  const data = Buffer.concat([Buffer.from([0]), sections]);
  const payload = PACKET_BYTES - 4;
  return range(Math.ceil(data.length / payload)).map((i) => {
    const packet = Buffer.alloc(PACKET_BYTES, 0xff);
    packet.set([SYNC_BYTE, (i === 0 ? 0x40 : 0) | (pid >> 8), pid & 255, 0x10]);
    data.copy(packet, 4, i * payload);
    return packet;
  });
}

/** A picture of one packet. */
function frame(pid: number, isKey: boolean, pts: number): Buffer {
  const packet = fillerPacket();
  packet.set([SYNC_BYTE, 0x40 | (pid >> 8), pid & 255, 0x30, 7]);
  packet[5] = PCR_FLAG | (isKey ? RANDOM_ACCESS_FLAG : 0);
  packet.set(pcrField(pts), 6);
  packet.set(pesOfFrame(isKey, pts), 12);
  return packet;
}
