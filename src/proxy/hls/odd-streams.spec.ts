import {
  parsePmt,
  payloadOffset,
  pid,
  SectionAssembler,
  TS_PACKET,
  type Programme,
} from '../mpegts';
import { OddStream, USUAL, type FrameShape, type Tracks } from '../testing/odd-stream.spec-support';
import { TrackStage } from '../testing/track-stage.spec-support';
import type { Segment } from './segment';

const SECOND_FRAMES = 25;
/** Packets on the video PID are rare, so the PCR has to be on another PID. */
const PCR_ON_AUDIO: Tracks = { ...USUAL, clock: USUAL.sound! };

/** Plays everything that was written and returns the segments that players are told of. */
function segmentsOf(stream: OddStream, stage = new TrackStage()): readonly Segment[] {
  stage.track.listen();
  stage.feed(stream.take());
  return stage.segments;
}

const durationsOf = (segments: readonly Segment[]): number[] =>
  segments.map(({ durationMs }) => durationMs);
const breaksOf = (segments: readonly Segment[]): Segment[] =>
  segments.filter(({ isBreak }) => isBreak);

type ShapeOf = (hasPicture: boolean) => Partial<FrameShape>;

/** `seconds` seconds with a picture, always a key frame, every `everyS` seconds. */
function stills(stream: OddStream, seconds: number, everyS: number, shapeOf: ShapeOf): OddStream {
  for (let i = 0; i < seconds * SECOND_FRAMES; i++) {
    const hasPicture = i % (everyS * SECOND_FRAMES) === 0;
    stream.frame({ picture: hasPicture ? true : null, ...shapeOf(hasPicture) });
  }
  return stream;
}

const usual: ShapeOf = () => ({});

describe('HLS of streams with discontinuity flags', () => {
  it.each<[string, (frame: number) => boolean]>([
    ['at every picture', () => true],
    ['at key frames', (frame) => frame % 100 === 0],
    ['between key frames', (frame) => frame % 40 === 13],
  ])('%s, although time continues: usual segments without a break', (_, isFlagged) => {
    const stream = new OddStream();
    for (let i = 0; i < 30 * SECOND_FRAMES; i++) {
      stream.frame({ picture: i % SECOND_FRAMES === 0, isFlagged: isFlagged(i) });
    }
    const segments = segmentsOf(stream);
    expect(durationsOf(segments)).toEqual([1000, ...Array<number>(7).fill(4000)]);
    expect(breaksOf(segments)).toEqual([]);
  });

  it.each([
    ['flagged', true, 500_000],
    ['not flagged', false, 500_000],
    ['back, not flagged', false, -3000],
  ])(
    'a jump that is %s: one break, at the next key frame, and all segments independent',
    (_, isFlagged, leapMs) => {
      const stream = new OddStream().seconds(20.4);
      const leapsAt = stream.position;
      stream.frame({ picture: false, isFlagged, timeMs: stream.timeMs + leapMs });
      for (let i = 0; i < 20; i++) stream.frame();
      const keyAt = stream.keyframes.length;
      stream.seconds(20);
      const segments = segmentsOf(stream);
      const at = segments.findIndex(({ isBreak }) => isBreak);
      expect(breaksOf(segments)).toHaveLength(1);
      expect(segments[at]!.start).toBe(stream.keyframes[keyAt]);
      expect(segments[at - 1]!.end).toBe(leapsAt);
      expect(segments.every(({ isIndependent }) => isIndependent)).toBe(true);
    },
  );
});

describe('HLS of sparse pictures', () => {
  it.each<[string, number, Tracks, ShapeOf]>([
    ['every 5 s', 5, PCR_ON_AUDIO, usual],
    ['every 9 s, PCR on the audio PID', 9, PCR_ON_AUDIO, usual],
    ['every 9 s, PCR on its own PID', 9, { ...USUAL, clock: 0x1ff }, usual],
    ['every 9 s, PCR only with pictures', 9, USUAL, (hasPicture) => ({ hasClock: hasPicture })],
    ['every 9 s, without a PCR', 9, USUAL, () => ({ hasClock: false })],
    ['every 9 s, without audio', 9, USUAL, () => ({ hasSound: false })],
    ['every 9 s, all flagged', 9, PCR_ON_AUDIO, () => ({ isFlagged: true })],
  ])('%s: segments of the correct length, each with its picture', (_, everyS, tracks, shapeOf) => {
    const stream = new OddStream(tracks);
    const segments = segmentsOf(stills(stream, 60, everyS, shapeOf));
    expect(durationsOf(segments)).toEqual(segments.map(() => everyS * 1000));
    expect(segments.length).toBeGreaterThanOrEqual(5);
    expect(breaksOf(segments)).toEqual([]);
    expect(segments.map(({ start }) => start)).toEqual(stream.keyframes.slice(0, segments.length));
  });

  it.each<[string, number, Tracks, ShapeOf]>([
    ['a picture every 20 s', 20, PCR_ON_AUDIO, usual],
    ['a single picture', 1000, PCR_ON_AUDIO, usual],
    ['a picture every 20 s without audio', 20, USUAL, () => ({ hasSound: false })],
  ])(
    '%s: segments no longer than the target duration, not marked as independent',
    (_, everyS, tracks, shapeOf) => {
      const stage = new TrackStage();
      const stream = new OddStream(tracks);
      segmentsOf(stills(stream, 5, everyS, shapeOf), stage);
      expect(stage.track.targetMs).toBe(8000);
      stills(stream, 120, everyS, shapeOf);
      const segments = segmentsOf(stream, stage);
      const total = durationsOf(segments).reduce((sum, ms) => sum + ms, 0);
      expect(total).toBeGreaterThan(110_000);
      expect(total).toBeLessThanOrEqual(125_000);
      for (const { durationMs } of segments.slice(1)) {
        expect(durationMs).toBeGreaterThanOrEqual(3900);
        expect(durationMs).toBeLessThanOrEqual(8040);
      }
      expect(breaksOf(segments)).toEqual([]);
      expect(stage.track.playlist(true, '')).not.toContain('INDEPENDENT');
    },
  );
});

