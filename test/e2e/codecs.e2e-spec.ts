import {
  eventually,
  newContentId,
  openViewer,
  SIM_PIDS,
  startProduct,
  startSimulator,
  StreamAudit,
  streamPath,
  type Product,
  type Simulator,
  type Viewer,
} from './support';
import { makeClip, type ClipWish } from './support/clips';
import { expectSpliced } from './support/failover-stage';
import {
  loadPlaylist,
  loadSegment,
  manifestPath,
  openHls,
  type MediaPlaylist,
} from './support/hls';
import { whyNoPrograms } from './support/programs';
import { decode } from './support/recording';
import { expectHonest } from './support/session-facts';
import { withLag } from '../../src/kernel/testing/lag.spec-support';

const KEPT_BYTES = 20_000_000;
/** Time that a join may take on a busy machine if its answer is in memory already. */
const JOINS_WITHIN_MS = 1500;
const GOP_S = 12;
const JOIN_BEHIND_MS = 3000;
/** Offset of the first stream_type in a PMT's body, after the PCR PID and the length, without descriptors. */
const FIRST_STREAM = 4;
const TYPES = { h264: 0x1b, hevc: 0x24, mpeg2: 0x02 } as const;

const LONG_GROUPS: ClipWish = { video: 'h264', sound: 'aac', gopS: GOP_S };
const HEVC: ClipWish = { video: 'hevc', sound: 'ac3', gopS: 2 };
const MPEG2: ClipWish = { video: 'mpeg2', sound: 'mp2', gopS: 2 };
/** Contains a key frame of the longest groups that is old enough for a later viewer, and for a slow failover. */
const BURST_S = 20;

const nameOf = ({ video, sound, gopS }: ClipWish): string => `${video} and ${sound}, GOP ${gopS} s`;

const why = whyNoPrograms('ffmpeg');

/** A content with a viewer. */
interface Scene {
  readonly id: string;
  readonly viewer: Viewer;
}

