import { crc32, patBody, pmtBody, sectionPackets } from '../media/psi';
import {
  AUDIO_PID,
  NULL_PID,
  PACKET_BYTES,
  PAT_PID,
  pidOf,
  PMT_PID,
  VIDEO_PID,
  writeContinuity,
  writeHeader,
} from '../media/ts-packet';
import type { Damage } from './damage';

const PROGRAM = 1;
const PMT_TABLE = 0x02;
const H264 = 0x1b;
const AAC = 0x0f;
/** Offset of a section in a packet that holds one, after its pointer field. */
const SECTION = 5;
/** A programme that is listed first and has no media. */
const OFF_AIR = { number: 7, pmt: 0x0ff0, video: 0x0ff1, audio: 0x0ff2 } as const;

/** The faults of PAT and PMT. */
export interface OddTables {
  /** Content of the PAT: nothing (there is none), the network only, or a PMT that is never sent. */
  readonly pat: 'none' | 'network' | 'elsewhere' | 'usual';
  readonly crc: 'wrong' | 'right';
  /** Both are marked as not yet valid. */
  readonly isNext: boolean;
}

/** Replaces PAT and PMT by tables that receivers refuse; `pmtPid` is the PID of the PMT. */
export function withOddTables({ pat, crc, isNext }: OddTables, pmtPid: number): Damage {
  const listed = pat === 'network' ? patBody([[0, 0x10]]) : patBody([[PROGRAM, 0x0200]]);
  const [other] = sectionPackets(PAT_PID, 0, 1, listed);
  return (data) => {
    for (let at = 0; at < data.length; at += PACKET_BYTES) {
      const pid = pidOf(data, at);
      if (pid !== PAT_PID && pid !== pmtPid) continue;
      if (pid === PAT_PID && pat === 'none') {
        writeHeader(data, at, NULL_PID, false);
        continue;
      }
      if (pid === PAT_PID && pat !== 'usual') other?.copy(data, at + 4, 4);
      if (isNext) data.writeUInt8(data.readUInt8(at + SECTION + 5) & 0xfe, at + SECTION + 5);
      const crcAt = at + SECTION + 3 + (data.readUInt16BE(at + SECTION + 1) & 0x0fff) - 4;
      const right = crc32(data.subarray(at + SECTION, crcAt));
      data.writeUInt32BE(crc === 'wrong' ? (right ^ 0x5a5a5a5a) >>> 0 : right, crcAt);
    }
    return data;
  };
}

/** Lists another programme first, whose PMT is sent and whose video and sound never are. */
export function withProgrammeOffAir(): Damage {
  const { number, pmt, video, audio } = OFF_AIR;
  const pat = sectionPackets(
    PAT_PID,
    0,
    1,
    patBody([
      [number, pmt],
      [PROGRAM, PMT_PID],
    ]),
  );
  const streams = [
    [H264, video],
    [AAC, audio],
  ] as const;
  const filler = new Filler(() => sectionPackets(pmt, PMT_TABLE, number, pmtBody(video, streams)));
  return (data) => {
    for (let at = 0; at < data.length; at += PACKET_BYTES) {
      const pid = pidOf(data, at);
      if (pid === PAT_PID) {
        pat[0]?.copy(data, at + 4, 4);
        filler.ask();
      } else if (pid === NULL_PID) filler.fill(data, at);
    }
    return data;
  };
}

/** The content of a flood: a new PAT, PATs of one programme that share packets, or a long PMT whose version changes. */
export type Flood = 'pat' | 'small_pats' | 'pmt';

/** Replaces every null packet by a packet of endlessly changing tables. */
export function withTableFlood(what: Flood, entries: number): Damage {
  let turn = 0;
  const filler = new Filler(() => {
    turn += 1;
    return floodPackets(what, entries, turn);
  });
  return (data) => {
    for (let at = 0; at < data.length; at += PACKET_BYTES) {
      if (pidOf(data, at) !== NULL_PID) continue;
      filler.ask();
      filler.fill(data, at);
    }
    return data;
  };
}

function floodPackets(what: Flood, entries: number, turn: number): Buffer[] {
  const version = turn & 31;
  if (what === 'pmt') {
    // The usual video and sound first, so that playback continues; each table has another additional stream.
    const streams = [
      [H264, VIDEO_PID] as const,
      [AAC, AUDIO_PID] as const,
      ...Array.from({ length: entries - 2 }, (_, n) => [AAC, 0x200 + n + (turn & 1)] as const),
    ];
    return sectionPackets(PMT_PID, PMT_TABLE, PROGRAM, pmtBody(VIDEO_PID, streams), { version });
  }
  const programmes = (first: number, count: number): Buffer =>
    patBody([
      [PROGRAM, PMT_PID],
      ...Array.from({ length: count - 1 }, (_, n) => [first + n + 2, 0x300 + first + n] as const),
    ]);
  if (what === 'pat') {
    return sectionPackets(PAT_PID, 0, 1, programmes(turn & 0xff, entries), { version });
  }
  // As many sections as fit into a packet, each a different PAT.
  const sections: Buffer[] = [];
  for (let left = PACKET_BYTES - 5; left >= 16; left -= 16) {
    const [packet] = sectionPackets(PAT_PID, 0, sections.length, programmes(0, 1), { version });
    if (packet) sections.push(packet.subarray(SECTION, SECTION + 16));
  }
  const packet = Buffer.alloc(PACKET_BYTES, 0xff);
  writeHeader(packet, 0, PAT_PID, true);
  Buffer.concat([Buffer.from([0]), ...sections]).copy(packet, 4);
  return [packet];
}

/** Replaces null packets by packets with the counters of their own PID. */
class Filler {
  private queue: Buffer[] = [];
  private counter = 0;

  constructor(private readonly make: () => Buffer[]) {}

  /** Does nothing while packets of the previous section are left. */
  ask(): void {
    if (this.queue.length === 0) this.queue = this.make();
  }

  fill(data: Buffer, at: number): void {
    const packet = this.queue.shift();
    if (packet === undefined) return;
    packet.copy(data, at);
    writeContinuity(data, at, this.counter);
    this.counter = (this.counter + 1) & 0x0f;
  }
}
