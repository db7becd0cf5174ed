import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import {
  eventually,
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
import { whyNoPrograms } from './support/programs';
import { expectUntouched, metric } from './support/session-facts';
import { withLag } from '../../src/kernel/testing/lag.spec-support';

const CLIP = join(__dirname, '../../simulator/media/clip.mpegts');
const ISO = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
const SECONDS = expect.stringMatching(/^\d{10}$/);
const whyNot = whyNoPrograms('ffprobe');

describe('statistics of a stream', () => {
  let engine: Simulator;
  let product: Product;

  beforeAll(async () => {
    engine = await startSimulator({ bitrateMbps: 4, burstSeconds: 5, maxSessions: 50 });
    product = await startProduct({
      engines: [engine],
      env: { MAX_STREAMS_PER_ENGINE: '50', PROXY_GRACE_PERIOD: '0s', PROXY_RETRY_BASE: '50ms' },
    });
  });

  async function watch(id: string): Promise<Viewer> {
    const viewer = openViewer(product.url(streamPath(id)));
    await viewer.playing();
    return viewer;
  }

  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- tests check the shape of answers
  async function stats(id: string, query = ''): Promise<any> {
    const answer = await product.api('GET', `/api/v1/streams/${id}/stats${query}`);
    expect(answer.status).toBe(200);
    return answer.body;
  }

  const polls = async (id: string): Promise<readonly unknown[]> => {
    const { infohash } = await engine.content(id);
    return engine.journal(`/ace/stat/${infohash}`);
  };

  it.concurrent(
    'come from the engine every 2 s, in bytes per second, and are kept',
    scoped(async () => {
      const id = newContentId();
      const beganMs = performance.now();
      await watch(id);
      const body = await eventually(
        async () => {
          const now = await stats(id);
          return now.history.length >= 5 && now.status === 'dl' ? now : false;
        },
        // With 10 s between answers it would take 40 s.
        25_000,
        'five answers',
      );
      const kiloBytes = Math.round(4e6 / 8 / 1024);
      expect(body).toMatchObject({
        stream_id: id,
        sampled_at: ISO,
        peers: 9,
        speed_down_kbps: kiloBytes * 8,
        speed_up_kbps: Math.round(kiloBytes / 4) * 8,
        downloaded_bytes: expect.any(Number),
        livepos: { last_ts: SECONDS, live_last: SECONDS, buffer_pieces: '30' },
        looping: null,
        is_starving: false,
      });
      const last = body.history.at(-1);
      expect(last).toEqual({
        ts: ISO,
        peers: 9,
        speed_down: kiloBytes,
        speed_up: Math.round(kiloBytes / 4),
        downloaded: body.downloaded_bytes,
        uploaded: body.uploaded_bytes,
        status: 'dl',
        livepos: body.livepos,
      });
      const since = body.history[1].ts;
      const later = (await stats(id, `?since=${since}`)).history;
      expect(later.length).toBeGreaterThanOrEqual(body.history.length - 2);
      expect(later.every(({ ts }: { ts: string }) => ts > since)).toBe(true);
      expect((await product.api('GET', `/streams/${id}/stats?since=yesterday`)).status).toBe(400);
      // The first answer of an engine is empty, so the second request comes sooner.
      const { length: asked } = await polls(id);
      expect(asked).toBeLessThanOrEqual((performance.now() - beganMs) / 2000 + 2);
      expect(await metric(product, 'acefleet_source_peers')).toBeGreaterThanOrEqual(9);
      expect(
        await metric(product, 'acefleet_source_download_bytes_per_second'),
      ).toBeGreaterThanOrEqual(kiloBytes * 1024);
      const calls = await metric(product, 'acefleet_statistics_calls_total', {
        result: 'answered',
      });
      expect(calls).toBeGreaterThanOrEqual(4);
      const { text } = await product.api('GET', '/metrics');
      expect(text).not.toContain(id);
    }),
  );

  (whyNot === null ? it : it.skip)(`describe the media like ffprobe ${whyNot ?? ''}`, async () => {
    const fields =
      'codec_type,codec_name,profile,level,width,height,r_frame_rate,sample_rate,channels';
    const args = ['-v', 'error', '-show_entries', `stream=${fields}`, '-of', 'json', CLIP];
    const { stdout } = await promisify(execFile)('ffprobe', args);
    const [video, audio] = JSON.parse(stdout).streams;
    const [pictures, seconds] = video.r_frame_rate.split('/').map(Number);
    const id = newContentId();
    await watch(id);
    const body = await eventually(async () => {
      const now = await stats(id);
      return now.media.length >= 2 && now.media[1].sample_rate_hz !== null && now;
    });
    const said = { language: null, is_scrambled: false };
    expect(body.media.slice(0, 2)).toEqual([
      {
        ...said,
        pid: 0x100,
        kind: 'video',
        codec: video.codec_name,
        profile: video.profile,
        level: (video.level / 10).toFixed(1),
        width: video.width,
        height: video.height,
        frame_rate: pictures / seconds,
        is_interlaced: false,
        sample_rate_hz: null,
        channels: null,
      },
      {
        ...said,
        pid: 0x101,
        kind: 'audio',
        codec: audio.codec_name,
        profile: audio.profile,
        level: null,
        width: null,
        height: null,
        frame_rate: null,
        is_interlaced: null,
        sample_rate_hz: Number(audio.sample_rate),
        channels: audio.channels,
      },
    ]);
    // The simulator's clip as ffprobe describes it: 640 × 360, 25 pictures per second, 48 kHz.
    expect(body.media[0]).toMatchObject({ width: 640, height: 360, frame_rate: 25 });
    expect(body.media[0]).toMatchObject({ codec: 'h264', profile: 'Main' });
    expect(body.media[1]).toMatchObject({ codec: 'aac', sample_rate_hz: 48_000 });
  });

  it.concurrent(
    'contain the bit rate by media time, and the runway of its viewers',
    scoped(async () => {
      const id = newContentId();
      const viewer = await watch(id);
      await eventually(async () => (await stats(id)).bitrate_bps !== null);
      const { bitrate_bps: rate, runway, buffer_s: kept } = await stats(id);
      // 4 Mbit/s including null packets, which are not kept.
      expect(rate).toBeGreaterThan(100_000);
      expect(rate).toBeLessThanOrEqual(4_100_000);
      expect(runway.least_s).toBeLessThanOrEqual(runway.typical_s);
      expect(runway.typical_s).toBeLessThanOrEqual(runway.most_s);
      expect(runway.most_s).toBeLessThanOrEqual(Number(kept) + 0.1);
      // A viewer that stops reading falls behind, so that it has a longer runway.
      viewer.pause();
      await eventually(async () => (await stats(id)).runway.most_s >= 1, 60_000, 'a runway');
      viewer.resume();
    }),
  );

  it.concurrent(
    'are part of the running stream, and absent after its end',
    scoped(async () => {
      const id = newContentId();
      const viewer = await watch(id);
      await eventually(async () => (await product.session(id)).stat?.status === 'dl');
      expect(await product.session(id)).toMatchObject({
        stat: { at: ISO, engine_id: engine.engineId, peers: 9 },
        runway: { least_s: expect.any(Number) },
        media: [{ codec: 'h264' }, { codec: 'aac' }, {}],
        looping: null,
      });
      viewer.destroy();
      await eventually(async () => (await product.session(id)).is_active === false);
      expect(await product.session(id)).toMatchObject({ stat: null, runway: null, media: [] });
    }),
  );

  it.concurrent(
    'are requested only while the engine session lasts',
    scoped(async () => {
      const id = newContentId();
      const viewer = await watch(id);
      await eventually(async () => (await polls(id)).length >= 2);
      viewer.destroy();
      await eventually(async () => (await product.session(id)).is_active === false);
      // The stop reached the engine after every request.
      await eventually(async () => {
        const { sessions } = await engine.state();
        return sessions.every(({ content_id: content }) => content !== id);
      });
      const before = (await polls(id)).length;
      // Another stream is polled twice meanwhile, so polling still works.
      const other = newContentId();
      await watch(other);
      await eventually(async () => (await polls(other)).length >= 4, 40_000);
      expect(await polls(id)).toHaveLength(before);
    }),
  );

  it.concurrent.each<[string, Record<string, unknown>]>([
    ['hangs', { kind: 'never' }],
    ['is reset', { kind: 'close' }],
    ['is an error', { kind: 'http_status', status: 500, body: 'oops' }],
    ['is not JSON', { kind: 'malformed_json' }],
    ['is huge', { kind: 'huge_json', bytes: 1_000_000 }],
  ])(
    'have no effect on viewers when the answer %s',
    scoped(async (_, fault) => {
      const id = newContentId();
      await engine.fault({ ...fault, kind: String(fault['kind']), where: 'stat', content: id });
      const beganMs = performance.now();
      const viewer = await watch(id);
      await viewer.receiveMore(11_000);
      expectUntouched(viewer.audit);
      expect(viewer.ending).toBeNull();
      expect(await product.session(id)).toMatchObject({ state: 'live', failovers: 0, stat: null });
      const asked = (await polls(id)).length;
      expect(asked).toBeGreaterThanOrEqual(1);
      // After 2, 4 and 8 s, then every 10 s.
      expect(asked).toBeLessThanOrEqual(4 + (performance.now() - beganMs) / 10_000);
      const answer = await stats(id);
      expect(answer).toMatchObject({ status: null, peers: null, sampled_at: null, history: [] });
      expect(answer.media[0]).toMatchObject({ codec: 'h264' });
    }),
  );

  it.concurrent.each<[string, Record<string, unknown>]>([
    ['an unknown session', { kind: 'stat_unknown' }],
    ['a newer download', { kind: 'json_error', text: 'got newer download', where: 'stat' }],
    ['403', { kind: 'http_status', status: 403, where: 'stat' }],
  ])(
    'that report %s lead to a new session in the same response',
    scoped(async (_, fault) => {
      const id = newContentId();
      const viewer = await watch(id);
      await engine.fault({ ...fault, kind: String(fault['kind']), content: id, times: 2 });
      await eventually(async () => (await product.session(id)).failovers === 1, 30_000, 'a splice');
      await viewer.receiveMore(1000);
      expect(viewer.ending).toBeNull();
      // Detected before media are missing, which would take 15 s.
      expect(viewer.audit.longestGapMs).toBeLessThan(withLag(8000));
      const session = await product.session(id);
      expect(session).toMatchObject({ state: 'live', failovers: 1 });
      expect(session.attempts[0].outcome).toBe('session_gone');
      expect((await engine.counters())['peak_readers_per_content']).toBe(1);
    }),
  );
});
