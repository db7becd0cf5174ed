import { patSection, pes, pmtSection, type StreamSpec, TsWriter } from './fixtures/ts-writer';
import { type EntryPoint } from './entry-point';
import { TransportScanner } from './transport-scanner';

const VIDEO: StreamSpec = { pid: 0x100, type: 0x1b };
const AUDIO: StreamSpec = { pid: 0x101, type: 0x0f };
const SECOND: StreamSpec = { pid: 0x102, type: 0x0f };
const KEY = Buffer.from([0, 0, 1, 0x65, ...Array<number>(300).fill(0x55)]);
const INTER = Buffer.from([0, 0, 1, 0x41, ...Array<number>(300).fill(0x55)]);
const SOUND = Buffer.alloc(100, 0x33);
const STEP_MS = 40;
/** Near the wrap, because a multiplex may begin anywhere in its range of timestamps. */
const BASE_TICKS = 2 ** 33 - 90_000;

type Show = (writer: TsWriter, pts: number, step: number) => void;

interface StageOptions {
  readonly streams?: StreamSpec[];
  readonly pcrPid?: number;
}

/** A broadcast in steps of 40 ms. A test writes the media; the tables are written ten times in 4 s. */
class Stage {
  readonly scanner = new TransportScanner();
  readonly points: EntryPoint[] = [];
  private readonly writer = new TsWriter();
  private steps = 0;
  private readTo = 0;
  private streams: StreamSpec[];
  private readonly pcrPid: number;
  private version = 0;

  constructor({ streams = [VIDEO, AUDIO], pcrPid = AUDIO.pid }: StageOptions = {}) {
    this.streams = streams;
    this.pcrPid = pcrPid;
  }

  get position(): number {
    return this.writer.position;
  }

  announce(streams: StreamSpec[]): void {
    this.streams = streams;
    this.version++;
    this.tables();
  }

  /** Continues for `ms`; returns the position at which this part begins. */
  play(ms: number, show: Show): number {
    const from = this.writer.position;
    for (const end = this.steps + ms / STEP_MS; this.steps < end; this.steps++) {
      if (this.steps % 10 === 0) this.tables();
      show(this.writer, (BASE_TICKS + this.steps * STEP_MS * 90) % 2 ** 33, this.steps);
      if (this.steps % 25 === 0) this.read();
    }
    this.read();
    return from;
  }

  private tables(): void {
    this.writer
      .section(0, patSection([[1, 0x1000]]))
      .section(0x1000, pmtSection(1, this.pcrPid, this.streams, this.version));
  }

  private read(): void {
    const bytes = this.writer.bytes();
    this.scanner.scan(bytes, this.readTo, bytes.length, this.readTo, (this.steps * STEP_MS) / 10);
    this.readTo = bytes.length;
    this.points.push(...this.scanner.takeRandomAccessPoints());
  }

  pointsFrom(position: number): EntryPoint[] {
    return this.points.filter((point) => point.position >= position);
  }

  /** The leading streams and the packet from which each led, after the first tables. */
  get leads(): [pid: number, position: number][] {
    const found: [number, number][] = [];
    for (let at = 2 * 188; at < this.position; at += 188) {
      const lead = this.scanner.leads.at(at);
      if (lead !== null && lead.stream.pid !== found.at(-1)?.[0]) {
        found.push([lead.stream.pid, lead.position]);
      }
    }
    return found;
  }
}

const sound: Show = (writer, pts) => {
  writer.pes({ pid: AUDIO.pid, pcr: pts * 300 }, pes(SOUND, pts));
};
const second: Show = (writer, pts) => void writer.pes({ pid: SECOND.pid }, pes(SOUND, pts));
const pictures =
  (every: number): Show =>
  (writer, pts, step) => {
    writer.pes({ pid: VIDEO.pid }, pes(step % every === 0 ? KEY : INTER, pts));
  };
const both =
  (...shows: Show[]): Show =>
  (...step) =>
    shows.forEach((show) => show(...step));