describe('HLS of still pictures without audio whose PCR has its own PID', () => {
  it('an ordinary silence has no effect, and a longer one ends the open segment', () => {
    const stage = new TrackStage();
    const stream = new OddStream({ ...USUAL, clock: 0x1ff });
    stage.track.listen();
    for (let second = 0; second < 60; second++) {
      for (let i = 0; i < SECOND_FRAMES; i++) {
        stream.frame({ picture: second % 6 === 0 && i === 0 ? true : null, hasSound: false });
      }
      stage.feed(stream.take());
      stage.track.stalled((second % 6) * 1000);
    }
    const usual = stage.segments;
    expect(durationsOf(usual)).toEqual(Array<number>(9).fill(6000));
    stage.track.stalled(13_000);
    expect(stage.segments.length).toBe(usual.length + 1);
  });
});

describe('HLS of streams with some wrong timestamps', () => {
  it.each<[string, Partial<FrameShape>]>([
    ['a picture', { pictureMs: 5e6 }],
    ['sound', { soundMs: 5e6 }],
    ['the clock', { clockMs: 5e6 }],
  ])('one wrong timestamp of %s: no effect', (_, wrong) => {
    const stream = new OddStream().seconds(10.4).frame(wrong).seconds(20);
    const segments = segmentsOf(stream);
    expect(breaksOf(segments)).toEqual([]);
    expect(segments.every(({ isIndependent }) => isIndependent)).toBe(true);
    const playedMs = durationsOf(segments).reduce((sum, ms) => sum + ms, 0);
    expect(playedMs).toBeGreaterThan(24_000);
  });

  it('video that ends while audio continues: segments continue', () => {
    const stage = new TrackStage();
    const stream = new OddStream(PCR_ON_AUDIO).seconds(20);
    segmentsOf(stream, stage);
    expect(stage.track.targetMs).toBe(8000);
    stream.seconds(40, { picture: null }).seconds(20);
    const segments = segmentsOf(stream, stage);
    expect(breaksOf(segments)).toEqual([]);
    const playedMs = durationsOf(segments).reduce((sum, ms) => sum + ms, 0);
    expect(playedMs).toBeGreaterThan(74_000);
    expect(playedMs).toBeLessThanOrEqual(80_000);
  });
});

const MOVED: Tracks = { ...USUAL, video: 0x110, sound: 0x111, clock: 0x110, version: 1 };

/** The PIDs of the PMT in front of a segment, and the PIDs of its packets that are not tables. */
function pidsOf(stage: TrackStage, segment: Segment): { told: number[]; sent: number[] } {
  const assembled: Programme[] = [];
  const assembler = new SectionAssembler((section) => assembled.push(parsePmt(section, 0x1000)!));
  const preface = segment.preface;
  for (let at = 0; at < preface.length; at += TS_PACKET) {
    if (pid(preface, at) === 0x1000) assembler.push(preface, at, payloadOffset(preface, at));
  }
  const sent = new Set<number>();
  const media = stage.bytesOf(segment);
  for (let at = 0; at < media.length; at += TS_PACKET) sent.add(pid(media, at));
  return {
    told: assembled[0]!.streams.map((stream) => stream.pid),
    sent: [...sent].filter((id) => id !== 0 && id !== 0x1000).sort(),
  };
}

/** The distinct versions of the PMTs among the packets. */
function versionsIn(media: Buffer): number[] {
  const versions = new Set<number>();
  const assembler = new SectionAssembler((section) => versions.add((section[5]! >> 1) & 0x1f));
  for (let at = 0; at < media.length; at += TS_PACKET) {
    if (pid(media, at) === 0x1000) assembler.push(media, at, payloadOffset(media, at));
  }
  return [...versions];
}

