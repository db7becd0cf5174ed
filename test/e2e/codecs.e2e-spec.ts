import {
  eventually,
  newContentId,
  openViewer,
  SIM_PIDS,
  startProduct,
  startSimulator,
  streamPath,
  type Product,
  type Simulator,
  type Viewer,
} from './support';
import { makeClip, type ClipWish } from './support/clips';
import { concurrently } from './support/concurrently';
import { expectSpliced } from './support/failover-stage';
import { loadPlaylist, loadSegment, manifestPath, openHls } from './support/hls';
import { whyNoPrograms } from './support/programs';
import { expectHonest } from './support/session-facts';

const KEPT_BYTES = 20_000_000;
/** Of a join: what the machine may take beyond an answer that is there. */
const JOINS_WITHIN_MS = 1500;
const GOP_S = 12;
const JOIN_BEHIND_MS = 3000;
/** stream_type of the first stream in a PMT's body: behind clock, length and, for us, no descriptors. */
const FIRST_STREAM = 4;
const TYPES = { h264: 0x1b, hevc: 0x24, mpeg2: 0x02 } as const;

const LONG_GROUPS: ClipWish = { video: 'h264', sound: 'aac', gopS: GOP_S };
const HEVC: ClipWish = { video: 'hevc', sound: 'ac3', gopS: 2 };
const MPEG2: ClipWish = { video: 'mpeg2', sound: 'mp2', gopS: 2 };
/** A burst that holds a key frame of the longest groups. */
const BURST_S = 14;

const nameOf = ({ video, sound, gopS }: ClipWish): string => `${video} and ${sound}, GOP ${gopS} s`;

const why = whyNoPrograms('ffmpeg');

(why === null ? describe : describe.skip)(`with other codecs and groups ${why ?? ''}`, () => {
  const clips = new Map<ClipWish, string>();
  /** What plays, what is there for it when that is gone, and the product in front of both. */
  let engine: Simulator;
  let spare: Simulator;
  let product: Product;

  beforeAll(async () => {
    for (const wish of [LONG_GROUPS, HEVC, MPEG2]) clips.set(wish, await makeClip(wish));
    [engine, spare] = await Promise.all(
      ['engine', 'spare'].map((name) =>
        startSimulator({ name, bitrateMbps: 1, startDelayMs: 200, burstSeconds: BURST_S }),
      ),
    ) as [Simulator, Simulator];
    const env = {
      MAX_STREAMS_PER_ENGINE: '20',
      PROXY_RETRY_BASE: '50ms',
      PROXY_JOIN_BEHIND: `${JOIN_BEHIND_MS}ms`,
    };
    // Everything begins on the one engine, and goes to the other when it is killed.
    await spare.control('POST', '/__sim/mode', { mode: 'refuse' });
    product = await startProduct({
      engines: [engine, spare],
      env: { ...env, ENGINE_PROBE_INTERVAL: '500ms' },
    });
    await engineIs(spare, 'unhealthy');
    await beginAll();
    await spare.control('POST', '/__sim/mode', { mode: 'normal' });
    await engineIs(spare, 'healthy');
  });

  async function engineIs(which: Simulator, state: string): Promise<void> {
    await eventually(
      async () => {
        const { body } = await product.api('GET', `/engines/${which.engineId}`);
        if (body.state === state) return true;
        throw new Error(`it is ${body.state}`);
      },
      20_000,
      `an engine that is ${state}`,
    );
  }
});
