import {
  call,
  eventually,
  newContentId,
  openViewer,
  startProduct,
  startSimulator,
  type Product,
  type ProductOptions,
  type Simulator,
} from './support';
import { concurrently } from './support/concurrently';
import {
  follow,
  loadPlaylist,
  loadSegment,
  manifestPath,
  openHls,
  type ListedSegment,
} from './support/hls';
import { clientsOf, leftBecauseOf, metric } from './support/session-facts';
import { withLag } from '../../src/kernel/testing/lag.spec-support';

let starting: Promise<unknown> = Promise.resolve();

/** Products start one after the other, because they would slow each other down. */
function startOneByOne(options: ProductOptions): Promise<Product> {
  const started = starting.then(() => startProduct(options));
  starting = started.catch(() => undefined);
  return started;
}

describe('viewers of HLS', () => {
  let engine: Simulator;

  beforeAll(async () => {
    engine = await startSimulator({ startDelayMs: 100, bitrateMbps: 2, burstSeconds: 5 });
  });

  async function start(env: Readonly<Record<string, string>> = {}): Promise<Product> {
    return startOneByOne({ engines: [engine], env: { HLS_SEGMENT_DURATION: '2s', ...env } });
  }

  concurrently({
    'have left after a time without requests; then the stream ends and their addresses are gone':
      async () => {
        const product = await start({ PROXY_GRACE_PERIOD: '500ms' });
        const id = newContentId();
        const playlist = await openHls(product, manifestPath(id));
        const [segment] = playlist.segments as [ListedSegment];
        const askedMs = performance.now();
        await loadSegment(segment);
        expect((await product.session(id)).client_count).toBe(1);
        await eventually(
          async () => (await product.session(id)).end_reason === 'no_viewers',
          45_000,
          'the end of the session',
        );
        // Three target durations of 4 s.
        expect(performance.now() - askedMs).toBeGreaterThan(11_500);
        expect(await leftBecauseOf(product, 'hung_up')).toBe(1);
        expect((await fetch(segment.url)).status).toBe(404);
        // A request with an old address is redirected to a new playback of a new stream.
        const again = await loadPlaylist(playlist.url);
        expect(again.url).not.toBe(playlist.url);
        expect(again.sequence).toBeGreaterThan(playlist.sequence);
        expect(again.discontinuitySequence).toBeGreaterThan(playlist.discontinuitySequence);
        await follow(again, 2);
      },

    'are counted by playback, and can be kicked one by one': async () => {
      const product = await start();
      const id = newContentId();
      const [first, second] = await Promise.all([
        openHls(product, manifestPath(id)),
        openHls(product, manifestPath(id)),
      ]);
      await loadSegment(first.segments[0]!);
      const clients = await clientsOf(product, id);
      expect(clients).toHaveLength(2);
      const served = clients.find(({ bytes_sent: bytes }) => bytes > 0)!;
      const path = `/proxy/sessions/${id}/clients/${served.client_id}`;
      expect((await product.api('DELETE', path)).status).toBe(204);
      expect((await fetch(first.segments[0]!.url)).status).toBe(404);
      expect((await fetch(second.segments[0]!.url, { method: 'HEAD' })).status).toBe(200);
      expect(await leftBecauseOf(product, 'kicked')).toBe(1);
    },

    'count against the limits': async () => {
      const product = await start({ PROXY_MAX_CLIENTS: '1' });
      const id = newContentId();
      await openHls(product, manifestPath(id));
      const refused = await call({ port: product.port, path: manifestPath(id) });
      expect(refused.status).toBe(429);
      expect(refused.body).toMatchObject({ code: 'client_limit' });
    },

    'have left soon if they do not follow the redirect': async () => {
      // Segments of 8 s: a playback that follows the redirect ends after three target durations without requests, at
      // least 24 s.
      const product = await start({ HLS_SEGMENT_DURATION: '8s' });
      const id = newContentId();
      const led = await call({ port: product.port, path: manifestPath(id) });
      expect(led.status).toBe(302);
      const askedMs = performance.now();
      await eventually(async () => (await leftBecauseOf(product, 'hung_up')) === 1);
      expect(performance.now() - askedMs).toBeLessThan(withLag(20_000));
      expect((await product.session(id)).client_count).toBe(0);
    },

    'are cut when they take no bytes of a segment, without an effect on others': async () => {
      const product = await start({ PROXY_CLIENT_STALL_TIMEOUT: '5s' });
      const id = newContentId();
      await engine.setContent(id, { bitrate_mbps: 40 });
      const playlist = await openHls(product, manifestPath(id));
      const { segments } = await follow(playlist, 2);
      // 10 MB, more than any kernel accepts at once.
      const stuck = openViewer(segments[1]!.url);
      await stuck.until(({ bytes }) => bytes > 100_000, 30_000, 'the beginning');
      stuck.pause();
      // Other players receive their segments meanwhile.
      const others = follow(playlist, 6);
      others.catch(() => undefined);
      await eventually(
        async () => (await metric(product, 'acefleet_hls_unsent_bytes')) > 0,
        20_000,
        'bytes that are stuck',
      );
      await eventually(
        async () => (await metric(product, 'acefleet_hls_unsent_bytes')) === 0,
        60_000,
        'the cut',
      );
      stuck.resume();
      expect((await stuck.closed).how).toBe('rst');
      expect(stuck.audit.bytes).toBeLessThan(Number((await stuck.head).headers['content-length']));
      await others;
    },
  });
});

