import {
  call,
  eventually,
  newContentId,
  PACKET_BYTES,
  startProduct,
  startSimulator,
  type Product,
  type Simulator,
} from './support';
import { openPage, whyNoBrowser } from './support/browser';
import { CLIP_WIDTH, makeClip, type ClipWish } from './support/clips';
import { concurrently } from './support/concurrently';
import {
  expectNothingLost,
  follow,
  loadedPlaylists,
  manifestPath,
  mediaOf,
  openHls,
  parsePlaylist,
  type MediaPlaylist,
} from './support/hls';
import { expectReadAlike } from './support/hls-js-parser';
import { servePage, type Look } from './support/player-page';
import { runAsNobody, whyNoPrograms } from './support/programs';
import { decode } from './support/recording';
import { isRandomAccess, pidOf, presentationTimeOf, SIM_PIDS } from './support/ts-packet';
import { withLag } from '../../src/kernel/testing/lag.spec-support';

/** Rounding of EXTINF, which is given in ms. */
const ROUNDING_S = 0.002;
/** A forced segment ends before a picture, and pictures are not presented in the order in which they are sent. */
const PICTURES_S = 0.2;
const STARTS_WITHIN_MS = 60_000;
/** Longer than one segment of short groups. */
const PLAYED_S = 6;
const ENDS_WITHIN_MS = 60_000;
/** Tolerance for a machine with two cores that runs other tests meanwhile. */
const SLACK_MS = 4000;
const ENGINE_START_MS = 500;
/**
 * A burst that leads to forced cuts begins this long before a key frame: less than a segment, and long enough for any
 * delay.
 */
const BEFORE_KEY_S = 5;

interface Shape {
  readonly clip: ClipWish;
  /** HLS_SEGMENT_DURATION, seconds. */
  readonly segmentS: number;
  readonly targetS: number;
  /** Durations of the first segment and of each later one, in seconds. */
  readonly first: number;
  readonly later: number;
  readonly isForced?: true;
}

/** Past media that are sent at once: at least three segments of each. */
const BURST_S = 55;
const SEGMENTS = 4;

const h264 = (gopS: number): ClipWish => ({ video: 'h264', sound: 'aac', gopS });

const SHAPES: readonly Shape[] = [
  { clip: h264(0.5), segmentS: 4, targetS: 8, first: 1, later: 4 },
  { clip: h264(2), segmentS: 4, targetS: 8, first: 2, later: 4 },
  { clip: h264(6), segmentS: 4, targetS: 8, first: 6, later: 6 },
  { clip: h264(12), segmentS: 4, targetS: 12, first: 12, later: 12 },
  // No random access point before the target duration, which is three times the setting.
  { clip: h264(12), segmentS: 2, targetS: 6, first: 6, later: 6, isForced: true },
  {
    clip: { video: 'hevc', sound: 'eac3', gopS: 2 },
    ...{ segmentS: 4, targetS: 8, first: 2, later: 4 },
  },
];

const nameOf = ({ video, sound, gopS }: ClipWish): string => `${video} and ${sound}, GOP ${gopS} s`;

/** PTS of the first picture of a segment, in seconds. */
function beginsAt(media: Buffer): number {
  return presentationTimeOf(media, firstPicture(media))! / 90_000;
}

function firstPicture(media: Buffer): number {
  for (let at = 0; at < media.length; at += PACKET_BYTES) {
    if (pidOf(media, at) === SIM_PIDS.video && presentationTimeOf(media, at) !== null) return at;
  }
  throw new Error('a segment without pictures');
}

/**
 * Length in seconds of a burst that begins shortly before a key frame. Broadcasts follow the wall clock, and the start of
 * the first segment within its group decides where the later ones are cut.
 */
function burstBeforeKey(gopS: number): number {
  return BURST_S - (BURST_S % gopS) + ((Date.now() / 1000 + BEFORE_KEY_S) % gopS);
}

