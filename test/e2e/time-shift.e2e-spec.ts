import {
  eventually,
  expectProblem,
  newContentId,
  openViewer,
  startProduct,
  startSimulator,
  streamPath,
  type Product,
  type Simulator,
  type Viewer,
} from './support';
import { withLag } from '../../src/kernel/testing/lag.spec-support';

/** One group of pictures, the distance from a key frame to the next marker, and rounding. */
const GOP_MS = 1000;
const SLACK_MS = 250;
const HISTORY_S = 25;

/** Waits for the end of the burst: media that were broadcast after the request. */
async function untilLive(viewer: Viewer): Promise<void> {
  const nowMs = Date.now();
  await viewer.until(({ markers }) => markers.lastBroadcastMs! > nowMs, 40_000, 'end of the burst');
}

/**
 * Bounds of the history's head when a viewer joined it, in broadcast time: not before the media that another viewer had
 * at the request, and not after the clock at the first media. They hold for any delay.
 */
interface JoinedAt {
  readonly viewer: Viewer;
  readonly earliestMs: number;
  readonly latestMs: number;
}

describe('joining a stream in its past', () => {
  let engine: Simulator;
  let product: Product;
  let id: string;
  let live: Viewer;

  beforeAll(async () => {
    engine = await startSimulator({ burstSeconds: HISTORY_S, startDelayMs: 50, bitrateMbps: 2 });
    // The history lasts longer than these tests.
    const env = {
      PROXY_BUFFER_TTL: '30m',
      PROXY_BUFFER_SIZE: '256MiB',
      PROXY_BUFFER_TOTAL: '1GiB',
    };
    product = await startProduct({ engines: [engine], env });
    id = newContentId();
    live = openViewer(product.url(streamPath(id)));
    await live.playing();
    await untilLive(live);
  });

  async function open(behind: number): Promise<JoinedAt> {
    return join(product.url(streamPath(id, `&behind=${behind}`)));
  }

  async function join(address: string): Promise<JoinedAt> {
    const earliestMs = live.audit.markers.lastBroadcastMs!;
    const viewer = openViewer(address);
    await viewer.until(({ bytes }) => bytes > 0, 20_000, 'media');
    const latestMs = Date.now();
    await viewer.playing();
    return { viewer, earliestMs, latestMs };
  }

  /** Asserts that a viewer began this far behind, by its media and by the response. */
  async function expectBehind(
    { viewer, earliestMs, latestMs }: JoinedAt,
    fromMs: number,
    toMs: number,
  ): Promise<number> {
    const firstMs = viewer.audit.markers.firstBroadcastMs!;
    expect(latestMs - firstMs).toBeGreaterThan(fromMs - SLACK_MS);
    expect(earliestMs - firstMs).toBeLessThan(withLag(toMs + SLACK_MS));
    const saidMs = (await reachedS(viewer)) * 1000;
    expect(saidMs).toBeGreaterThanOrEqual(fromMs);
    expect(saidMs).toBeLessThan(withLag(toMs + SLACK_MS));
    expect(saidMs).toBeGreaterThan(earliestMs - firstMs - SLACK_MS);
    expect(saidMs).toBeLessThan(withLag(latestMs - firstMs + SLACK_MS));
    return saidMs;
  }

  async function reachedS(viewer: Viewer): Promise<number> {
    const { headers } = await viewer.head;
    expect(headers['x-stream-behind']).toMatch(/^\d+\.\d$/);
    expect(headers['access-control-expose-headers']).toContain('X-Stream-Behind');
    return Number(headers['x-stream-behind']);
  }

  it.each([0, 2, 7.5, 20])(
    'behind=%d: media that old, within a group of pictures',
    async (behind) => {
      const joined = await open(behind);
      await expectBehind(joined, behind * 1000, behind * 1000 + GOP_MS);
      const { viewer } = joined;
      expect(viewer.audit.firstAt).toMatchObject({ pat: 0, pmt: 1 });
      expect(viewer.audit).toMatchObject({ misaligned: 0, continuityErrors: 0, flagged: 0 });
    },
  );

  it('beyond the history: the oldest media, with the actual distance in the response', async () => {
    const joined = await open(3600);
    const { markers } = joined.viewer.audit;
    expect(markers.firstMediaNumber).toBe(live.audit.markers.firstMediaNumber);
    await expectBehind(joined, (HISTORY_S - 2) * 1000, 3600 * 1000);
  });

  it('viewers at different distances share one stream with live ones', async () => {
    const before = Number((await product.session(id)).client_count);
    const [near, far] = await Promise.all([open(4), open(15)]);
    await expectBehind(near, 4000, 4000 + GOP_MS);
    await expectBehind(far, 15_000, 15_000 + GOP_MS);
    expect(await product.sessionCount()).toBe(1);
    expect((await product.session(id)).client_count).toBeGreaterThanOrEqual(2);
    expect((await product.session(id)).client_count).toBeLessThanOrEqual(before + 2);
    expect(await engine.starts(id)).toHaveLength(1);
    expect(live.audit.markers).toMatchObject({ lostPackets: 0, repeatedPackets: 0 });
  });

  it('without behind there is no such header', async () => {
    const viewer = openViewer(product.url(streamPath(id)));
    await viewer.playing();
    expect((await viewer.head).headers).not.toHaveProperty('x-stream-behind');
  });

  it('HEAD reports the distance that would be reached, and starts nothing', async () => {
    const clients = (await product.session(id)).client_count;
    const running = openViewer(product.url(streamPath(id, '&behind=10')), { method: 'HEAD' });
    const { status, headers } = await running.head;
    expect(status).toBe(200);
    expect(Number(headers['x-stream-behind'])).toBeGreaterThanOrEqual(10);
    expect(Number(headers['x-stream-behind'])).toBeLessThan(11.5);
    const other = newContentId();
    const idle = openViewer(product.url(streamPath(other, '&behind=10')), { method: 'HEAD' });
    expect((await idle.head).status).toBe(200);
    expect((await idle.head).headers).not.toHaveProperty('x-stream-behind');
    expect(await engine.starts(other)).toEqual([]);
    expect((await product.session(id)).client_count).toBeLessThanOrEqual(clients);
  });

  it('format=json returns an address that joins in the past', async () => {
    const { body } = await product.api(
      'GET',
      streamPath(id, '&format=json&behind=12.5'),
      undefined,
      {},
    );
    const { playback_url: address } = body.response as { playback_url: string };
    expect(address).toMatch(/\?behind=12\.5$/);
    await expectBehind(await join(address), 12_500, 12_500 + GOP_MS);
  });

  it.each([
    'behind=',
    'behind=-1',
    'behind=x',
    'behind=1e3',
    'behind=0x10',
    'behind=1.2345',
    'behind=86401',
    'behind=NaN',
    'behind=%2B5',
    'behind=5&behind=5',
  ])('%s is refused at every address', async (query) => {
    for (const more of ['', '&format=json']) {
      const viewer = openViewer(product.url(streamPath(id, `&${query}${more}`)));
      await expectProblem(viewer, 400, 'invalid_request');
    }
    const head = openViewer(product.url(streamPath(id, `&${query}`)), { method: 'HEAD' });
    expect((await head.head).status).toBe(400);
  });
});