describe('the leading stream of a programme', () => {
  it('is video if it arrives, from the first packet on, and only its key frames are random access points', () => {
    const stage = new Stage();
    stage.play(8000, both(sound, pictures(25)));
    expect(stage.leads).toHaveLength(1);
    expect(stage.points).toHaveLength(8);
    expect(stage.points.every(({ keyframe }) => keyframe)).toBe(true);
  });

  it.each([
    ['with the PCR on the audio', AUDIO.pid, true],
    ['with the PCR on the missing video', VIDEO.pid, true],
    ['without a PCR', 0x1fff, true],
    ['without any timestamp', 0x1fff, false],
  ])('is audio if video is announced but does not arrive: %s', (_what, pcrPid, hasTimes) => {
    const stage = new Stage({ pcrPid });
    const silent: Show = (writer) => void writer.pes({ pid: AUDIO.pid }, pes(SOUND));
    // Without timestamps the media arrive ten times as fast, so more of them are needed.
    stage.play(hasTimes ? 3000 : 30_000, hasTimes ? sound : silent);
    expect(stage.scanner.leading?.pid).toBe(AUDIO.pid);
    // There is a point at the first audio packet after the tables, and at each later one once the lead is decided.
    expect(stage.points[0]!.position).toBe(2 * 188);
    expect(stage.points.length).toBeGreaterThan(15);
    expect(stage.points.some(({ keyframe }) => keyframe)).toBe(false);
    expect(stage.scanner.firstKeyframeArrivalMs).toBeNull();
  });

  it('is the second audio if neither video nor the first audio arrives', () => {
    const stage = new Stage({ streams: [VIDEO, AUDIO, SECOND], pcrPid: 0x1fff });
    stage.play(4000, second);
    expect(stage.leads.map(([pid]) => pid)).toEqual([SECOND.pid]);
  });

  it('is the best of the streams that arrive', () => {
    const stage = new Stage({ streams: [VIDEO, AUDIO, SECOND] });
    stage.play(4000, both(second, sound));
    expect(stage.scanner.leading?.pid).toBe(AUDIO.pid);
    expect(stage.leads.map(([pid]) => pid)).not.toContain(SECOND.pid);
  });

  it('is video again from its first key frame on', () => {
    const stage = new Stage();
    stage.play(4000, sound);
    const evening = stage.play(
      1000,
      both(sound, (writer, pts) => {
        writer.pes({ pid: VIDEO.pid }, pes(INTER, pts));
      }),
    );
    expect(stage.pointsFrom(evening).some(({ keyframe }) => keyframe)).toBe(false);
    const first = stage.play(4000, both(pictures(25), sound));
    const keys = stage.pointsFrom(first).filter(({ keyframe }) => keyframe);
    expect(keys).toHaveLength(4);
    expect(stage.pointsFrom(first)).toHaveLength(4);
    expect(stage.leads).toEqual([
      [AUDIO.pid, expect.any(Number)],
      [VIDEO.pid, keys[0]!.position],
    ]);
  });

  it('is audio 2 s after the last picture, from where it continued alone', () => {
    const stage = new Stage({ pcrPid: VIDEO.pid });
    stage.play(4000, both(sound, pictures(25)));
    const night = stage.play(1600, sound);
    expect(stage.scanner.leading?.pid).toBe(VIDEO.pid);
    stage.play(3000, sound);
    const lead = stage.scanner.leads.at(stage.position)!;
    expect(lead.stream.pid).toBe(AUDIO.pid);
    expect(lead.position).toBeGreaterThanOrEqual(night);
    expect(lead.position).toBeLessThan(night + 4 * 188);
    expect(stage.pointsFrom(night)[0]!.position).toBe(lead.position);
    // The PCR ended with the pictures, and media time continues by the audio.
    const { clock } = stage.scanner;
    expect(clock.source).toBe('pts');
    const from = clock.mediaTimeAt(stage.position)!;
    stage.play(2000, sound);
    expect(clock.mediaTimeAt(stage.position)! - from).toBeCloseTo(2000, -2);
  });

  it('changes back and forth with each interruption of the video', () => {
    const stage = new Stage();
    for (let day = 0; day < 3; day++) {
      stage.play(4000, both(sound, pictures(25)));
      stage.play(4000, sound);
    }
    expect(stage.leads.map(([pid]) => pid)).toEqual(
      [VIDEO, AUDIO, VIDEO, AUDIO, VIDEO, AUDIO].map(({ pid }) => pid),
    );
  });

  it.each([5, 9, 14])(
    'is a still picture that is sent every %i s, once its interval is known',
    (seconds) => {
      const stage = new Stage();
      const still: Show = (writer, pts, step) => {
        if (step % (seconds * 25) === 10) writer.pes({ pid: VIDEO.pid }, pes(KEY, pts));
      };
      stage.play(seconds * 6000, both(sound, still));
      expect(stage.leads.at(-1)![0]).toBe(VIDEO.pid);
      expect(stage.leads.length).toBeLessThanOrEqual(3);
      expect(stage.points.filter(({ keyframe }) => keyframe)).toHaveLength(6);
      const second = stage.points.filter(({ keyframe }) => keyframe)[1]!;
      expect(stage.pointsFrom(second.position)).toHaveLength(5);
    },
  );

  it('stays audio when a new PMT announces video, until the first key frame', () => {
    const stage = new Stage({ streams: [AUDIO] });
    stage.play(2000, sound);
    stage.announce([VIDEO, AUDIO]);
    const from = stage.play(1000, sound);
    // Points are at least 200 ms apart.
    expect(stage.pointsFrom(from).length).toBeGreaterThanOrEqual(4);
    const key = stage.play(2000, both(pictures(25), sound));
    expect(stage.pointsFrom(key).map(({ keyframe }) => keyframe)).toEqual([true, true]);
    stage.announce([AUDIO]);
    const night = stage.play(1000, sound);
    expect(stage.pointsFrom(night).length).toBeGreaterThanOrEqual(4);
  });
});

