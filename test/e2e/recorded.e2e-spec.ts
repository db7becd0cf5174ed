import { patternBytes } from '../../simulator/src/media/recorded-file';
import {
  eventually,
  newContentId,
  startProduct,
  startSimulator,
  streamPath,
  type Product,
  type Simulator,
} from './support';
import { FileRequest, sha1, type FileRequestOptions } from './support/file-request';
import { expectNothingLeft } from './support/remains';
import { metric } from './support/session-facts';

const BYTES = 3_000_001;
const SEED = 7;
const FILE = patternBytes(SEED, 0, BYTES);
const GRACE_MS = 400;
/** Long, because an engine on a busy machine may be late and must not count as silent. */
const STALL_MS = 5000;
const QUICK = {
  PROXY_GRACE_PERIOD: `${GRACE_MS}ms`,
  PROXY_STALL_TIMEOUT: `${STALL_MS}ms`,
  PROXY_SAME_ENGINE_TIMEOUT: '5s',
  PROXY_INIT_TIMEOUT: '20s',
  PROXY_RETRY_BASE: '50ms',
  MAX_STREAMS_PER_ENGINE: '2',
};

describe('recorded content', () => {
  let engines: [Simulator, Simulator];
  let product: Product;
  /** A product with the same engines, whose playbacks do not end because of delays. */
  let patient: Product;

  beforeAll(async () => {
    engines = [
      await startSimulator({ startDelayMs: 50 }),
      await startSimulator({ startDelayMs: 50 }),
    ];
    product = await startProduct({ engines, env: QUICK, hasUser: true });
    patient = await startProduct({ engines, env: { ...QUICK, PROXY_GRACE_PERIOD: '10m' } });
  });

  beforeEach(async () => {
    for (const engine of engines) await engine.clear();
  });

  /** A recorded content that both engines know. */
  async function film(settings: Readonly<Record<string, unknown>> = {}): Promise<string> {
    const id = newContentId();
    for (const engine of engines) {
      const file = { live: 0, file_bytes: BYTES, file_seed: SEED, ...settings };
      await engine.control('PUT', `/__sim/content/${id}`, file);
    }
    return id;
  }

  function open(id: string, options: FileRequestOptions = {}, at = product): FileRequest {
    return new FileRequest(at.url(streamPath(id)), options);
  }

  /** A viewer with its own User-Agent, with a range or for the whole file. */
  function watch(id: string, agent: string, range?: string, at = product): FileRequest {
    const headers = { 'User-Agent': agent, ...(range === undefined ? {} : { Range: range }) };
    return open(id, { headers }, at);
  }

  /** A request that has begun and takes no more bytes for now. */
  async function pausedAt(request: FileRequest, bytes = 100_000): Promise<FileRequest> {
    await request.received(bytes);
    request.pause();
    return request;
  }

  async function starts(id: string): Promise<number[]> {
    return Promise.all(engines.map(async (engine) => (await engine.starts(id)).length));
  }

  async function total(id: string): Promise<number> {
    return (await starts(id)).reduce((sum, count) => sum + count, 0);
  }

  async function readers(): Promise<number> {
    const counters = await Promise.all(engines.map((engine) => engine.counters()));
    return counters.reduce((sum, { readers: count = 0 }) => sum + count, 0);
  }

  it('arrives completely, with its type and length, through one engine session', async () => {
    const id = await film({ file_type: 'video/x-matroska' });
    const request = open(id);
    const { status, headers } = await request.head;
    expect(status).toBe(200);
    expect(headers).toMatchObject({
      'content-type': 'video/x-matroska',
      'content-length': String(BYTES),
      'accept-ranges': 'bytes',
      'access-control-allow-origin': '*',
      'x-content-type-options': 'nosniff',
      etag: expect.stringMatching(/^".+"$/),
      'last-modified': expect.any(String),
      'x-request-id': expect.any(String),
    });
    expect(headers['server']).toBeUndefined();
    expect(headers['transfer-encoding']).toBeUndefined();
    expect(sha1(await request.whole)).toBe(sha1(FILE));
    // The engine session of the first start plays it.
    expect(await total(id)).toBe(1);
    const firstBytes = 'acefleet_time_to_first_byte_seconds_count';
    expect(await metric(product, firstBytes, { delivery: 'file' })).toBe(1);
    expect(await metric(product, 'acefleet_ingress_bytes_total')).toBe(BYTES);
    expect(await metric(product, 'acefleet_egress_bytes_total')).toBe(BYTES);
    const { headers: known } = await open(id, { method: 'HEAD' }).head;
    expect(known).toMatchObject({
      'content-type': 'video/x-matroska',
      'content-length': String(BYTES),
      'accept-ranges': 'bytes',
    });
    expect(await total(id)).toBe(1);
    await expectNothingLeft(product, engines);
  });

  it.each([
    ['the middle', 'bytes=1000000-1999999', 1_000_000, 2_000_000],
    ['one byte', 'bytes=5-5', 5, 6],
    ['from a position to the end', `bytes=${BYTES - 10}-`, BYTES - 10, BYTES],
    ['the end', 'bytes=-1000', BYTES - 1000, BYTES],
    ['more than the rest', 'bytes=2999999-9999999', 2_999_999, BYTES],
  ])('is sent in part for a range: %s', async (_what, range, from, to) => {
    const id = await film();
    const request = open(id, { headers: { Range: range } });
    const { status, headers } = await request.head;
    expect(status).toBe(206);
    expect(headers['content-range']).toBe(`bytes ${from}-${to - 1}/${BYTES}`);
    expect(headers['content-length']).toBe(String(to - from));
    expect((await request.whole).equals(FILE.subarray(from, to))).toBe(true);
  });

  it('answers 416 beyond its end, and the whole file for several ranges', async () => {
    const id = await film();
    const beyond = open(id, { headers: { Range: `bytes=${BYTES}-` } });
    expect((await beyond.head).status).toBe(416);
    expect((await beyond.head).headers['content-range']).toBe(`bytes */${BYTES}`);
    expect(await beyond.whole).toHaveLength(0);
    const several = open(id, { headers: { Range: 'bytes=0-1,5-6' } });
    expect(await several.status()).toBe(200);
    expect(await several.whole).toHaveLength(BYTES);
    expect(await total(id)).toBe(1);
  });

  it('honours If-Range', async () => {
    const id = await film();
    const { headers } = await open(id, { headers: { Range: 'bytes=0-0' } }).head;
    const part = (ifRange: string): FileRequest =>
      open(id, { headers: { Range: 'bytes=10-19', 'If-Range': ifRange } });
    const same = part(headers.etag!);
    expect(await same.status()).toBe(206);
    await same.whole;
    expect(await part('"another"').status()).toBe(200);
  });

  it('serves a seek from the existing engine session', async () => {
    const id = await film({ file_bytes: 50_000_000 });
    const seek = (range?: string): FileRequest => watch(id, 'vlc', range, patient);
    const first = seek();
    await first.received(100_000);
    for (const at of [40_000_000, 10_000_000, 30_000_000]) {
      first.hangUp();
      const next = seek(`bytes=${at}-${at + 99}`);
      const whole = await next.whole;
      expect(whole.equals(patternBytes(SEED, at, at + 100))).toBe(true);
    }
    // The new connection is opened before the old one is closed.
    const old = seek();
    await old.received(100_000);
    const next = seek('bytes=20000000-20000099');
    old.hangUp();
    expect(await next.status()).toBe(206);
    await next.whole;
    expect(await total(id)).toBe(1);
    expect((await patient.api('DELETE', `/streams/${id}`)).status).toBe(200);
    await expectNothingLeft(patient, engines);
    for (const engine of engines) {
      expect((await engine.counters())['second_reader_violations']).toBe(0);
    }
  });

  it('has one viewer on each engine, and refuses further ones', async () => {
    const id = await film({ file_bytes: 500_000_000 });
    // One after the other: the first one gets the stream's own id.
    const one = await pausedAt(watch(id, 'one'));
    const two = await pausedAt(watch(id, 'two'));
    expect(await starts(id)).toEqual([1, 1]);
    const three = watch(id, 'three');
    const { status, headers } = await three.head;
    expect(status).toBe(503);
    expect(headers['retry-after']).toBeDefined();
    expect(await three.json()).toMatchObject({ code: 'no_capacity' });
    const { body } = await product.api('GET', '/proxy/sessions');
    const sessions = body.sessions.filter((session: { ace_id: string }) => session.ace_id === id);
    expect(sessions).toHaveLength(2);
    for (const session of sessions) {
      expect(session).toMatchObject({
        kind: 'recorded',
        is_live: false,
        state: 'playing',
        client_count: 1,
      });
      expect(session.bytes_out).toBeGreaterThan(0);
    }
    const status2 = await product.api('GET', `/ace/status?id=${id}`, undefined, {});
    expect(status2.body).toMatchObject({ clients: 2 });
    const streams = (await product.api('GET', '/streams?status=started')).body;
    const ids = streams.map((stream: { id: string }) => stream.id);
    expect(ids.filter((one: string) => one.startsWith(id)).sort()).toEqual([id, `${id}~2`]);
    const { body: clients } = await product.api('GET', `/proxy/sessions/${id}/clients`);
    expect(clients.clients).toMatchObject([{ user_agent: 'one', state: 'streaming' }]);
    // A slot is free when one viewer leaves.
    one.hangUp();
    await eventually(async () => (await watch(id, 'three', 'bytes=0-9').status()) === 206);
    two.resume();
    // An operator stops the other playback.
    expect((await product.api('DELETE', `/streams/${id}~2`)).status).toBe(200);
    await expect(two.whole).rejects.toMatchObject({ code: 'ECONNRESET' });
  });

  it('gives a second connection of a player another engine, or the playback of the first one', async () => {
    const id = await film({ file_bytes: 500_000_000 });
    const head = await pausedAt(watch(id, 'browser'));
    const tail = await pausedAt(watch(id, 'browser', 'bytes=400000000-'));
    expect(await starts(id)).toEqual([1, 1]);
    const third = await pausedAt(watch(id, 'browser', 'bytes=200000000-'));
    head.resume();
    await expect(head.whole).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(await starts(id)).toEqual([1, 1]);
    for (const request of [tail, third]) request.hangUp();
    await expectNothingLeft(product, engines);
  });

  it('releases the engine after the grace period', async () => {
    const id = await film({ file_bytes: 50_000_000 });
    const request = open(id);
    await request.received(100_000);
    request.hangUp();
    await expectNothingLeft(product, engines);
    expect(await product.session(id)).toMatchObject({ state: 'ended', end_reason: 'no_viewers' });
    const when = async (type: string): Promise<number> => {
      const { body } = await product.api('GET', `/events?stream_id=${id}&type=${type}`);
      expect(body).toHaveLength(1);
      return Date.parse(body[0].time);
    };
    const graceMs = (await when('stream_ended')) - (await when('viewer_left'));
    expect(graceMs).toBeGreaterThan(GRACE_MS - 50);
  });

  it('releases the engine at once when its slot is needed', async () => {
    const ids = [await film(), await film(), await film(), await film(), await film()];
    const [idle = '', ...others] = ids;
    for (const id of ids) await open(id, { headers: { Range: 'bytes=0-9' } }, patient).whole;
    // Two engines with two slots each: the playback that was left first was preempted for the last one.
    expect(await patient.session(idle)).toMatchObject({
      state: 'ended',
      end_reason: 'reclaimed',
    });
    for (const id of others) {
      expect(await patient.session(id)).toMatchObject({ state: 'grace' });
      await patient.api('DELETE', `/streams/${id}`);
    }
    await expectNothingLeft(patient, engines);
  });

  it.each([
    ['breaks off', { kind: 'reset_after', bytes: 1_000_000, nth: 1 }],
    ['ends too early', { kind: 'end_after', bytes: 1_000_000, nth: 1 }],
    ['falls silent', { kind: 'stall_after', bytes: 1_000_000, nth: 1 }],
    ['loses the session', { kind: 'session_stolen', bytes: 1_000_000, how: 'reset', nth: 1 }],
  ])('continues in the same response when the engine %s', async (_what, fault) => {
    const id = await film();
    for (const engine of engines) await engine.fault({ ...fault, content: id });
    const request = open(id, { headers: { Range: 'bytes=500000-' } });
    expect(await request.status()).toBe(206);
    expect(sha1(await request.whole)).toBe(sha1(FILE.subarray(500_000)));
    await eventually(async () => (await product.session(id)).failovers >= 1, 20_000);
    await expectNothingLeft(product, engines);
  });

  it('is reset, never ended, if no engine has the same file', async () => {
    const id = await film();
    await engines[1].control('PUT', `/__sim/content/${id}`, { file_seed: 8 });
    await engines[0].control('PUT', `/__sim/content/${id}`, { file_seed: 9 });
    for (const engine of engines) {
      await engine.fault({ kind: 'session_stolen', bytes: 1_000_000, content: id, nth: 1 });
      await engine.fault({ kind: 'no_ranges', content: id, from: 2 });
    }
    await expect(open(id).whole).rejects.toMatchObject({ code: 'ECONNRESET' });
    await expectNothingLeft(product, engines);
  });

  it('stops reading from the engine for a paused viewer, longer than the limit of silence', async () => {
    const id = await film({ file_bytes: 200_000_000 });
    const request = open(id);
    await request.received(100_000);
    request.pause();
    const sent = async (): Promise<number> => {
      const sums = await Promise.all(
        engines.map(async (engine) => (await engine.state()).sessions),
      );
      return Math.max(...sums.flat().map(({ bytes }) => bytes));
    };
    let before = -1;
    let sinceMs = 0;
    // Bytes in transit arrive meanwhile; then no bytes move for longer than the limit of silence.
    await eventually(
      async () => {
        const now = await sent();
        if (now !== before) sinceMs = performance.now();
        before = now;
        return performance.now() - sinceMs > STALL_MS + 2000;
      },
      40_000,
      'an engine that is held back',
    );
    expect(before).toBeLessThan(60_000_000);
    expect(await product.session(id)).toMatchObject({ state: 'playing', failovers: 0 });
    expect((await product.session(id)).pinned_bytes).toBeLessThan(1_000_000);
    request.resume();
    const { bytes } = request;
    await request.received(bytes + 5_000_000);
    request.hangUp();
    await eventually(async () => (await readers()) === 0, 20_000);
  });

  it('has no HLS, and names its address in the error', async () => {
    const id = await film();
    for (let n = 0; n < 2; n += 1) {
      const request = new FileRequest(product.url(`/ace/manifest.m3u8?id=${id}`));
      expect(await request.status()).toBe(501);
      expect(await request.json()).toMatchObject({
        code: 'unsupported_content',
        detail: expect.stringContaining(`/ace/getstream?id=${id}`),
      });
    }
    const probe = await fetch(product.url(`/ace/manifest.m3u8?id=${id}`), { method: 'HEAD' });
    expect(probe.status).toBe(501);
    expect(await total(id)).toBe(1);
  });

  it('plays at the address of format=json, whose stop removes this viewer only', async () => {
    const id = await film({ file_bytes: 50_000_000 });
    const asked = new FileRequest(product.url(streamPath(id, '&format=json')));
    const { response } = (await asked.json()) as { response: Record<string, string> };
    expect(response).toMatchObject({ is_live: 0, infohash: expect.any(String) });
    const request = new FileRequest(response['playback_url']!);
    await request.received(100_000);
    const command = new FileRequest(`${response['command_url']!}?method=stop`);
    expect(await command.json()).toEqual({ response: 'ok', error: null });
    await expect(request.whole).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(await total(id)).toBe(1);
  });

  it('plays in another container than MPEG-TS although the engine reports it as live', async () => {
    const id = newContentId();
    for (const engine of engines) {
      await engine.fault({ kind: 'media_kind', media: 'mp4', bytes: 500_000, content: id });
    }
    const request = open(id);
    const { status, headers } = await request.head;
    expect(status).toBe(200);
    expect(headers['content-type']).toBe('video/mp4');
    expect((await request.whole).subarray(4, 8).toString()).toBe('ftyp');
    await expectNothingLeft(product, engines);
  });

  it('is a file also as a recording in MPEG-TS', async () => {
    const id = newContentId();
    for (const engine of engines) await engine.setContent(id, { live: 0, bitrate_mbps: 1 });
    const request = open(id);
    const { headers } = await request.head;
    expect(headers['content-type']).toBe('video/mp2t');
    const whole = await request.whole;
    expect(whole).toHaveLength(Number(headers['content-length']));
    expect(whole[0]).toBe(0x47);
  });

  it('is counted in the metrics, and leaves nothing behind', async () => {
    await expectNothingLeft(product, engines);
    const { body } = await product.api('GET', '/proxy/status');
    expect(body.total_sessions).toBeGreaterThan(10);
  });
});
