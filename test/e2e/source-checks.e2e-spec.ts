import {
  eventually,
  newContentId,
  openViewer,
  startProduct,
  startSimulator,
  type Product,
  type Simulator,
  type Viewer,
} from './support';
import { expectNothingLeft } from './support/remains';

/** A content without media costs a check this long. */
const TIMEOUT_S = 6;

async function put(product: Product, id: string, ...sources: string[]): Promise<void> {
  const body = { name: id, sources: sources.map((source) => ({ id: source })) };
  expect((await product.api('PUT', `/api/v1/channels/${id}`, body)).status).toBe(201);
}

/** Checks a channel and returns the ended run. */
async function check(product: Product, path: string): Promise<Record<string, unknown>> {
  const { status, body } = await product.api('POST', `/api/v1/${path}`);
  expect({ status, body }).toMatchObject({ status: 202, body: { trigger: 'request' } });
  return ended(product, body.id as string);
}

async function ended(product: Product, run: string): Promise<Record<string, unknown>> {
  let last: Record<string, unknown> = {};
  await eventually(
    async () => {
      last = (await product.api('GET', `/api/v1/checks/${run}`)).body as typeof last;
      return last['state'] !== 'running';
    },
    60_000,
    'the end of the run',
  );
  return last;
}

async function sources(product: Product, channel: string): Promise<Record<string, unknown>[]> {
  const { body } = await product.api('GET', `/api/v1/channels/${channel}`);
  return body.sources as Record<string, unknown>[];
}

async function types(product: Product, type: string): Promise<Record<string, unknown>[]> {
  return (await product.api('GET', `/api/v1/events?type=${type}`)).body as never;
}

function watch(product: Product, query: string): Viewer {
  return openViewer(product.url(`/ace/getstream?${query}`));
}

describe('checks of sources', () => {
  let engine: Simulator;
  let product: Product;

  beforeAll(async () => {
    engine = await startSimulator({ startDelayMs: 20, bitrateMbps: 2, burstSeconds: 4 });
    product = await startProduct({
      engines: [engine],
      env: {
        MAX_STREAMS_PER_ENGINE: '6',
        PREFLIGHT_SAMPLE: '500ms',
        SOURCE_CHECK_CONCURRENCY: '5',
        SOURCE_CHECK_TIMEOUT: `${TIMEOUT_S}s`,
        NEGATIVE_CACHE_TTL: '100ms',
        PROXY_GRACE_PERIOD: '200ms',
      },
    });
  });

  beforeEach(() => engine.clear());

  it('find out what works, order the sources, and show which channels are alive', async () => {
    const [unknown, silent, slow, good] = Array.from({ length: 4 }, newContentId) as [
      string,
      string,
      string,
      string,
    ];
    await engine.fault({ kind: 'json_error', content: unknown, where: 'service' });
    await engine.fault({ kind: 'no_data', content: silent });
    await engine.setContent(slow, { start_delay_ms: 3200 });
    await engine.setContent(good, { peers: 7 });
    await put(product, 'news', unknown, silent, slow, good);
    await put(product, 'gone', unknown);
    const playlist = (query = '', headers = {}): ReturnType<Product['api']> =>
      product.api('GET', `/playlist.m3u${query}`, undefined, headers);
    const before = await playlist('?alive=1');
    expect(before.text).toContain('channel=gone');

    const [run, other] = await Promise.all([
      check(product, 'checks'),
      check(product, 'channels/gone/check'),
    ]);
    expect(run).toMatchObject({ state: 'finished', total: 4, working: 2, failed: 2, skipped: 0 });
    expect(other).toMatchObject({ channel: 'gone', total: 1, failed: 1 });
    expect(await sources(product, 'news')).toMatchObject([
      {
        id: unknown,
        rank_reason: 'troubled',
        is_alive: false,
        success_share: 0,
        last_check: { outcome: 'content_not_found' },
        media: null,
      },
      { id: silent, is_alive: false, last_check: { outcome: 'start_timeout' } },
      { id: slow, rank: 2, rank_reason: 'works', success_share: 1 },
      {
        id: good,
        rank: 1,
        rank_reason: 'works',
        is_alive: true,
        results: 1,
        last_check: { outcome: 'working', at: expect.any(String) },
        media: { video_codec: 'h264', audio_codecs: ['aac'], width: 640, height: 360, peers: 7 },
      },
    ]);
    const [, , ofSlow, ofGood] = await sources(product, 'news');
    expect(ofSlow!['start_ms']).toBeGreaterThanOrEqual(3000);
    const media = ofGood!['media'] as { bitrate_bps: number };
    expect(media.bitrate_bps).toBeGreaterThan(1e6);
    expect(media.bitrate_bps).toBeLessThan(3e6);
    await expectNothingLeft(product, [engine]);

    const after = await playlist('?alive=1');
    expect(after.text).toContain('channel=news');
    expect(after.text).not.toContain('channel=gone');
    expect(after.headers['etag']).not.toBe(before.headers['etag']);
    expect((await playlist()).text).toContain('channel=gone');
    expect(await types(product, 'channel_died')).toMatchObject([{ details: { channel: 'gone' } }]);
    expect(await types(product, 'check_run_finished')).toHaveLength(2);
    const { text } = await product.api('GET', '/metrics');
    expect(text).toContain('acefleet_channels_dead 1');
    expect(text).toContain('acefleet_source_checks_total{outcome="working"} 2');

    const viewer = watch(product, 'channel=news');
    await viewer.playing();
    expect((await product.session(good)).attempts).toHaveLength(1);
    viewer.destroy();
    await expectNothingLeft(product, [engine]);

    await engine.clearFaults();
    expect(await check(product, 'channels/gone/check')).toMatchObject({ working: 1 });
    const again = await playlist('?alive=1', { 'If-None-Match': String(after.headers['etag']) });
    expect({ status: again.status, hasIt: again.text.includes('channel=gone') }).toEqual({
      status: 200,
      hasIt: true,
    });
    expect(await types(product, 'channel_recovered')).toHaveLength(1);
  });

  it('never open content in use: the facts about its stream are recorded', async () => {
    const [played, spare] = [newContentId(), newContentId()];
    await put(product, 'watched', played, spare);
    await put(product, 'alone', played);
    const viewer = watch(product, 'channel=watched');
    await viewer.playing();
    await viewer.receiveMore(1500);
    expect(await check(product, 'channels/watched/check')).toMatchObject({
      ...{ total: 2, working: 1, skipped: 1 },
    });
    expect(await check(product, 'channels/alone/check')).toMatchObject({ total: 1, working: 1 });
    expect(await sources(product, 'alone')).toMatchObject([
      { last_check: { outcome: 'working' }, media: { video_codec: 'h264', width: 640 } },
    ]);
    expect((await engine.starts(played)).length).toBe(1);
    expect(await engine.starts(spare)).toEqual([]);
    expect(await engine.counters()).toMatchObject({ sessions_opened: 1, sessions_stopped: 0 });
    await viewer.receiveMore(500);
    expect(viewer.audit.markers).toMatchObject({ lostPackets: 0, repeatedPackets: 0, jumps: [] });
    viewer.destroy();
    await expectNothingLeft(product, [engine]);
  });

  it('can be stopped, and refuse what does not exist', async () => {
    const silent = newContentId();
    await engine.fault({ kind: 'no_data', content: silent });
    await put(product, 'quiet', silent);
    const { body } = await product.api('POST', '/api/v1/channels/quiet/check');
    await eventually(async () => (await engine.counters())['sessions_open'] === 1);
    expect((await product.api('GET', '/api/v1/checks')).body).toMatchObject({
      interval_s: null,
      active: [{ id: silent, kind: 'content_id', state: 'checking' }],
      waiting: 0,
      runs: [{ id: body.id, channel: 'quiet', state: 'running', total: 1 }],
    });
    const path = `/api/v1/checks/${body.id}`;
    expect((await product.api('DELETE', path)).body).toMatchObject({ state: 'stopped', failed: 0 });
    await expectNothingLeft(product, [engine]);
    expect(await sources(product, 'quiet')).toMatchObject([{ last_check: null, is_alive: true }]);
    expect((await product.api('GET', '/api/v1/checks')).body).toMatchObject({
      active: [],
      last_run: { id: body.id, state: 'stopped' },
    });
    expect(await product.api('DELETE', path)).toMatchObject({
      status: 409,
      body: { code: 'conflict' },
    });
    const none = '/api/v1/checks/00000000-0000-0000-0000-000000000000';
    expect(await product.api('GET', none)).toMatchObject({
      status: 404,
      body: { code: 'not_found' },
    });
    expect(await product.api('POST', '/api/v1/channels/none/check')).toMatchObject({
      status: 404,
      body: { code: 'not_found' },
    });
    const group = { group: 'none' };
    expect(await product.api('POST', '/api/v1/checks', group)).toMatchObject({
      status: 404,
      body: { code: 'not_found' },
    });
    expect(await product.api('POST', '/api/v1/checks', { group: 7 })).toMatchObject({
      status: 400,
      body: { code: 'invalid_request' },
    });
  });
});

