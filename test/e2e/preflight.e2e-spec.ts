import {
  eventually,
  newContentId,
  openViewer,
  startProduct,
  startSimulator,
  streamPath,
  type Answer,
  type Product,
  type Simulator,
  type Viewer,
} from './support';
import { expectNothingLeft } from './support/remains';
import { withLag } from '../../src/kernel/testing/lag.spec-support';

const VOD = '7e57ca4d00000000000000000000000000000009';
const START_DELAY_MS = 100;
const SAMPLE_MS = 6000;
/** Time limit of the product whose checks end by themselves. */
const HASTY_MS = 4000;
/** Tolerance for the delays of all programs together. */
const LATE_MS = 12_000;

function ask(product: Product, id: string, tier = 'light'): Promise<Answer> {
  return product.api('GET', `/ace/preflight?id=${id}&tier=${tier}`, undefined, {});
}

function watch(product: Product, id: string): Viewer {
  return openViewer(product.url(streamPath(id)));
}

async function expectNoSession(engine: Simulator): Promise<void> {
  await eventually(
    async () => {
      expect(await engine.counters()).toMatchObject({
        sessions_open: 0,
        sessions_leaked: 0,
        readers: 0,
      });
      return true;
    },
    15_000,
    'no engine session',
  );
}

describe('preflight', () => {
  let engine: Simulator;
  let product: Product;
  let hasty: Product;

  beforeAll(async () => {
    engine = await startSimulator({ startDelayMs: START_DELAY_MS, burstSeconds: 4 });
    const env = {
      MAX_STREAMS_PER_ENGINE: '10',
      PREFLIGHT_SAMPLE: `${SAMPLE_MS}ms`,
      NEGATIVE_CACHE_TTL: '20s',
      PROXY_GRACE_PERIOD: '60s',
    };
    product = await startProduct({ engines: [engine], env });
    hasty = await startProduct({
      engines: [engine],
      env: { ...env, PREFLIGHT_TIMEOUT: `${HASTY_MS}ms` },
    });
  });

  beforeEach(() => engine.clear());

  it('light: describes the content, and opens no engine session', async () => {
    const id = newContentId();
    const { status, body, headers } = await ask(product, id);
    expect(status).toBe(200);
    expect(headers['access-control-allow-origin']).toBe('*');
    const { infohash } = await engine.content(id);
    expect(body).toMatchObject({
      playable: true,
      reason: null,
      tier: 'light',
      source: 'engine',
      infohash,
      is_live: true,
      engine_id: engine.engineId,
      name: expect.any(String),
      media: null,
    });
    expect(Date.parse(body.checked_at)).not.toBeNaN();
    expect(await engine.starts(id)).toEqual([]);
    expect(await engine.counters()).toMatchObject({ sessions_opened: 0 });
    expect((await product.api('GET', `/ace/preflight?id=${id}`, undefined, {})).body.tier).toBe(
      'light',
    );
  });

  it('light: finds an infohash that is passed as an id', async () => {
    const { infohash } = await engine.content(newContentId());
    expect((await ask(product, infohash)).body).toMatchObject({ playable: true, infohash });
  });

  it.each(['light', 'deep'])(
    '%s: unknown content is remembered, also for viewers',
    async (tier) => {
      const id = newContentId();
      const fault = { kind: 'json_error', content: id, where: 'service' };
      await engine.fault({ ...fault, text: 'cannot get transport file' });
      const { status, body } = await ask(product, id, tier);
      expect(status).toBe(200);
      expect(body).toMatchObject({
        playable: false,
        reason: 'content_not_found',
        source: 'engine',
        tier,
      });
      await engine.clearFaults();
      const again = (await ask(product, id, tier)).body;
      expect(again).toMatchObject({
        playable: false,
        reason: 'content_not_found',
        source: 'memory',
      });
      expect(again.retry_after).toBeGreaterThan(0);
      expect(again.retry_after).toBeLessThanOrEqual(20);
      const viewer = watch(product, id);
      expect(await viewer.status()).toBe(404);
      expect(await engine.starts(id)).toEqual([]);
    },
  );

  it('a content that failed for a viewer is answered without another call', async () => {
    const id = newContentId();
    await engine.fault({ kind: 'json_error', content: id });
    expect(await watch(product, id).status()).toBe(404);
    await engine.clear();
    const { body } = await ask(product, id, 'deep');
    expect(body).toMatchObject({ playable: false, reason: 'content_not_found', source: 'memory' });
    expect(await engine.journal('/server/api?api_version=3&method=get_media_files')).toEqual([]);
  });

  it('recorded content is playable, and is not started for a check', async () => {
    const id = newContentId();
    await engine.setContent(id, { live: 0 });
    for (const tier of ['light', 'deep']) {
      expect((await ask(product, id, tier)).body).toMatchObject({
        playable: true,
        reason: null,
        tier: 'light',
        source: 'engine',
        is_live: false,
      });
    }
    expect(await engine.starts(id)).toEqual([]);
    const viewer = watch(product, id);
    expect(await viewer.status()).toBe(200);
    for (const tier of ['light', 'deep']) {
      expect((await ask(product, id, tier)).body).toMatchObject({
        playable: true,
        source: 'running_session',
        is_live: false,
      });
    }
    expect(await engine.starts(id)).toHaveLength(1);
    viewer.destroy();
    expect((await product.api('DELETE', `/streams/${id}`)).status).toBe(200);
  });

  it('deep: starts, receives media and stops, without a grace period or a remaining session', async () => {
    const id = newContentId();
    const beganMs = performance.now();
    const { status, body } = await ask(product, id, 'deep');
    const tookMs = performance.now() - beganMs;
    expect(status).toBe(200);
    expect(body).toMatchObject({ playable: true, tier: 'deep', source: 'engine', is_live: true });
    const { media } = body;
    expect(media).toMatchObject({
      video_codec: 'h264',
      audio_codecs: ['aac'],
      is_scrambled: false,
    });
    expect(media.duration_s).toBeGreaterThan(4);
    expect(media.bitrate_bps).toBeGreaterThan(3e6);
    expect(media.bitrate_bps).toBeLessThan(5e6);
    expect(media.keyframes).toBeGreaterThanOrEqual(4);
    expect(media.first_byte_ms).toBeGreaterThanOrEqual(START_DELAY_MS);
    expect(media.first_keyframe_ms).toBeGreaterThanOrEqual(media.first_byte_ms);
    expect(media.first_keyframe_ms).toBeLessThanOrEqual(tookMs - SAMPLE_MS + 10);
    expect(await engine.counters()).toMatchObject({ sessions_opened: 1, sessions_stopped: 1 });
    await expectNothingLeft(product, [engine]);
  });

  it.each<[string, { kind: string } & Record<string, unknown>]>([
    ['no media', { kind: 'no_data' }],
    ['endless pre-buffering', { kind: 'start_timeout' }],
  ])('deep: with %s it ends in time and leaves nothing', async (_, fault) => {
    const id = newContentId();
    await engine.fault({ content: id, ...fault });
    const beganMs = performance.now();
    const { status, body } = await ask(hasty, id, 'deep');
    const reason = 'start_timeout';
    expect({ status, body }).toMatchObject({ status: 200, body: { playable: false, reason } });
    expect(performance.now() - beganMs).toBeLessThan(withLag(HASTY_MS + LATE_MS));
    await expectNothingLeft(hasty, [engine]);
  });

  it('deep: media that stop after the burst count as stalled, and leave nothing', async () => {
    const id = newContentId();
    await engine.fault({ kind: 'stall_after', content: id, bytes: 1_500_000 });
    const { status, body } = await ask(product, id, 'deep');
    const reason = 'stalled';
    expect({ status, body }).toMatchObject({ status: 200, body: { playable: false, reason } });
    await expectNothingLeft(product, [engine]);
  });

  it('a light check on an engine that does not answer ends in time, without a verdict on the content', async () => {
    const id = newContentId();
    await engine.fault({ kind: 'never', content: id, where: 'service' });
    const beganMs = performance.now();
    const { status, body } = await ask(hasty, id);
    expect({ status, body }).toMatchObject({ status: 502, body: { code: 'engine_failed' } });
    expect(performance.now() - beganMs).toBeLessThan(withLag(HASTY_MS + LATE_MS));
    await engine.clearFaults();
    expect((await ask(hasty, id)).body.playable).toBe(true);
  });

  it('a client that disconnects ends its check', async () => {
    const id = newContentId();
    await engine.fault({ kind: 'no_data', content: id });
    const caller = openViewer(product.url(`/ace/preflight?id=${id}&tier=deep`));
    await eventually(async () => (await engine.counters())['sessions_open'] === 1);
    caller.reset();
    await expectNoSession(engine);
    await eventually(async () => (await product.sessionCount()) === 0);
  });

  it.each(['light', 'deep'])(
    '%s: content in use is not affected, under any of its names',
    async (tier) => {
      const id = newContentId();
      const { infohash } = await engine.content(id);
      const viewer = watch(product, id);
      await viewer.playing();
      await viewer.receiveMore(4000);
      const asked = (await engine.journal('/server/api?api_version=3&method=get_media')).length;
      for (const name of [`id=${id}`, `infohash=${infohash}`, `id=${infohash}`]) {
        const path = `/ace/preflight?${name}&tier=${tier}`;
        const { status, body } = await product.api('GET', path, undefined, {});
        expect(status).toBe(200);
        expect(body).toMatchObject({ playable: true, infohash, is_live: true });
        if (tier === 'deep' || name !== `id=${infohash}`) {
          expect(body).toMatchObject({ source: 'running_session' });
          expect(body.media).toMatchObject({ video_codec: 'h264' });
        }
      }
      expect(asked).toBe(0);
      await viewer.receiveMore(1500);
      expect(await engine.starts(id)).toHaveLength(1);
      expect(await engine.starts(infohash)).toEqual([]);
      expect(await engine.counters()).toMatchObject({
        sessions_opened: 1,
        sessions_stopped: 0,
        peak_readers_per_content: 1,
        second_reader_violations: 0,
      });
      expect(viewer.audit.markers).toMatchObject({ lostPackets: 0, repeatedPackets: 0, jumps: [] });
      expect(viewer.audit).toMatchObject({ continuityErrors: 0, flagged: 0 });
      const { attempts, failovers } = await product.session(id);
      expect({ failovers, tries: attempts.length }).toEqual({ failovers: 0, tries: 1 });
      viewer.destroy();
      await product.api('DELETE', `/api/v1/proxy/sessions/${id}`);
      await expectNoSession(engine);
    },
  );

  it('a viewer that joins during a deep check keeps its stream', async () => {
    const id = newContentId();
    const check = ask(product, id, 'deep');
    await eventually(async () => (await engine.counters())['sessions_open'] === 1);
    const viewer = watch(product, id);
    await viewer.playing();
    expect((await check).body).toMatchObject({ playable: true });
    await viewer.receiveMore(2000);
    expect(await engine.starts(id)).toHaveLength(1);
    expect(viewer.audit.markers).toMatchObject({ lostPackets: 0, repeatedPackets: 0, jumps: [] });
    viewer.destroy();
    await product.api('DELETE', `/api/v1/proxy/sessions/${id}`);
  });

  it('checks queue: there are never more deep ones at once than allowed', async () => {
    const ids = Array.from({ length: 5 }, newContentId);
    for (const id of ids) await engine.fault({ kind: 'no_data', content: id, from: 1 });
    let most = 0;
    let isDone = false;
    const checks = Promise.all(ids.slice(0, 4).map((id) => ask(hasty, id, 'deep')));
    const watching = eventually(
      async () => {
        most = Math.max(most, (await engine.counters())['sessions_open'] ?? 0);
        return isDone;
      },
      60_000,
      'the end of the checks',
    );
    const answers = await checks;
    isDone = true;
    await watching;
    expect(most).toBe(2);
    for (const { status, body } of answers) {
      // A check that queues for longer than a check may last gets this reason.
      if (status === 200) expect(body.reason).toBe('start_timeout');
      else expect({ status, code: body.code }).toEqual({ status: 503, code: 'no_capacity' });
    }
    expect(answers.filter(({ status }) => status === 200).length).toBeGreaterThanOrEqual(2);
    await expectNoSession(engine);
  });

  it.each([
    ['', 'invalid_selector'],
    ['?id=x', 'invalid_selector'],
    [`?id=${VOD}&tier=medium`, 'invalid_request'],
    [`?id=${VOD}&tier=`, 'invalid_request'],
    [`?id=${VOD}&tier=deep&tier=deep`, 'invalid_request'],
  ])('%s is refused', async (query, code) => {
    for (const method of ['GET', 'HEAD']) {
      const { status, body } = await product.api(method, `/ace/preflight${query}`, undefined, {});
      expect(status).toBe(400);
      if (method === 'GET') expect(body).toMatchObject({ code });
    }
  });

  it('HEAD and OPTIONS start nothing and call no engine', async () => {
    const id = newContentId();
    const path = `/ace/preflight?id=${id}&tier=deep`;
    const head = await product.api('HEAD', path, undefined, {});
    expect(head.status).toBe(200);
    expect(head.headers['content-type']).toMatch(/^application\/json/);
    expect((await product.api('OPTIONS', path, undefined, {})).status).toBe(204);
    expect(await engine.starts(id)).toEqual([]);
    expect(await engine.journal('/server/api?api_version=3&method=get_media')).toEqual([]);
  });
});