/** Without a browser's User-Agent, so that the request waits for as long as a start may take. */
async function openAsPlayer({ port }: Product, path: string): Promise<MediaPlaylist> {
  const { headers, status } = await call({ port, path, timeoutMs: STARTS_WITHIN_MS });
  expect(status).toBe(302);
  const own = new URL(headers.location!, `http://127.0.0.1:${port}${path}`);
  const { text } = await call({ port, path: own.pathname + own.search });
  return parsePlaylist(text, own.href);
}

function expectShape(shape: Shape, last: MediaPlaylist, durations: readonly number[]): void {
  expect(last).toMatchObject({ target: shape.targetS, isIndependent: shape.isForced !== true });
  const wanted = durations.map((_, n) => (n === 0 ? shape.first : shape.later));
  durations.forEach((duration, n) => {
    const most = shape.isForced === true ? PICTURES_S : ROUNDING_S;
    expect(Math.abs(duration - wanted[n]!)).toBeLessThan(most);
  });
}

/** Asserts that the listed durations are those of the pictures, for each segment and in total. */
function expectTimes(durations: readonly number[], medias: readonly Buffer[]): void {
  const begins = medias.map(beginsAt);
  begins.slice(1).forEach((begin, n) => {
    expect(Math.abs(begin - begins[n]! - durations[n]!)).toBeLessThan(ROUNDING_S);
  });
  const told = durations.slice(0, -1).reduce((sum, duration) => sum + duration, 0);
  expect(Math.abs(begins.at(-1)! - begins[0]! - told)).toBeLessThan(ROUNDING_S);
}

const why = whyNoPrograms('ffmpeg');