describe('HLS of changing programmes', () => {
  it.each<[string, Tracks, number]>([
    ['other PIDs, at a key frame', MOVED, 0],
    ['other PIDs, between key frames', MOVED, 15],
    ['another video codec', { ...USUAL, videoType: 0x24, version: 1 }, 0],
    ['another audio codec', { ...USUAL, soundType: 0x81, version: 1 }, 0],
    ['another audio codec, between key frames', { ...USUAL, soundType: 0x81, version: 1 }, 15],
    ['audio on another PID', { ...USUAL, sound: 0x120, version: 1 }, 15],
    ['one more language', { ...USUAL, silent: [{ pid: 0x130, type: 0x0f }], version: 1 }, 15],
  ])(
    '%s: a break, and the segment begins with the new tables at a key frame',
    (_, tracks, frames) => {
      const stage = new TrackStage();
      const stream = new OddStream().seconds(20);
      for (let i = 0; i < frames; i++) stream.frame({ picture: i === 0 });
      const before = stream.keyframes.length;
      if (frames > 0) for (let i = 0; i < 10; i++) stream.frame(i === 0 ? { tracks } : {});
      stream.seconds(20, { tracks });
      const keyAt = stream.keyframes[before];
      const segments = segmentsOf(stream, stage);
      const at = segments.findIndex(({ isBreak }) => isBreak);
      expect(breaksOf(segments)).toHaveLength(1);
      // What is announced as HEVC contains filler here, without key frames.
      if (tracks.videoType === USUAL.videoType) {
        expect(segments[at]).toMatchObject({ start: keyAt, isIndependent: true });
      }
      const streams = [tracks.video, tracks.sound, ...tracks.silent.map((one) => one.pid)];
      for (const segment of segments.slice(at))
        expect(pidsOf(stage, segment).told).toEqual(streams);
      for (const segment of segments.slice(0, at)) {
        expect(pidsOf(stage, segment)).toEqual({ told: [0x100, 0x101], sent: [0x100, 0x101] });
        expect(versionsIn(stage.bytesOf(segment))).toEqual([0]);
      }
      const text = stage.track.playlist(true, '');
      expect(text.match(/#EXT-X-DISCONTINUITY\n/g)).toHaveLength(1);
    },
  );

  it('radio that becomes television between key frames: a break, and the segment begins at the first key frame', () => {
    const stage = new TrackStage();
    const radio: Tracks = { ...USUAL, video: null, clock: USUAL.sound! };
    const stream = new OddStream(radio).seconds(20);
    const television: Tracks = { ...USUAL, version: 1 };
    for (let i = 0; i < 20; i++) stream.frame(i === 0 ? { tracks: television } : {});
    stream.seconds(20);
    const segments = segmentsOf(stream, stage);
    const at = segments.findIndex(({ isBreak }) => isBreak);
    expect(breaksOf(segments)).toHaveLength(1);
    expect(segments[at]).toMatchObject({ start: stream.keyframes[0], isIndependent: true });
    for (const segment of segments.slice(0, at))
      expect(versionsIn(stage.bytesOf(segment))).toEqual([0]);
  });

  it('every change back and forth is a break, also across a splice', () => {
    const stream = new OddStream().seconds(12);
    for (const tracks of [MOVED, USUAL, MOVED, USUAL]) stream.seconds(12, { tracks });
    const segments = segmentsOf(stream);
    expect(breaksOf(segments)).toHaveLength(4);
    expect(segments.every(({ isIndependent }) => isIndependent)).toBe(true);
    expect(breaksOf(segments).map(({ start }) => start)).toEqual(
      [12, 24, 36, 48].map((second) => stream.keyframes[second]),
    );
  });

  it.each<[string, Tracks]>([
    ['another version', { ...USUAL, version: 1 }],
    ['another language of the same audio', { ...USUAL, version: 1, language: 'deu' }],
  ])('%s of the same tracks is no break', (_, tracks) => {
    const stream = new OddStream().seconds(20).seconds(20, { tracks });
    const segments = segmentsOf(stream);
    expect(durationsOf(segments)).toEqual([1000, ...Array<number>(9).fill(4000)]);
    expect(breaksOf(segments)).toEqual([]);
  });

  it('the history is read with the programme of its time for a late player', () => {
    const [early, late] = [new TrackStage(), new TrackStage()];
    const stream = new OddStream()
      .seconds(14)
      .seconds(14, { tracks: MOVED })
      .seconds(14, { tracks: USUAL });
    early.track.listen();
    const bytes = stream.take();
    for (const stage of [early, late]) stage.feed(bytes);
    late.track.listen();
    const cuts = ({ segments }: TrackStage): unknown[] =>
      segments.map(({ start, end, isBreak }) => [start, end, isBreak]);
    expect(breaksOf(late.segments)).toHaveLength(2);
    expect(cuts(late)).toEqual(cuts(early));
  });

  it('tables that are sent once are sufficient, also when the ring has dropped them', () => {
    const stage = new TrackStage({ maxBytes: 512 * 1024, maxAgeMs: 3_600_000 });
    const stream = new OddStream();
    for (let i = 0; i < 3000; i++) {
      stream.frame({ picture: i % 25 === 0, hasTables: i === 0 });
      if (i % 25 === 0) stage.feed(stream.take());
    }
    expect(stage.history.ring.tail).toBeGreaterThan(0);
    stage.track.listen();
    expect(stage.segments.length).toBeGreaterThanOrEqual(2);
  });
});