describe('the programme of a transponder', () => {
  const one = [
    { pid: 0x200, type: 0x1b },
    { pid: 0x201, type: 0x0f },
  ];

  function transponder(frames: number, shows: (frame: number) => readonly number[]): Buffer {
    const writer = new TsWriter();
    for (let n = 0; n < frames; n++) {
      if (n % 5 === 0) {
        writer.section(
          0,
          patSection([
            [1, 0x1000],
            [2, 0x1001],
          ]),
        );
        writer.section(0x1000, pmtSection(1, 0x200, one));
        writer.section(0x1001, pmtSection(2, 0x100, [VIDEO, AUDIO]));
      }
      for (const base of shows(n)) {
        writer.pes({ pid: base, pcr: n * 3600 * 300 }, pes(n % 10 === 0 ? KEY : INTER, n * 3600));
        writer.pes({ pid: base + 1 }, pes(SOUND, n * 3600));
      }
    }
    return writer.bytes();
  }

  const numberAfter = (frames: number, shows: (frame: number) => readonly number[]) => {
    const bytes = transponder(frames, shows);
    const scanner = new TransportScanner();
    scanner.scan(bytes, 0, bytes.length, 0, 0);
    const points = scanner.takeRandomAccessPoints();
    return { number: scanner.programme?.programmeNumber, points, scanner };
  };

  it('is the first one that sends media', () => {
    const { number, points, scanner } = numberAfter(150, () => [0x100]);
    expect(number).toBe(2);
    expect(points.length).toBeGreaterThan(4);
    expect(scanner.leading?.pid).toBe(0x100);
    expect(scanner.clock.source).toBe('pcr');
    // Viewers who join there get the tables of that programme.
    const preface = points[0]!.preface;
    expect(preface.subarray(188, 192).readUInt16BE(1) & 0x1fff).toBe(0x1001);
  });

  it('is the first one while all are on air', () => {
    expect(numberAfter(150, () => [0x200, 0x100]).number).toBe(1);
  });

  it('is kept while its media pause, and replaced once they have ended', () => {
    const pause = (n: number): number[] => (n > 50 && n < 100 ? [0x100] : [0x200, 0x100]);
    expect(numberAfter(200, pause).number).toBe(1);
    expect(numberAfter(200, (n) => (n > 50 ? [0x100] : [0x200, 0x100])).number).toBe(2);
    const there = (n: number): number[] => (n > 50 && n < 250 ? [0x100] : [0x200]);
    expect(numberAfter(500, there).number).toBe(1);
  });

  it('is the first one that resumes after none sent media', () => {
    expect(numberAfter(300, (n) => (n > 50 && n < 200 ? [] : [0x200])).number).toBe(1);
  });
});