(why === null ? describe : describe.skip)(`with other codecs and groups ${why ?? ''}`, () => {
  const clips = new Map<ClipWish, string>();
  /** The engine that plays, a second one for the time after its end, and the product. */
  let engine: Simulator;
  let spare: Simulator;
  let product: Product;

  beforeAll(async () => {
    for (const wish of [LONG_GROUPS, HEVC, MPEG2]) clips.set(wish, await makeClip(wish));
    const start = (name: string): Promise<Simulator> =>
      startSimulator({ name, bitrateMbps: 1, startDelayMs: 200, burstSeconds: BURST_S });
    [engine, spare] = await Promise.all([start('engine'), start('spare')]);
    // Every stream begins on the one engine, and moves to the other when that is killed.
    await spare.control('POST', '/__sim/mode', { mode: 'refuse' });
    product = await startProduct({
      engines: [engine, spare],
      env: {
        ...{ MAX_STREAMS_PER_ENGINE: '20', PROXY_STARTS_PER_ENGINE: '20' },
        ...{ PROXY_RETRY_BASE: '50ms', ENGINE_PROBE_INTERVAL: '300ms' },
      },
    });
    await isIn('unhealthy', spare);
  });

  async function isIn(state: string, which: Simulator): Promise<void> {
    await eventually(
      async () => {
        const { body } = await product.api('GET', `/engines/${which.engineId}`);
        if (body.state === state) return true;
        throw new Error(`it is ${body.state}`);
      },
      20_000,
      state,
    );
  }

  /** Starts a viewer of a content with this clip on the first engine and, unless `onSpare` is given, on the second. */
  async function watch(
    clip: ClipWish,
    onSpare: { clip?: ClipWish; burstS?: number } = {},
  ): Promise<Scene> {
    const id = newContentId();
    await engine.setContent(id, { clip_path: clips.get(clip)! });
    await spare.setContent(id, {
      clip_path: clips.get(onSpare.clip ?? clip)!,
      burst_seconds: onSpare.burstS ?? BURST_S,
    });
    const viewer = openViewer(product.url(streamPath(id)), { keepBytes: KEPT_BYTES });
    await viewer.playing();
    return { id, viewer };
  }

  it('a later viewer of groups of 12 s gets a key frame first, and at once', async () => {
    const { id, viewer } = await watch(LONG_GROUPS);
    await viewer.until(({ markers }) => markers.lastLatencyMs! < 1000, 10_000, 'live');
    const later = openViewer(product.url(streamPath(id)));
    await later.playing();
    expect(later.headAfterMs).toBeLessThan(withLag(JOINS_WITHIN_MS));
    const { pat, pmt, video, randomAccess } = later.audit.firstAt;
    expect([pat, pmt]).toEqual([0, 1]);
    expect(randomAccess).toBe(video);
    // The newest key frame that is old enough.
    const { firstLatencyMs } = later.audit.markers;
    expect(firstLatencyMs).toBeGreaterThan(JOIN_BEHIND_MS - 250);
    expect(firstLatencyMs).toBeLessThan(withLag(JOIN_BEHIND_MS + GOP_S * 1000 + JOINS_WITHIN_MS));
    await later.receiveMore(GOP_S * 1000);
    expectHonest(later.audit);
    expect(later.audit.flagged).toBe(0);
  });

  describe('when the engine is killed', () => {
    const scenes = new Map<string, Scene>();
    let foreign: Scene;
    let playlist: MediaPlaylist;

    beforeAll(async () => {
      for (const clip of [LONG_GROUPS, HEVC, MPEG2]) {
        scenes.set(`${nameOf(clip)}, proved`, await watch(clip));
      }
      for (const clip of [HEVC, MPEG2]) {
        scenes.set(`${nameOf(clip)}, flagged`, await watch(clip, { burstS: 0 }));
      }
      foreign = await watch(LONG_GROUPS, { clip: HEVC });
      playlist = await openHls(product, manifestPath(foreign.id));
      for (const { id } of [...scenes.values(), foreign]) {
        expect((await product.session(id)).container_id).toBe(engine.engineId);
      }
      await spare.control('POST', '/__sim/mode', { mode: 'normal' });
      await isIn('healthy', spare);
      engine.kill();
      for (const { id, viewer } of scenes.values()) {
        await eventually(
          async () => (await product.session(id)).container_id === spare.engineId,
          20_000,
          'the other engine',
        );
        await viewer.receiveMore(2500);
      }
    });

    it.each([
      [LONG_GROUPS, 'proved'],
      [HEVC, 'proved'],
      [MPEG2, 'proved'],
      [HEVC, 'flagged'],
      [MPEG2, 'flagged'],
    ] as const)('%j continues: %s', async (clip, splice) => {
      const { viewer } = scenes.get(`${nameOf(clip)}, ${splice}`)!;
      await viewer.until(
        ({ flagged }) => (splice === 'flagged') === flagged > 0,
        10_000,
        `${splice}: ${viewer.audit.describe()}`,
      );
      expect(viewer.ending).toBeNull();
      await viewer.receiveMore(1500);
      await expectSpliced(viewer, splice);
      expect(typeOf(viewer)).toBe(TYPES[clip.video]);
    });

    it('a source of other types resets its viewers, who then reconnect to it', async () => {
      const { id, viewer } = foreign;
      expect((await viewer.closed).how).toBe('rst');
      expect(typeOf(viewer)).toBe(TYPES.h264);
      const again = openViewer(product.url(streamPath(id)), { keepBytes: KEPT_BYTES });
      await again.playing();
      await again.receiveMore(1000);
      expect(typeOf(again)).toBe(TYPES.hevc);
      expect((await product.session(id)).container_id).toBe(spare.engineId);
      expectHonest(again.audit);
      const { complaints } = await decode(again.kept());
      expect(complaints).toEqual([]);
    });

    it('an HLS player is redirected to new addresses with higher numbers', async () => {
      const newer = await eventually(() => loadPlaylist(playlist.url), 20_000, 'a playlist');
      expect(newer.url).not.toBe(playlist.url);
      expect(newer.sequence).toBeGreaterThan(playlist.sequence + playlist.segments.length - 1);
      const body = await loadSegment(newer.segments[0]!);
      const audit = new StreamAudit();
      audit.feed(body);
      expect(typeOf({ audit })).toBe(TYPES.hevc);
      const old = await fetch(playlist.segments.at(-1)!.url);
      expect(old.status).toBe(404);
    });
  });
});

/** The type of the first stream that the newest PMT announces. */
function typeOf({ audit }: Pick<Viewer, 'audit'>): number {
  return audit.pids.get(SIM_PIDS.pmt)!.table![FIRST_STREAM]!;
}