describe('a viewer that stays in the past', () => {
  it('is neither moved forward nor cut, with any limit of lag', async () => {
    const engine = await startSimulator({ burstSeconds: 24, startDelayMs: 50, bitrateMbps: 4 });
    const product = await startProduct({
      engines: [engine],
      // Far less than the requested distance, and more than the delays of a busy machine.
      env: { PROXY_CLIENT_MAX_LAG: '8s' },
    });
    const id = newContentId();
    const live = openViewer(product.url(streamPath(id)));
    await live.playing();
    await untilLive(live);
    // Reads at the speed of a player, no faster than the stream.
    const past = openViewer(product.url(streamPath(id, '&behind=20')), { readRate: 520_000 });
    await past.playing();
    await live.receiveMore(8000);
    expect(past.ending).toBeNull();
    expect(past.audit).toMatchObject({ flagged: 0, continuityErrors: 0, misaligned: 0 });
    expect(past.audit.markers).toMatchObject({ lostPackets: 0, repeatedPackets: 0, jumps: [] });
    expect(past.audit.markers.lastLatencyMs!).toBeGreaterThan(10_000);
    const { body } = await product.api('GET', `/api/v1/proxy/sessions/${id}/clients`);
    const jumps = (body.clients as { jumps: number }[]).map((client) => client.jumps);
    expect(jumps).toEqual([0, 0]);
    await eventually(async () => (await product.session(id)).state === 'live');
  });
});
