import { setTimeout as delay } from 'node:timers/promises';
import {
  eventually,
  expectProblem,
  newContentId,
  openViewer,
  scoped,
  startProduct,
  startSimulator,
  streamPath,
  type Product,
  type Simulator,
  type Viewer,
} from './support';

/** Half of the real times: a read may block 4 s instead of 8 s, with retries after 0, 0.5 and 1 s. */
const SCALE = 1 / 2;
const READ_LIMIT_MS = 8000 * SCALE;
const RETRY_DELAYS_MS = [0, 1000 * SCALE, 2000 * SCALE];
/** In the middle of a read's time limit, so that delays reach neither end of it. */
const EARLY_HEADERS_MS = READ_LIMIT_MS / 2;

/** So long a start that the early head is read while the start continues. */
const START_MS = 12_000;

const EXOPLAYER = { 'User-Agent': 'ExoPlayerLib/2.19.1', 'Icy-MetaData': '1' };
const VLC = { 'User-Agent': 'VLC/3.0.20 LibVLC/3.0.20', Range: 'bytes=0-' };

/**
 * Waits for the head, then for media. Returns false after `READ_LIMIT_MS` without progress, like the player's reads.
 */
async function readsInTime(viewer: Viewer): Promise<boolean> {
  try {
    await viewer.until(() => viewer.headAfterMs !== null, READ_LIMIT_MS);
    await viewer.until((audit) => audit.bytes > 0, READ_LIMIT_MS);
    return true;
  } catch {
    viewer.destroy();
    return false;
  }
}

describe('a player with a short read time-out', () => {
  let engine: Simulator;
  let product: Product;

  beforeAll(async () => {
    engine = await startSimulator();
    product = await startProduct({
      engines: [engine],
      env: { PROXY_EARLY_HEADERS_AFTER: `${EARLY_HEADERS_MS}ms`, PROXY_GRACE_PERIOD: '60s' },
    });
  });

  async function playWithRetries(id: string): Promise<{ viewer: Viewer; attempts: number }> {
    const open = (): Viewer => openViewer(product.url(streamPath(id)), { headers: EXOPLAYER });
    let viewer = open();
    let attempts = 1;
    for (const waitMs of RETRY_DELAYS_MS) {
      if (await readsInTime(viewer)) return { viewer, attempts };
      await delay(waitMs); // The player's own pause.
      viewer = open();
      attempts += 1;
    }
    expect(await readsInTime(viewer)).toBe(true);
    return { viewer, attempts };
  }

  it.concurrent.each([25, 40])(
    'plays although the engine needs %d s, from one engine session (at half of the times)',
    scoped(async (seconds) => {
      const id = newContentId();
      await engine.setContent(id, { start_delay_ms: seconds * 1000 * SCALE });
      const { viewer, attempts } = await playWithRetries(id);
      await viewer.playing();
      expect(attempts).toBeGreaterThan(1);
      const { pat, pmt, video, randomAccess } = viewer.audit.firstAt;
      expect([pat, pmt, randomAccess]).toEqual([0, 1, video]);
      expect(await engine.starts(id)).toHaveLength(1);
      const { infohash } = await engine.content(id);
      expect(await engine.journal(`/content/${infohash}`)).toHaveLength(1);
    }),
  );

  it.concurrent(
    'gets the head early, other players get it with the media',
    scoped(async () => {
      const id = newContentId();
      await engine.setContent(id, { start_delay_ms: START_MS });
      const [exoplayer, vlc] = [EXOPLAYER, VLC].map((headers) =>
        openViewer(product.url(streamPath(id)), { headers }),
      );
      const head = await exoplayer!.head;
      expect(head.status).toBe(200);
      expect(head.headers['content-type']).toBe('video/mp2t');
      expect(exoplayer!.audit.bytes).toBe(0);
      expect(vlc!.headAfterMs).toBeNull();
      await Promise.all([exoplayer!.playing(), vlc!.playing()]);
      expect(exoplayer!.headAfterMs).toBeGreaterThan(EARLY_HEADERS_MS - 50);
      expect(vlc!.headAfterMs).toBeGreaterThan(exoplayer!.headAfterMs!);
      expect(vlc!.headAfterMs).toBeGreaterThan(START_MS - 100);
      expect(exoplayer!.audit.firstPids.slice(0, 2)).toEqual(vlc!.audit.firstPids.slice(0, 2));
    }),
  );
});

describe('a start that fails', () => {
  it.concurrent(
    'keeps its status for other players, but resets a player that has the head',
    scoped(async () => {
      const engine = await startSimulator();
      const product = await startProduct({
        engines: [engine],
        env: { PROXY_EARLY_HEADERS_AFTER: '300ms', PROXY_INIT_TIMEOUT: '6s' },
      });
      const id = newContentId();
      await engine.setContent(id, { start_delay_ms: 60_000 });
      const patient = openViewer(product.url(streamPath(id)), { headers: VLC });
      const impatient = openViewer(product.url(streamPath(id)), { headers: EXOPLAYER });
      expect(await impatient.status()).toBe(200);
      const problem = await expectProblem(patient, 504, 'start_timeout');
      expect(problem.retry_after).toBeGreaterThan(0);
      expect((await impatient.closed).how).toBe('rst');
      expect(impatient.audit.bytes).toBe(0);
      await eventually(async () => (await product.sessionCount()) === 0);
    }),
  );

  it.concurrent(
    'is 504 each time, wherever the budget ends between two ticks of a timer',
    scoped(async () => {
      const engine = await startSimulator();
      const product = await startProduct({
        engines: [engine],
        env: { PROXY_INIT_TIMEOUT: '200ms', MAX_STREAMS_PER_ENGINE: '20' },
      });
      const ids = Array.from({ length: 20 }, newContentId);
      await Promise.all(ids.map((id) => engine.setContent(id, { start_delay_ms: 60_000 })));
      const statuses: number[] = [];
      for (const id of ids) {
        // One after the other, because the delays of a busy event loop would hide a timer that fires early.
        statuses.push(await openViewer(product.url(streamPath(id)), { headers: VLC }).status());
      }
      expect(statuses).toEqual(ids.map(() => 504));
    }),
  );
});
