import { patSection, pes, pmtSection, TsWriter } from '../mpegts/fixtures/ts-writer';

/** PIDs and stream types of a programme. */
export interface Tracks {
  readonly video: number | null;
  readonly sound: number | null;
  readonly videoType: number;
  readonly soundType: number;
  /** PID of the clock. */
  readonly clock: number;
  readonly version: number;
  /** Streams that the PMT lists and that have no packets. */
  readonly silent: readonly { readonly pid: number; readonly type: number }[];
  readonly language: string | null;
}

export const USUAL: Tracks = {
  video: 0x100,
  sound: 0x101,
  videoType: 0x1b,
  soundType: 0x0f,
  clock: 0x100,
  version: 0,
  silent: [],
  language: null,
};

/** The packets of one frame of 40 ms. */
export interface FrameShape {
  /** True for a key frame, false for another picture, null for none. */
  readonly picture: boolean | null;
  readonly hasSound: boolean;
  readonly hasClock: boolean;
  /** Media time of the frame; by default 40 ms after that of the frame before. */
  readonly timeMs?: number;
  /** Media times of the picture, the sound and the clock where they differ from that of the frame. */
  readonly pictureMs?: number;
  readonly soundMs?: number;
  readonly clockMs?: number;
  /** Sets the discontinuity flag in all packets of the frame. */
  readonly isFlagged: boolean;
  readonly hasTables: boolean;
  readonly tracks?: Tracks;
}

const FRAME_MS = 40;
const DELAY_MS = 500;
const TICKS_WRAP = 2 ** 33;
const PMT_PID = 0x1000;
const KEY_UNIT = [0, 0, 1, 0x65];
const INTER_UNIT = [0, 0, 1, 0x41];

/** A stream that is built frame by frame, to reproduce invalid output of encoders and splicers. */
export class OddStream {
  /** Positions of key frames. */
  readonly keyframes: number[] = [];
  frames = 0;
  timeMs = -FRAME_MS;
  private readonly writer = new TsWriter();
  private taken = 0;

  constructor(private tracks: Tracks = USUAL) {}

  get position(): number {
    return this.writer.position;
  }

  frame(shape: Partial<FrameShape> = {}): this {
    const { hasSound = true, hasClock = true, isFlagged = false } = shape;
    const { picture = false, hasTables = picture === true || this.frames % 25 === 0 } = shape;
    this.timeMs = shape.timeMs ?? this.timeMs + FRAME_MS;
    this.tracks = shape.tracks ?? this.tracks;
    if (hasTables || shape.tracks !== undefined) this.tables();
    const { video, sound, clock } = this.tracks;
    const hasPicture = video !== null && picture !== null;
    const bearer = hasPicture && clock === video ? video : clock;
    const ticks = wrap((shape.clockMs ?? shape.timeMs ?? this.timeMs) - DELAY_MS);
    const pcr = hasClock ? ticks * 300 : undefined;
    if (pcr !== undefined && !(hasPicture && bearer === video)) {
      this.writer.packet({ pid: bearer, pcr, discontinuity: isFlagged });
    }
    if (hasPicture) {
      if (picture) this.keyframes.push(this.position);
      const unit = Buffer.alloc(400, 0x55);
      unit.set(picture ? KEY_UNIT : INTER_UNIT);
      const head = { pid: video, discontinuity: isFlagged, randomAccess: picture };
      const own = pes(unit, wrap(shape.pictureMs ?? this.timeMs));
      this.writer.pes(bearer === video && pcr !== undefined ? { ...head, pcr } : head, own, 170);
    }
    if (hasSound && sound !== null) {
      const own = pes(Buffer.alloc(80, 0x33), wrap(shape.soundMs ?? this.timeMs));
      this.writer.pes({ pid: sound, discontinuity: isFlagged }, own, 170);
    }
    this.frames++;
    return this;
  }

  /** Adds `seconds` of frames with a key frame every `gopMs`. `timeMs` and `tracks` apply to the first frame only. */
  seconds(seconds: number, more: Partial<FrameShape> = {}, gopMs = 1000): this {
    const frames = (seconds * 1000) / FRAME_MS;
    for (let i = 0; i < frames; i++) {
      const isKey = gopMs > 0 && i % (gopMs / FRAME_MS) === 0;
      const { timeMs, tracks, ...all } = more;
      const first = { ...(timeMs === undefined ? {} : { timeMs }), ...(tracks ? { tracks } : {}) };
      this.frame({ picture: isKey, ...all, ...(i === 0 ? first : {}) });
    }
    return this;
  }

  /** Bytes added since the last call. */
  take(): Buffer {
    const bytes = this.writer.bytes().subarray(this.taken);
    this.taken = this.position;
    return bytes;
  }

  tables(): void {
    const { video, sound, videoType, soundType, clock, version, silent, language } = this.tracks;
    const streams = [
      ...(video === null ? [] : [{ pid: video, type: videoType }]),
      ...(sound === null
        ? []
        : [{ pid: sound, type: soundType, descriptors: languageOf(language) }]),
      ...silent,
    ];
    this.writer
      .section(0, patSection([[1, PMT_PID]]))
      .section(PMT_PID, pmtSection(1, clock, streams, version));
  }
}

function wrap(ms: number): number {
  const ticks = Math.round(ms * 90) % TICKS_WRAP;
  return (ticks + TICKS_WRAP) % TICKS_WRAP;
}

function languageOf(language: string | null): Buffer {
  if (language === null) return Buffer.alloc(0);
  return Buffer.concat([Buffer.from([0x0a, 4]), Buffer.from(language), Buffer.alloc(1)]);
}
