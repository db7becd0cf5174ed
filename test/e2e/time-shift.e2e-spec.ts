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

/** A group of pictures of the simulator, and how late the first bytes may be read. */
const GOP_MS = 1000;
const SLACK_MS = 700;
const HISTORY_S = 25;

describe('joining a stream in its past', () => {
  let engine: Simulator;
  let product: Product;
  let id: string;
  let live: Viewer;

  beforeAll(async () => {
    engine = await startSimulator({ burstSeconds: HISTORY_S, startDelayMs: 50, bitrateMbps: 2 });
    product = await startProduct({ engines: [engine] });
    id = newContentId();
    live = openViewer(product.url(streamPath(id)));
    await live.playing();
    await live.until(({ markers }) => markers.lastLatencyMs! < 500, 20_000, 'end of the burst');
  });

  async function open(behind: string, path = streamPath(id)): Promise<Viewer> {
    const viewer = openViewer(
      product.url(`${path}${path.includes('?') ? '&' : '?'}behind=${behind}`),
    );
    await viewer.playing();
    return viewer;
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
      const viewer = await open(String(behind));
      const ageMs = viewer.audit.markers.firstLatencyMs!;
      expect(ageMs).toBeGreaterThan(behind * 1000 - 250);
      expect(ageMs).toBeLessThan(behind * 1000 + GOP_MS + SLACK_MS);
      const said = await reachedS(viewer);
      expect(Math.abs(said * 1000 - ageMs)).toBeLessThan(SLACK_MS);
      expect(viewer.audit.firstAt).toMatchObject({ pat: 0, pmt: 1 });
      expect(viewer.audit).toMatchObject({ misaligned: 0, continuityErrors: 0, flagged: 0 });
    },
  );

  it('beyond the history: the oldest there is, and that is said', async () => {
    const viewer = await open('3600');
    expect(viewer.audit.markers.firstMediaNumber).toBe(live.audit.markers.firstMediaNumber);
    const said = await reachedS(viewer);
    expect(said).toBeGreaterThan(HISTORY_S - 2);
    expect(Math.abs(said * 1000 - viewer.audit.markers.firstLatencyMs!)).toBeLessThan(SLACK_MS);
  });

  it('viewers of different pasts share one session with those who are live', async () => {
    const before = Number((await product.session(id)).client_count);
    const [near, far] = await Promise.all([open('4'), open('15')]);
    expect(near.audit.markers.firstLatencyMs!).toBeLessThan(6000);
    expect(far.audit.markers.firstLatencyMs!).toBeGreaterThan(14_500);
    expect(await product.sessionCount()).toBe(1);
    expect((await product.session(id)).client_count).toBeGreaterThanOrEqual(2);
    expect((await product.session(id)).client_count).toBeLessThanOrEqual(before + 2);
    expect(await engine.starts(id)).toHaveLength(1);
    expect(live.audit.markers).toMatchObject({ lostPackets: 0, repeatedPackets: 0 });
  });

  it('without behind nothing is said', async () => {
    const viewer = openViewer(product.url(streamPath(id)));
    await viewer.playing();
    expect((await viewer.head).headers).not.toHaveProperty('x-stream-behind');
  });

  it('HEAD says what would be reached, and touches nothing', async () => {
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

  it('format=json names an address that joins in the past', async () => {
    const { body } = await product.api(
      'GET',
      streamPath(id, '&format=json&behind=12.5'),
      undefined,
      {},
    );
    const { playback_url: address } = body.response as { playback_url: string };
    expect(address).toMatch(/\?behind=12\.5$/);
    const viewer = openViewer(address);
    await viewer.playing();
    expect(viewer.audit.markers.firstLatencyMs!).toBeGreaterThan(12_250);
    expect(await reachedS(viewer)).toBeGreaterThanOrEqual(12.5);
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
    'behind=+5',
    'behind=5&behind=5',
  ])('%s is refused, whatever asks', async (query) => {
    for (const more of ['', '&format=json']) {
      const viewer = openViewer(product.url(streamPath(id, `&${query}${more}`)));
      await expectProblem(viewer, 400, 'invalid_request');
    }
    const head = openViewer(product.url(streamPath(id, `&${query}`)), { method: 'HEAD' });
    expect((await head.head).status).toBe(400);
  });
});

describe('a viewer who stays in the past', () => {
  it('is neither moved nor cut for it, however little lag is allowed', async () => {
    const engine = await startSimulator({ burstSeconds: 12, startDelayMs: 50, bitrateMbps: 4 });
    const product = await startProduct({
      engines: [engine],
      env: { PROXY_CLIENT_MAX_LAG: '3s' },
    });
    const id = newContentId();
    const live = openViewer(product.url(streamPath(id)));
    await live.playing();
    await live.until(({ markers }) => markers.lastLatencyMs! < 500, 20_000, 'end of the burst');
    // As a player does: no faster than the stream runs.
    const past = openViewer(product.url(streamPath(id, '&behind=10')), { readRate: 520_000 });
    await past.playing();
    await live.receiveMore(8000);
    expect(past.ending).toBeNull();
    expect(past.audit).toMatchObject({ flagged: 0, continuityErrors: 0, misaligned: 0 });
    expect(past.audit.markers).toMatchObject({ lostPackets: 0, repeatedPackets: 0, jumps: [] });
    expect(past.audit.markers.lastLatencyMs!).toBeGreaterThan(5000);
    const { body } = await product.api('GET', `/api/v1/proxy/sessions/${id}/clients`);
    const jumps = (body.clients as { jumps: number }[]).map((client) => client.jumps);
    expect(jumps).toEqual([0, 0]);
    await eventually(async () => (await product.session(id)).state === 'live');
  });
});