(why === null ? describe : describe.skip)(`HLS of groups of pictures ${why ?? ''}`, () => {
  let engine: Simulator;
  const products = new Map<number, Product>();
  const clips = new Map<string, string>();

  /** A content that plays this clip. */
  async function content(clip: ClipWish, more: { burst_seconds?: number } = {}): Promise<string> {
    const id = newContentId();
    const path = clips.get(nameOf(clip))!;
    await engine.setContent(id, { clip_path: path, burst_seconds: BURST_S, ...more });
    return id;
  }

  beforeAll(async () => {
    for (const { clip } of SHAPES) {
      if (!clips.has(nameOf(clip))) clips.set(nameOf(clip), await makeClip(clip));
    }
    engine = await startSimulator({ bitrateMbps: 1, startDelayMs: ENGINE_START_MS });
    for (const segmentS of new Set(SHAPES.map((shape) => shape.segmentS))) {
      const env = { HLS_SEGMENT_DURATION: `${segmentS}s`, MAX_STREAMS_PER_ENGINE: '30' };
      products.set(segmentS, await startProduct({ engines: [engine], env }));
    }
  });

  const tests: Record<string, () => Promise<void>> = {};

  for (const shape of SHAPES) {
    const { clip, segmentS, isForced } = shape;
    const how = isForced === true ? `, cut by force at ${shape.later} s` : '';
    tests[`${nameOf(clip)}${how}: durations are those of the pictures, and all segments decode`] =
      async () => {
        const burst_seconds = isForced === true ? burstBeforeKey(clip.gopS) : BURST_S;
        const id = await content(clip, { burst_seconds });
        const first = await openHls(products.get(segmentS)!, manifestPath(id, '&dvr=1'));
        const { segments, bodies, last } = await follow(first, SEGMENTS);
        const durations = segments.map(({ duration }) => duration);
        const medias = bodies.map(mediaOf);
        expect(first.target).toBe(shape.targetS);
        expectShape(shape, last, durations);
        expectTimes(durations, medias);
        expect(segments.some(({ isDiscontinuity }) => isDiscontinuity)).toBe(false);
        expectNothingLost(bodies);
        const keys = medias.map((media) => isRandomAccess(media, firstPicture(media)));
        // At most every other segment is cut by force, because the next random access point is preferred.
        if (isForced === true) expect(new Set(keys)).toEqual(new Set([true, false]));
        else expect(new Set(keys)).toEqual(new Set([true]));
        const all = await decode(Buffer.concat([bodies[0]!, ...medias.slice(1)]));
        expect(all.complaints).toEqual([]);
        if (isForced === true) return;
        // Each segment can be decoded separately.
        expect((await decode(bodies[2]!)).complaints).toEqual([]);
      };
  }

  const coldTests: Record<string, () => Promise<void>> = {};
  for (const gopS of [0.5, 2, 6, 12]) {
    coldTests[`GOP ${gopS} s: a cold stream is playable within the start, two groups and 1 s`] =
      async () => {
        const id = await content(h264(gopS), { burst_seconds: 0 });
        const startedMs = performance.now();
        const playlist = await openAsPlayer(products.get(4)!, manifestPath(id));
        const tookMs = performance.now() - startedMs;
        expect(playlist.segments.length).toBeGreaterThan(0);
        expect(playlist.isIndependent).toBe(true);
        const mostMs = ENGINE_START_MS + 2 * gopS * 1000 + 1000;
        expect(tookMs).toBeLessThan(withLag(mostMs + SLACK_MS));
      };
  }

  const vlc = process.getuid?.() === 0 ? ['cvlc', 'runuser'] : ['cvlc'];
  const whyNoVlc = whyNoPrograms(...vlc);
  for (const gopS of [0.5, 12]) {
    const name = `VLC plays GOP ${gopS} s`;
    if (whyNoVlc !== null) it.skip(`${name} ${whyNoVlc}`, () => undefined);
    else tests[name] = async () => vlcPlays(await content(h264(gopS)));
  }

  async function vlcPlays(id: string): Promise<void> {
    const player = runAsNobody(
      'cvlc',
      ...['--intf', 'dummy', '--no-dbus', '--vout', 'vdummy', '--aout', 'adummy'],
      ...['--avcodec-hw=none', '--no-color', '-vv', '--run-time', '15', '--play-and-exit'],
      ...[products.get(4)!.url(manifestPath(id)), 'vlc://quit'],
    );
    await eventually(() => player.ended !== null, ENDS_WITHIN_MS, 'the end of VLC');
    expect(player.ended!.code).toBe(0);
    const text = player.lines.join('\n');
    expect(text).toMatch(/decoder debug: Received first picture/);
    expect(text).not.toMatch(/libavcodec error|ts demux error|HTTP(\/[\d.]+)? 404\b/i);
  }

  async function chromiumPlays(gopS: number): Promise<void> {
    const { page } = await openPage();
    await page.goto(await servePage());
    const url = products.get(4)!.url(manifestPath(await content(h264(gopS))));
    const look = (): Promise<Look> => page.evaluate('look()');
    await page.evaluate(`play['hls.js'](${JSON.stringify(url)})`);
    let beganAt: number | null = null;
    await eventually(
      async () => {
        const { time, buffered, failure } = await look();
        if (time > 0) beganAt ??= time;
        if (failure === '' && beganAt !== null && time > beganAt + PLAYED_S) return true;
        throw new Error(`${failure} at ${time}, began at ${beganAt}, ${buffered} buffered`);
      },
      STARTS_WITHIN_MS,
      `${PLAYED_S} s of pictures`,
    );
    expect(await look()).toMatchObject({ width: CLIP_WIDTH, failure: '' });
  }

  // Tests that measure time and tests that need much CPU time run one after the other.
  describe('that is cold', () => concurrently(coldTests));
  describe('that runs', () => concurrently(tests));

  const whyNoPage = whyNoBrowser();
  (whyNoPage === null ? it : it.skip).each([0.5, 12])(
    `plays in Chromium with hls.js, GOP %s s ${whyNoPage ?? ''}`,
    chromiumPlays,
  );

  it('the parser of hls.js agrees with the strict one on every playlist of these tests', () => {
    expect(loadedPlaylists.some(({ isIndependent }) => !isIndependent)).toBe(true);
    expectReadAlike(loadedPlaylists);
  });
});
