import fc from 'fast-check';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { SOURCE_BUDGET, SourceBudget } from '../mpegts';
import { OddStream, USUAL, type FrameShape } from '../testing/odd-stream.spec-support';
import { TrackStage } from '../testing/track-stage.spec-support';
import { StreamIngest, type IngestVerdict } from '../upstream';

const MAX_PLAYLIST_BYTES = 200 * 1024;
const FOLDER = `hls/${'0'.repeat(32)}/`;
const SILENT_SOUND = { hasSound: false };
/** Tables at every second key frame. */
const rareTables = (n: number): Partial<FrameShape> => ({ hasTables: n % 25 === 0 });

/** The content of frame `n`. */
type Script = (n: number) => Partial<FrameShape>;

const HOSTILE: readonly [string, string, Script][] = [
  [
    'a jump at every picture',
    'excessive_timeline_breaks',
    (n) => ({ ...SILENT_SOUND, ...rareTables(n), picture: true, timeMs: n * 50_000 }),
  ],
  [
    'a jump back at every second picture',
    'excessive_timeline_breaks',
    (n) => ({ ...SILENT_SOUND, ...rareTables(n), picture: true, timeMs: (n % 2) * 9_000_000 }),
  ],
  [
    'a jump of video, audio and PCR every ten pictures',
    'excessive_timeline_breaks',
    (n) => ({ picture: n % 10 === 0, timeMs: n * 40 + Math.floor(n / 10) * 20_000 }),
  ],
  [
    'other tracks at every picture',
    'excessive_timeline_breaks',
    (n) => ({ picture: true, tracks: { ...USUAL, sound: 0x101 + (n % 2), version: n % 32 } }),
  ],
  [
    'steps as long as a segment',
    'excessive_segments',
    (n) => ({ ...SILENT_SOUND, picture: true, timeMs: n * 7900 }),
  ],
];

function write(stream: OddStream, script: Script, frames: number): Buffer {
  for (let i = 0; i < frames; i++) stream.frame(script(stream.frames));
  return stream.take();
}

function expectBounded({ track }: TrackStage): void {
  if (!track.isPlayable) return;
  for (const isWhole of [false, true]) {
    expect(track.playlist(isWhole, FOLDER).length).toBeLessThanOrEqual(MAX_PLAYLIST_BYTES);
  }
}

describe('HLS of malicious streams', () => {
  it.each(HOSTILE)(
    '%s: the source is ended by %s while a player reads the playlist',
    (_, verdict, script) => {
      const stage = new TrackStage();
      const ingest = new StreamIngest(stage.history, {
        appended: () => stage.history.ring.commit(),
        joinable: () => undefined,
      });
      ingest.beginSource();
      stage.track.listen();
      const stream = new OddStream();
      let found: IngestVerdict = 'ok';
      // At 20 Mbit/s there are 5000 frames of three packets per second.
      for (let ms = 0; ms < 10_000 && found === 'ok'; ms += 20) {
        found = ingest.push(write(stream, script, 100), ms);
        expectBounded(stage);
      }
      expect(found).toBe(verdict);
    },
  );

  // The other cases exceed the budget for tables or join points, so that such a source never runs when a player comes.
  const PLAYED = HOSTILE.filter(([name]) => name.startsWith('a jump'));

  it.each(PLAYED)('%s: the history for a late player is read in slices', async (_, __, script) => {
    const stage = new TrackStage();
    const stream = new OddStream();
    for (; stage.nowMs < 24_000; stage.nowMs += 200) stage.feed(write(stream, script, 100));
    const { track, history } = stage;
    track.listen();
    // Old media may come from another source, so reading them is charged to nobody.
    let slices = 0;
    for (; slices < 100 && history.ring.head > track.position; slices++) await nextTurn();
    expect(slices).toBeGreaterThan(1);
    expect(track.position).toBe(history.ring.head);
    expect(history.scanner.budget.exceededBy).toBeNull();
    expectBounded(stage);
  });

  it('any stream: segments in order, never longer than published, within bounds', () => {
    const time = fc.option(fc.oneof(fc.nat(1e8), fc.integer({ min: -5000, max: 20_000 })));
    const shape = fc.record({
      frames: fc.integer({ min: 1, max: 120 }),
      picture: fc.option(fc.boolean()),
      leapMs: time,
      pictureMs: time,
      clockMs: time,
      hasSound: fc.boolean(),
      hasClock: fc.boolean(),
      isFlagged: fc.boolean(),
      sound: fc.constantFrom(USUAL.sound, USUAL.sound, 0x111, null),
      video: fc.constantFrom(USUAL.video, USUAL.video, 0x110, null),
    });
    fc.assert(
      fc.property(fc.array(shape, { maxLength: 30 }), (shapes) => {
        const stage = new TrackStage();
        stage.track.listen();
        const stream = new OddStream();
        for (const { frames, leapMs, pictureMs, clockMs, sound, video, ...all } of shapes) {
          for (let i = 0; i < frames; i++) {
            const odd = {
              ...(leapMs === null ? {} : { timeMs: Math.max(0, stream.timeMs + leapMs) }),
              ...(pictureMs === null ? {} : { pictureMs: Math.abs(pictureMs) }),
              ...(clockMs === null ? {} : { clockMs: Math.abs(clockMs) }),
              tracks: { ...USUAL, sound, video },
            };
            stream.frame({ ...all, ...(i === 0 ? odd : {}) });
          }
          stage.feed(stream.take());
        }
        const { segments, track } = stage;
        expectBounded(stage);
        segments.forEach((segment, i) => {
          const before = segments[i - 1];
          expect(segment.number).toBe((before?.number ?? segment.number - 1) + 1);
          expect(segment.start).toBeGreaterThanOrEqual(before?.end ?? 0);
          expect(segment.end).toBeGreaterThan(segment.start);
          if (before !== undefined && !segment.isBreak) expect(segment.start).toBe(before.end);
          expect(Math.round(segment.durationMs / 1000)).toBeLessThanOrEqual(track.targetMs / 1000);
        });
      }),
      { numRuns: 60 },
    );
  });

  it('a usual stream uses a small part of the budget', () => {
    const stage = new TrackStage();
    stage.track.listen();
    const stream = new OddStream();
    // Every 24 s another programme, with a jump of the timestamps in each.
    for (let i = 0; i < 10; i++) {
      const tracks = i % 2 === 0 ? USUAL : { ...USUAL, video: 0x110, clock: 0x110 };
      stage.feed(stream.seconds(12, { tracks }).take());
      stage.feed(stream.seconds(12, { timeMs: stream.timeMs + 500_000 }).take());
      stage.nowMs += 24_000;
    }
    const { budget } = stage.history.scanner;
    expect(SOURCE_BUDGET.burst * budget.highestUse).toBeGreaterThan(0);
    expect(budget.highestUse).toBeLessThan(0.1);
  });

  it('a later source can continue after one that was ended for its breaks', () => {
    const stage = new TrackStage();
    stage.track.listen();
    const [, , script] = HOSTILE[0]!;
    stage.feed(write(new OddStream(), script, 1000));
    expect(stage.history.scanner.budget.exceededBy).toBe('timeline_breaks');
    stage.history.scanner.budget = new SourceBudget();
    stage.feed(new OddStream().seconds(20).take());
    expect(stage.segments.length).toBeGreaterThanOrEqual(4);
  });
});
