import {
  PesUnitReader,
  hasPayload,
  parsePat,
  parsePmt,
  payloadOffset,
  payloadUnitStart,
  pid as pidOf,
  SectionAssembler,
  TIMESTAMP_WRAP,
  TS_PACKET,
} from '../mpegts';
import { patSection, pes, pmtSection, TsWriter } from '../mpegts/fixtures/ts-writer';

export interface Layout {
  readonly programmeNumber: number;
  readonly pmtPid: number;
  readonly videoPid: number;
  readonly audios: readonly { readonly pid: number; readonly type: number }[];
  /** PID of a private data packet in each frame; null for none. */
  readonly dataPid: number | null;
  /** PID of the clock: its own, or that of the video. */
  readonly pcrPid: number;
  readonly version: number;
  /** Payload packets per PID before the first frame, so that continuity counters do not begin at 0. */
  readonly packetsBefore: number;
}

export const PLAIN: Layout = {
  programmeNumber: 1,
  pmtPid: 0x1000,
  videoPid: 0x100,
  audios: [{ pid: 0x101, type: 0x0f }],
  dataPid: null,
  pcrPid: 0x100,
  version: 0,
  packetsBefore: 0,
};

export interface Programme {
  /** Determines pictures and sounds; each seed gives others. */
  readonly seed: number;
  readonly frames: number;
  readonly gop: number;
  readonly bFrames: boolean;
  /** DTS of frame 0, 90 kHz. */
  readonly startTicks: number;
  readonly layout: Layout;
}

const FRAME_TICKS = 3600;
const LEAD_TICKS = 18_000;

/** A broadcast in which no two units are equal; `frameAt[n]` is the position at which frame n begins with its tables. */
export function broadcast(programme: Programme): { bytes: Buffer; frameAt: number[] } {
  const { layout, seed, gop, frames } = programme;
  const writer = new TsWriter();
  const { videoPid, audios, dataPid, pcrPid, pmtPid } = layout;
  const pids = [
    0,
    pmtPid,
    videoPid,
    ...audios.map(({ pid }) => pid),
    ...(dataPid === null ? [] : [dataPid]),
  ];
  for (const pid of pids) {
    for (let n = 0; n < layout.packetsBefore + (pid % 5); n++)
      writer.packet({ pid, payload: Buffer.alloc(184, 1) });
  }
  const start = writer.position;
  const frameAt: number[] = [];
  for (let n = 0; n < frames; n++) {
    frameAt.push(writer.position - start);
    const isKey = n % gop === 0;
    if (isKey || n % 5 === 0) tables(writer, layout);
    const dts = wrap(programme.startTicks + n * FRAME_TICKS);
    const pcr = wrap(dts - LEAD_TICKS) * 300 + (n % 300);
    if (pcrPid !== videoPid) writer.packet({ pid: pcrPid, pcr });
    const displayDelay = programme.bFrames ? (n % 3 === 0 ? 4 : 1) * FRAME_TICKS : 0;
    const picture = Buffer.concat([
      Buffer.from([0, 0, 1, isKey ? 0x65 : 0x41]),
      content(seed, n, 0),
    ]);
    const first = pcrPid === videoPid ? { pid: videoPid, pcr } : { pid: videoPid };
    writer.pes(
      first,
      programme.bFrames ? pes(picture, wrap(dts + displayDelay), dts) : pes(picture, dts),
    );
    audios.forEach(({ pid }, index) => {
      writer.pes({ pid }, pes(content(seed, n, index + 1), wrap(dts - 2000 - index)));
    });
    if (dataPid !== null)
      writer.packet({ pid: dataPid, payload: Buffer.alloc(184, 1 + (n % 200)) });
  }
  return { bytes: writer.bytes().subarray(start), frameAt };
}

function tables(writer: TsWriter, layout: Layout): void {
  const { programmeNumber, pmtPid, videoPid, audios, dataPid, pcrPid, version } = layout;
  const streams = [
    { pid: videoPid, type: 0x1b },
    ...audios,
    ...(dataPid === null ? [] : [{ pid: dataPid, type: 0x06 }]),
  ];
  writer
    .section(0, patSection([[programmeNumber, pmtPid]], version))
    .section(pmtPid, pmtSection(programmeNumber, pcrPid, streams, version));
}

/** 20 to 899 bytes without a start code. */
function content(seed: number, frame: number, stream: number): Buffer {
  let state = (seed * 7919 + frame * 31 + stream * 977 + 1) >>> 0;
  const next = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 16;
  };
  return Buffer.from(Array.from({ length: 20 + (next() % 880) }, () => 0x80 | next()));
}

export function wrap(ticks: number): number {
  return ((ticks % TIMESTAMP_WRAP) + TIMESTAMP_WRAP) % TIMESTAMP_WRAP;
}

/** A complete unit as a receiver reads it: times, and size and hash of its content. */
export interface ReadUnit {
  readonly pts: number;
  readonly dts: number;
  readonly content: string;
}

/** The complete units of a PID, in order. */
export function unitsIn(bytes: Buffer, pid: number): ReadUnit[] {
  const reader = new PesUnitReader([pid]);
  reader.read(bytes, 0, bytes.length, 0);
  return reader.unitsOf(pid).flatMap(({ pts, dts, marks, closed }) => {
    const last = marks.at(-1);
    return closed && last ? [{ pts, dts, content: `${last.bytes}:${last.hash}` }] : [];
  });
}

export interface ReadTables {
  readonly versions: number[];
  readonly pmtPids: number[];
  /** Streams of the newest PMT, in its order. */
  readonly streams: readonly { pid: number; type: number }[];
  readonly pcrPid: number;
}

/** PAT and PMT as a receiver reads them. Sections with a wrong CRC are ignored. */
export function tablesIn(bytes: Buffer): ReadTables {
  const versions: number[] = [];
  const pmtPids: number[] = [];
  let streams: ReadTables['streams'] = [];
  let pcrPid = -1;
  const pmtReader = new Map<number, SectionAssembler>();
  const pat = new SectionAssembler((section) => {
    for (const { pmtPid } of parsePat(section)?.programmes ?? []) {
      if (!pmtPids.includes(pmtPid)) pmtPids.push(pmtPid);
      if (pmtReader.has(pmtPid)) continue;
      pmtReader.set(
        pmtPid,
        new SectionAssembler((pmt) => {
          const programme = parsePmt(pmt, pmtPid);
          if (programme === null) return;
          if (versions.at(-1) !== programme.version) versions.push(programme.version);
          streams = programme.streams.map(({ pid, streamType }) => ({ pid, type: streamType }));
          pcrPid = programme.pcrPid;
        }),
      );
    }
  });
  for (let at = 0; at < bytes.length; at += TS_PACKET) {
    if (!hasPayload(bytes, at)) continue;
    const pid = pidOf(bytes, at);
    const assembler = pid === 0 ? pat : pmtReader.get(pid);
    if (payloadUnitStart(bytes, at) || pid !== 0)
      assembler?.push(bytes, at, payloadOffset(bytes, at));
  }
  return { versions, pmtPids, streams, pcrPid };
}