describe('checks on an engine with one slot', () => {
  let engine: Simulator;
  let product: Product;

  beforeAll(async () => {
    engine = await startSimulator({ startDelayMs: 20, bitrateMbps: 2 });
    product = await startProduct({
      engines: [engine],
      env: {
        MAX_STREAMS_PER_ENGINE: '1',
        PREFLIGHT_KEEP_FREE: '0',
        PREFLIGHT_SAMPLE: '300ms',
        SOURCE_CHECK_TIMEOUT: '60s',
        PROXY_GRACE_PERIOD: '100ms',
      },
    });
  });

  it('give their slot to a viewer, and go on when it is free again', async () => {
    const [silent, wanted] = [newContentId(), newContentId()];
    const fault = { kind: 'no_data', content: silent };
    await engine.fault(fault);
    await put(product, 'quiet', silent);
    const { body } = await product.api('POST', '/api/v1/channels/quiet/check');
    await eventually(async () => (await engine.counters())['sessions_open'] === 1);
    const viewer = watch(product, `id=${wanted}`);
    await viewer.playing();
    expect((await product.session(wanted)).attempts).toHaveLength(1);
    expect(await engine.counters()).toMatchObject({ sessions_open: 1, sessions_stopped: 1 });
    await eventually(async () => {
      const { active } = (await product.api('GET', '/api/v1/checks')).body;
      return active[0]?.state === 'waiting';
    });
    await engine.clearFaults();
    viewer.destroy();
    expect(await ended(product, body.id as string)).toMatchObject({ working: 1, failed: 0 });
    await expectNothingLeft(product, [engine]);
  });

  it('let a viewer of the same content take over the start', async () => {
    const slow = newContentId();
    await engine.clear();
    await engine.setContent(slow, { start_delay_ms: 1500 });
    await put(product, 'slow', slow);
    const { body } = await product.api('POST', '/api/v1/channels/slow/check');
    await eventually(async () => (await engine.starts(slow)).length === 1);
    const viewer = watch(product, 'channel=slow');
    await viewer.playing();
    await ended(product, body.id as string);
    await viewer.receiveMore(500);
    expect(await engine.starts(slow)).toHaveLength(1);
    expect(await engine.counters()).toMatchObject({ sessions_opened: 1, sessions_stopped: 0 });
    viewer.destroy();
  });
});