describe('preflight in an almost full fleet', () => {
  let engine: Simulator;
  let product: Product;

  beforeAll(async () => {
    engine = await startSimulator({ startDelayMs: 50 });
    product = await startProduct({
      engines: [engine],
      env: {
        MAX_STREAMS_PER_ENGINE: '2',
        PREFLIGHT_SAMPLE: '20s',
        PREFLIGHT_TIMEOUT: '60s',
        PREFLIGHT_KEEP_FREE: '1',
        PROXY_GRACE_PERIOD: '500ms',
      },
    });
  });

  it('takes no reserved slot, and light checks continue', async () => {
    const viewer = watch(product, newContentId());
    await viewer.playing();
    const deep = await ask(product, newContentId(), 'deep');
    expect(deep).toMatchObject({ status: 503, body: { code: 'no_capacity' } });
    expect(deep.headers['retry-after']).toBeDefined();
    expect((await ask(product, newContentId())).body.playable).toBe(true);
    expect(await engine.counters()).toMatchObject({ sessions_opened: 1 });
    viewer.destroy();
  });

  it('releases its slot for a viewer that needs it', async () => {
    await eventually(
      async () => (await product.sessionCount()) === 0,
      15_000,
      'the end of the grace period',
    );
    const check = ask(product, newContentId(), 'deep');
    await eventually(async () => (await product.sessionCount()) === 1);
    await eventually(async () => (await engine.counters())['readers'] === 1);
    const viewers = [watch(product, newContentId()), watch(product, newContentId())];
    await Promise.all(viewers.map((viewer) => viewer.playing()));
    expect(await check).toMatchObject({ status: 503, body: { code: 'no_capacity' } });
  });
});
