import { TS_PACKET } from '../mpegts';
import { patSection, pes, pmtSection, TsWriter } from '../mpegts/fixtures/ts-writer';

export interface SyntheticOptions {
  readonly pmtPid: number;
  readonly videoPid: number;
  readonly audioPid: number;
  /** The `stream_type` of the audio; AAC by default. */
  readonly audioType: number;
  readonly programmeNumber: number;
  readonly frameMs: number;
  /** Frames from one key frame to the next; 0 for a stream without any. */
  readonly gop: number;
  readonly frameBytes: number;
  /** Media time of the first PCR. */
  readonly startMs: number;
  /** Whether PAT and PMT are sent: before each key frame, or before each 25th frame without key frames. */
  readonly psi: boolean;
}

const DEFAULTS: SyntheticOptions = {
  pmtPid: 0x1000,
  videoPid: 0x100,
  audioPid: 0x101,
  audioType: 0x0f,
  programmeNumber: 1,
  frameMs: 40,
  gop: 25,
  frameBytes: 1500,
  startMs: 0,
  psi: true,
};

const KEY_UNIT = [0, 0, 1, 0x65];
const INTER_UNIT = [0, 0, 1, 0x41];
const TICKS_PER_MS = 27_000;
const PCR_WRAP = 2 ** 33 * 300;
const PSI_EVERY_FRAMES = 25;

/** An endless H.264 and AAC transport stream with clock, counters and tables; pictures and sound are filler bytes. */
export class SyntheticStream {
  /** Positions of the packets that begin key frames. */
  readonly keyframes: number[] = [];
  readonly options: SyntheticOptions;
  private readonly writer = new TsWriter();
  private frames = 0;

  constructor(options: Partial<SyntheticOptions> = {}) {
    this.options = { ...DEFAULTS, ...options };
  }

  /** The next frames, each with a picture, a clock reference and a little audio. */
  take(frames: number): Buffer {
    const from = this.writer.position;
    for (let i = 0; i < frames; i++) this.frame();
    return this.writer.bytes().subarray(from);
  }

  private frame(): void {
    const { options, writer } = this;
    const { gop, psi } = options;
    const isKey = gop > 0 && this.frames % gop === 0;
    const isTableDue = gop > 0 ? isKey : this.frames % PSI_EVERY_FRAMES === 0;
    if (psi && isTableDue) this.tables();
    if (isKey) this.keyframes.push(writer.position);
    const timeMs = options.startMs + this.frames * options.frameMs;
    const unit = Buffer.alloc(options.frameBytes, 0x55);
    unit.set(isKey ? KEY_UNIT : INTER_UNIT);
    const { videoPid: pid, audioPid } = options;
    writer.pes({ pid, pcr: (timeMs * TICKS_PER_MS) % PCR_WRAP }, pes(unit, (timeMs + 200) * 90));
    writer.pes({ pid: audioPid }, pes(Buffer.alloc(100, 0x33), (timeMs + 200) * 90));
    this.frames++;
  }

  private tables(): void {
    const { pmtPid, videoPid, audioPid, audioType, programmeNumber } = this.options;
    const streams = [
      { pid: videoPid, type: 0x1b },
      { pid: audioPid, type: audioType },
    ];
    this.writer
      .section(0, patSection([[programmeNumber, pmtPid]]))
      .section(pmtPid, pmtSection(programmeNumber, videoPid, streams));
  }
}

/** The packets of a transport stream, one Buffer each. */
export function packetsOf(bytes: Buffer): Buffer[] {
  const packets: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += TS_PACKET) {
    packets.push(bytes.subarray(at, at + TS_PACKET));
  }
  return packets;
}
