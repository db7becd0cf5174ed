import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  call,
  eventually,
  newContentId,
  openViewer,
  startProduct,
  startSimulator,
  StreamAudit,
  streamPath,
  type Product,
  type Simulator,
} from './support';
import {
  expectNothingLost,
  follow,
  loadedPlaylists,
  loadPlaylist,
  loadSegment,
  manifestPath,
  mediaOf,
  openHls,
  parsePlaylist,
} from './support/hls';
import { expectReadAlike } from './support/hls-js-parser';
import { startReverseProxy } from './support/reverse-proxy';
import { runProgram, temporaryFolder, whyNoPrograms } from './support/programs';
import { clientsOf, metric } from './support/session-facts';

/** Past media that an engine sends at once: enough segments for most of these tests. */
const BURST_S = 24;

/** A playlist request that waited for the next segment would take 2 s each time. */
const WARM_MS = 1500;
const WARM_TRIES = 5;
const RADIO = '7e57ca4d00000000000000000000000000000004';

describe('HLS of a stream', () => {
  let engine: Simulator;
  let product: Product;

  beforeAll(async () => {
    engine = await startSimulator({
      startDelayMs: 300,
      bitrateMbps: 4,
      burstSeconds: BURST_S,
    });
    product = await startProduct({
      engines: [engine],
      hasUser: true,
      env: { HLS_SEGMENT_DURATION: '2s', MAX_STREAMS_PER_ENGINE: '30' },
    });
  });

  it('has the same media as MPEG-TS, byte by byte', async () => {
    const id = newContentId();
    const viewer = openViewer(product.url(streamPath(id)), { keepBytes: 32 * 1024 * 1024 });
    await viewer.playing();
    const first = await openHls(product, manifestPath(id, '&dvr=1'));
    expect(first).toMatchObject({ target: 4, isIndependent: true });
    const { segments, bodies } = await follow(first, 8);
    expect(segments[0]!.duration).toBe(1);
    expect(segments.slice(1).map(({ duration }) => duration)).toEqual(
      segments.slice(1).map(() => 2),
    );
    expectNothingLost(bodies);
    const media = Buffer.concat(bodies.map(mediaOf));
    await eventually(() => viewer.kept().includes(media), 10_000, 'the same bytes');
    // Each segment begins with a key frame and everything that is needed to decode it.
    for (const body of bodies) {
      const audit = new StreamAudit();
      audit.feed(body);
      expect(audit.firstAt).toMatchObject({ pat: 0, pmt: 1, video: 2, randomAccess: 2 });
      expect(audit).toMatchObject({ continuityErrors: 0, tableContinuityErrors: 0, flagged: 0 });
    }
    expect((await engine.starts(id)).length).toBe(1);
    expect((await engine.counters())['peak_readers_per_content']).toBe(1);
  });

  const noPrograms = whyNoPrograms('ffmpeg');
  (noPrograms === null ? it : it.skip)(
    `each segment decodes alone ${noPrograms ?? ''}`,
    async () => {
      const first = await openHls(product, manifestPath(newContentId()));
      const { segments, bodies } = await follow(first, 4);
      const folder = temporaryFolder();
      const decodes = bodies.slice(0, 4).map(async (body, i) => {
        const file = join(folder, `${i}.ts`);
        writeFileSync(file, body);
        const args = ['-v', 'error', '-xerror', '-err_detect', 'explode', '-progress', 'pipe:1'];
        const decoder = runProgram('ffmpeg', '-nostdin', ...args, '-i', file, '-f', 'null', '-');
        await eventually(() => decoder.ended !== null, 60_000, 'the end of ffmpeg');
        expect(decoder.lines.filter((line) => !/^\w+=/.test(line))).toEqual([]);
        expect(decoder.ended!.code).toBe(0);
        const frames = decoder.lines.flatMap((line) => /^frame=\s*(\d+)/.exec(line)?.[1] ?? []);
        expect(Number(frames.at(-1))).toBe(Math.round(segments[i]!.duration * 25));
      });
      await Promise.all(decodes);
    },
  );

  it('redirects each player to its own playlist, by a relative address', async () => {
    const id = newContentId();
    const tokens = new Set<string>();
    for (let n = 0; n < 2; n += 1) {
      const answer = await call({ port: product.port, path: manifestPath(id, '&pid=x') });
      expect(answer.status).toBe(302);
      expect(answer.headers['access-control-allow-origin']).toBe('*');
      const { location } = answer.headers;
      expect(location).toMatch(
        new RegExp(`^manifest\\.m3u8\\?id=${id}&pid=x&playback=[0-9a-f]{32}$`),
      );
      tokens.add(location!);
    }
    expect(tokens.size).toBe(2);
  });

  it('works for radio too', async () => {
    const first = await openHls(product, manifestPath(RADIO, '&dvr=1'));
    const { segments, bodies } = await follow(first, 4);
    expect(segments.slice(0, 4).map(({ duration }) => Math.round(duration))).toEqual([1, 2, 2, 2]);
    expectNothingLost(bodies);
    expect(first.isIndependent).toBe(true);
  });

  it('serves 100 players at one address and ten of MPEG-TS from one engine session', async () => {
    const id = newContentId();
    await engine.setContent(id, { bitrate_mbps: 1, burst_seconds: 6 });
    const viewers = Array.from({ length: 10 }, () => openViewer(product.url(streamPath(id))));
    // Two segments exist for all players, the first one of 1 s.
    await Promise.all(viewers.map((viewer) => viewer.receiveMore(4500, 40_000)));
    const players = await Promise.all(
      Array.from({ length: 100 }, () => openHls(product, manifestPath(id, '&dvr=1'))),
    );
    // Concurrently, because a playback without requests ends.
    const loaded = await Promise.all(players.map(({ segments }) => loadSegment(segments[1]!)));
    const counted = await product.session(id);
    const clients = await clientsOf(product, id);
    const active = await metric(product, 'acefleet_hls_viewers_active');
    const firstBytes = 'acefleet_time_to_first_byte_seconds_count';
    const fed = await metric(product, firstBytes, { delivery: 'hls' });
    expect(new Set(loaded.map((body) => body.toString('hex'))).size).toBe(1);
    const { bodies: followed } = await follow(players[0]!, 4);
    expectNothingLost(followed);
    for (const { audit, ending } of viewers) {
      expect(ending).toBeNull();
      expect(audit).toMatchObject({ misaligned: 0, continuityErrors: 0 });
      expect(audit.markers).toMatchObject({ lostPackets: 0, repeatedPackets: 0, jumps: [] });
    }
    expect(counted.client_count).toBe(110);
    expect(clients).toHaveLength(110);
    expect(clients.filter(({ bytes_sent: bytes }) => bytes > 100_000)).toHaveLength(110);
    expect(active).toBeGreaterThanOrEqual(100);
    expect(fed).toBeGreaterThanOrEqual(100);
    expect((await engine.starts(id)).length).toBe(1);
    expect((await engine.counters())['peak_readers_per_content']).toBe(1);
  });

  it('answers playlist and first segment of a running stream at once', async () => {
    const id = newContentId();
    const viewer = openViewer(product.url(streamPath(id)));
    await viewer.playing();
    // The burst alone is longer than 10 s.
    await viewer.receiveMore(10_000);
    const tookMs: number[] = [];
    for (let n = 0; n < WARM_TRIES; n += 1) {
      const startedMs = performance.now();
      const playlist = await openHls(product, manifestPath(id));
      const body = await loadSegment(playlist.segments[0]!);
      tookMs.push(performance.now() - startedMs);
      expect(body.length).toBeGreaterThan(100_000);
      expect(playlist.segments.length).toBeGreaterThanOrEqual(3);
    }
    const median = tookMs.sort((a, b) => a - b)[Math.floor(WARM_TRIES / 2)];
    expect(median).toBeLessThan(WARM_MS);
  });

  const noOpenssl = whyNoPrograms('openssl');
  (noOpenssl === null ? it : it.skip)(
    `plays behind a reverse proxy with a path prefix that ends TLS ${noOpenssl ?? ''}`,
    async () => {
      const { base, strays, load } = await startReverseProxy(product, '/tv/box');
      const { url, status } = await load(base + manifestPath(newContentId(), '&dvr=1'));
      expect(status).toBe(200);
      expect(url.startsWith(`${base}/ace/manifest.m3u8?`)).toBe(true);
      const segments = await eventually(async () => {
        const { body } = await load(url);
        const { segments: listed } = parsePlaylist(body.toString(), url);
        return listed.length >= 3 && listed;
      }, 30_000);
      const bodies: Buffer[] = [];
      for (const segment of segments) {
        expect(segment.url.startsWith(`${base}/ace/hls/`)).toBe(true);
        const answer = await load(segment.url);
        expect(answer.status).toBe(200);
        bodies.push(answer.body);
      }
      expectNothingLost(bodies);
      expect(strays).toEqual([]);
    },
  );

  it('gives a later stream higher numbers, also after one with a long history', async () => {
    const id = newContentId();
    const old = await openHls(product, manifestPath(id, '&dvr=1'));
    const { segments } = await follow(old, 10);
    expect((await product.api('DELETE', `/streams/${id}`)).status).toBeLessThan(300);
    const { sequence, discontinuitySequence, url } = await loadPlaylist(old.url);
    expect(url).not.toBe(old.url);
    expect(sequence).toBeGreaterThan(segments.at(-1)!.number);
    expect(discontinuitySequence).toBeGreaterThan(old.discontinuitySequence);
  });

  it('limits the segments that one playback fetches at a time', async () => {
    const id = newContentId();
    await engine.setContent(id, { bitrate_mbps: 40, burst_seconds: 6 });
    const { url } = await openHls(product, manifestPath(id, '&dvr=1'));
    // The newest one, because it is listed for longest and is not the short first one.
    const newest = await eventually(async () => {
      const { segments } = await loadPlaylist(url);
      return segments.length >= 2 && segments.at(-1)!;
    });
    const own = newest.url;
    // None is read to its end, so all transfers are still in progress.
    const open = Array.from({ length: 8 }, () => openViewer(own, { readRate: 50_000 }));
    for (const viewer of open) {
      await viewer.until(({ bytes }) => bytes > 0, 15_000, 'the beginning');
      viewer.pause();
    }
    expect((await fetch(own)).status).toBe(429);
    open[0]!.destroy();
    await eventually(async () => {
      const answer = await fetch(own);
      await answer.arrayBuffer();
      return answer.status === 200;
    });
    for (const viewer of open) viewer.destroy();
  });

  it('answers 503 if three segments do not fit into memory, while MPEG-TS plays', async () => {
    const small = await startProduct({
      engines: [engine],
      env: { HLS_SEGMENT_DURATION: '2s', PROXY_BUFFER_TOTAL: '2MiB', MAX_STREAMS_PER_ENGINE: '30' },
    });
    const [large, slim] = [newContentId(), newContentId()];
    await engine.setContent(slim, { bitrate_mbps: 1 });
    expect((await openHls(small, manifestPath(slim))).segments.length).toBeGreaterThan(0);
    const viewer = openViewer(small.url(streamPath(large)));
    await viewer.playing();
    const answer = await eventually(async () => {
      const it = await call({ port: small.port, path: manifestPath(large) });
      // The bit rate is known after 2 s of media.
      return it.status === 302 ? undefined : it;
    });
    expect(answer).toMatchObject({ status: 503, body: { code: 'no_capacity' } });
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
    const { bytes } = viewer.audit;
    await eventually(() => viewer.audit.bytes > bytes + 500_000);
    viewer.destroy();
  });

  it('ignores invalid parameters beside the selector', async () => {
    const id = newContentId();
    const nonsense = '&quality=%F0%9F%98%80&playback=%00..%2F&playback=x&sid=&__proto__=1&hls=0';
    const playlist = await openHls(product, manifestPath(id, nonsense));
    expect(playlist.segments.length).toBeGreaterThan(0);
  });

  it.each([
    ['manifest.m3u8', 400, 'invalid_selector'],
    ['manifest.m3u8?id=1234', 400, 'invalid_selector'],
    [`manifest.m3u8?id=${RADIO}&infohash=${RADIO}`, 400, 'invalid_selector'],
    ['manifest.m3u8?url=http://example.org/x', 403, 'forbidden'],
    ['manifest.m3u8?id=%zz', 400, 'invalid_selector'],
    ['hls/0123456789abcdef0123456789abcdef/1.ts', 404, 'not_found'],
    ['hls/x/..ts', 404, 'not_found'],
    ['hls/__proto__/1.ts', 404, 'not_found'],
    ['hls/x', 404, 'not_found'],
  ])('answers /ace/%s with a problem', async (path, status, code) => {
    const answer = await call({ port: product.port, path: `/ace/${path}` });
    expect(answer.status).toBe(status);
    expect(answer.headers['content-type']).toBe('application/problem+json');
    expect(answer.headers['access-control-allow-origin']).toBe('*');
    expect(answer.body).toMatchObject({ status, code });
  });

  it.each(['1', '999999999999', '0', '1.5', '-1', 'x', '1'.repeat(400)])(
    'has no segment %s',
    async (name) => {
      const { segments } = await openHls(product, manifestPath(RADIO));
      const url = segments[0]!.url.replace(/\d+\.ts$/, `${name}.ts`);
      const answer = await fetch(url);
      expect(answer.status).toBe(404);
      expect(await answer.json()).toMatchObject({ code: 'not_found' });
    },
  );

  it('answers 404 for an unknown content', async () => {
    const id = newContentId();
    await engine.fault({ kind: 'json_error', content: id, text: 'failed to load content' });
    const answer = await call({ port: product.port, path: manifestPath(id) });
    expect(answer.status).toBe(404);
    expect(answer.body).toMatchObject({ code: 'content_not_found' });
    await eventually(async () => (await product.session(id)).client_count === 0);
  });

  it('answers HEAD and OPTIONS without touching an engine', async () => {
    const id = newContentId();
    const path = manifestPath(id);
    const head = await call({ port: product.port, path, method: 'HEAD' });
    expect(head).toMatchObject({ status: 200, text: '' });
    expect(head.headers).toMatchObject({
      'content-type': 'application/vnd.apple.mpegurl',
      'access-control-allow-origin': '*',
    });
    expect(head.headers['content-length']).toBeUndefined();
    const options = await call({ port: product.port, path, method: 'OPTIONS' });
    expect(options.status).toBe(204);
    expect(options.headers['access-control-allow-methods']).toContain('GET');
    expect(await engine.starts(id)).toEqual([]);
    const { segments } = await openHls(product, manifestPath(RADIO));
    const segment = await fetch(segments[0]!.url, { method: 'HEAD' });
    expect(segment.status).toBe(200);
    const body = await loadSegment(segments[0]!);
    expect(Number(segment.headers.get('content-length'))).toBe(body.length);
    expect((await fetch(segments[0]!.url, { method: 'OPTIONS' })).status).toBe(204);
    const asks = {
      Range: 'bytes=0-1',
      'If-None-Match': '*',
      'If-Modified-Since': new Date().toUTCString(),
      'Accept-Encoding': 'gzip, br',
    };
    for (const url of [segments[0]!.url, product.url(path)]) {
      const answer = await fetch(url, { headers: asks });
      expect(answer.status).toBe(200);
      for (const name of ['etag', 'last-modified', 'content-encoding', 'content-range']) {
        expect(answer.headers.has(name)).toBe(false);
      }
      expect(answer.headers.get('access-control-allow-origin')).toBe('*');
      expect(answer.headers.get('cache-control')).toBe('no-store, no-transform');
      await answer.arrayBuffer();
    }
  });

  it('the parser of hls.js agrees with the strict one on every playlist of these tests', () => {
    expect(loadedPlaylists.length).toBeGreaterThan(50);
    expectReadAlike(loadedPlaylists);
  });
});