describe('a cold playlist', () => {
  const BROWSER = { 'Sec-Fetch-Mode': 'cors', 'User-Agent': 'Chromium' };

  concurrently({
    'waits for the start, but for browsers only 8 s, while the start continues': async () => {
      const startMs = 16_000;
      const engine = await startSimulator({ startDelayMs: startMs, bitrateMbps: 2 });
      const product = await startOneByOne({
        engines: [engine],
        env: { PROXY_GRACE_PERIOD: '0s' },
      });
      const id = newContentId();
      const patient = call({ port: product.port, path: manifestPath(newContentId()) });
      const startedMs = performance.now();
      const early = await call({ port: product.port, path: manifestPath(id), headers: BROWSER });
      const tookMs = performance.now() - startedMs;
      expect(early.status).toBe(503);
      expect(early.headers['retry-after']).toBe('2');
      expect(early.body).toMatchObject({ code: 'still_starting', retry_after: 2 });
      expect(tookMs).toBeGreaterThan(7900);
      expect(tookMs).toBeLessThan(withLag(startMs - 1000));
      // Its viewer is kept and counted once, however often the request is repeated.
      const again = await eventually(
        () => openHls(product, manifestPath(id), BROWSER),
        60_000,
        'the playlist',
      );
      expect(again.segments.length).toBeGreaterThan(0);
      expect((await product.session(id)).client_count).toBe(1);
      expect((await engine.starts(id)).length).toBe(1);
      expect((await patient).status).toBe(302);
    },

    'ends the start when its client has disconnected': async () => {
      const engine = await startSimulator({ startDelayMs: 20_000 });
      const product = await startOneByOne({
        engines: [engine],
        env: { PROXY_GRACE_PERIOD: '0s' },
      });
      const id = newContentId();
      const viewer = openViewer(product.url(manifestPath(id)));
      await eventually(async () => (await product.session(id))?.client_count === 1);
      viewer.destroy();
      await eventually(async () => (await product.session(id)).end_reason === 'no_viewers');
    },

    'without media for segments ends like a failed start': async () => {
      const engine = await startSimulator({ startDelayMs: 50 });
      const product = await startOneByOne({
        engines: [engine],
        env: { PROXY_INIT_TIMEOUT: '2s' },
      });
      const id = newContentId();
      await engine.fault({ kind: 'no_data', content: id });
      const answer = await call({ port: product.port, path: manifestPath(id) });
      expect(answer.status).toBe(504);
      expect(answer.body).toMatchObject({ code: 'start_timeout' });
    },
  });
});
