import { createServer, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  call,
  eventually,
  newContentId,
  onScopeEnd,
  openViewer,
  PACKET_BYTES,
  startProduct,
  startSimulator,
  StreamAudit,
  streamPath,
  type Product,
  type Simulator,
} from './support';
import { follow, loadPlaylist, loadSegment, manifestPath, mediaOf, openHls } from './support/hls';
import { runProgram, temporaryFolder, whyNoPrograms } from './support/programs';
import { clientsOf, metric } from './support/session-facts';
import { decodeTimeOf } from './support/ts-packet';

const WRAP_TICKS = 2 ** 33;

const WARM_MS = 50;
/** A machine of two cores that runs other tests meanwhile. */
const SLACK_MS = 200;
const RADIO = '7e57ca4d00000000000000000000000000000004';

function expectNothingLost(bodies: readonly Buffer[]): void {
  const audit = new StreamAudit();
  for (const body of bodies) audit.feed(mediaOf(body));
  expect(audit).toMatchObject({ misaligned: 0, continuityErrors: 0, crcErrors: 0 });
  expect(audit.markers).toMatchObject({ lostPackets: 0, repeatedPackets: 0, outOfOrder: 0 });
  expect(audit.markers.count).toBeGreaterThan(50);
}

describe('HLS of a stream', () => {
  let engine: Simulator;
  let product: Product;

  beforeAll(async () => {
    engine = await startSimulator({ startDelayMs: 300, bitrateMbps: 4, burstSeconds: 5 });
    product = await startProduct({
      engines: [engine],
      env: { HLS_SEGMENT_DURATION: '2s', MAX_STREAMS_PER_ENGINE: '30' },
    });
  });

  it('is the same media as the viewers of MPEG-TS get, piece by piece', async () => {
    const id = newContentId();
    const viewer = openViewer(product.url(streamPath(id)), { keepBytes: 32 * 1024 * 1024 });
    await viewer.playing();
    const first = await openHls(product, manifestPath(id));
    expect(first).toMatchObject({ target: 4, isIndependent: true });
    const { segments, bodies } = await follow(first, 8);
    expect(segments[0]!.duration).toBe(1);
    expect(segments.slice(1).map(({ duration }) => duration)).toEqual(
      segments.slice(1).map(() => 2),
    );
    expectNothingLost(bodies);
    const media = Buffer.concat(bodies.map(mediaOf));
    await eventually(() => viewer.kept().includes(media), 10_000, 'the same bytes');
    // Each begins with a key frame and all that is needed to show it.
    for (const body of bodies) {
      const audit = new StreamAudit();
      audit.feed(body);
      expect(audit.firstAt).toMatchObject({ pat: 0, pmt: 1, video: 2, randomAccess: 2 });
      expect(audit).toMatchObject({ continuityErrors: 0, tableContinuityErrors: 0, flagged: 0 });
    }
    expect((await engine.starts(id)).length).toBe(1);
    expect((await engine.counters())['peak_readers_per_content']).toBe(1);
  });

  it('tells dates that agree with the wall clock and go on by EXTINF', async () => {
    const id = newContentId();
    const first = await openHls(product, manifestPath(id));
    const { segments, bodies } = await follow(first, 8);
    const dated = segments.filter(({ date }) => date !== null);
    expect(dated.length).toBeGreaterThanOrEqual(3);
    dated.slice(1).forEach((segment, i) => {
      const before = dated[i]!;
      expect(segment.date! - before.date!).toBeCloseTo(before.duration * 1000, -1);
    });
    const at = segments.indexOf(dated[0]!);
    const audit = new StreamAudit();
    audit.feed(mediaOf(bodies[at]!));
    expect(Math.abs(dated[0]!.date! - audit.markers.firstBroadcastMs!)).toBeLessThan(500);
  });

  const noPrograms = whyNoPrograms('ffmpeg');
  (noPrograms === null ? it : it.skip)(
    `each segment decodes alone ${noPrograms ?? ''}`,
    async () => {
      const first = await openHls(product, manifestPath(newContentId()));
      const { segments, bodies } = await follow(first, 4);
      const folder = temporaryFolder();
      for (const [i, body] of bodies.entries()) {
        const file = join(folder, `${i}.ts`);
        writeFileSync(file, body);
        const args = ['-v', 'error', '-xerror', '-err_detect', 'explode', '-progress', 'pipe:1'];
        const decoder = runProgram('ffmpeg', '-nostdin', ...args, '-i', file, '-f', 'null', '-');
        await eventually(() => decoder.ended !== null, 20_000, 'the end of ffmpeg');
        expect(decoder.lines.filter((line) => !/^\w+=/.test(line))).toEqual([]);
        expect(decoder.ended!.code).toBe(0);
        const frames = decoder.lines.flatMap((line) => /^frame=\s*(\d+)/.exec(line)?.[1] ?? []);
        expect(Number(frames.at(-1))).toBe(Math.round(segments[i]!.duration * 25));
      }
    },
  );

  it('leads each player to a playlist of its own, by a relative address', async () => {
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

  it('holds a window of six segments or more, and with dvr=1 all that there is', async () => {
    const id = newContentId();
    const first = await openHls(product, manifestPath(id));
    await follow(first, 12);
    const live = await loadPlaylist(first.url);
    const whole = await openHls(product, manifestPath(id, '&dvr=1'));
    expect(live.segments.length).toBe(6);
    expect(live.segments.reduce((sum, { duration }) => sum + duration, 0)).toBeGreaterThanOrEqual(
      12,
    );
    expect(whole.segments.length).toBeGreaterThanOrEqual(12);
    expect(whole.segments[0]!.number).toBe(first.sequence);
    expect(whole.discontinuitySequence).toBe(live.discontinuitySequence);
    for (const segment of whole.segments) await loadSegment(segment);
  });

  it('gives radio as segments too', async () => {
    const first = await openHls(product, manifestPath(RADIO));
    const { segments, bodies } = await follow(first, 4);
    expect(segments.map(({ duration }) => Math.round(duration))).toEqual([1, 2, 2, 2]);
    expectNothingLost(bodies);
    expect(first.isIndependent).toBe(true);
  });

  it('is read by fifty players and fifty of MPEG-TS from one engine session', async () => {
    const id = newContentId();
    const viewers = Array.from({ length: 50 }, () => openViewer(product.url(streamPath(id))));
    await Promise.all(viewers.map((viewer) => viewer.playing()));
    const players = await Promise.all(
      Array.from({ length: 50 }, () => openHls(product, manifestPath(id))),
    );
    const all = await Promise.all(players.map((first) => follow(first, 5)));
    for (const { bodies } of all) expectNothingLost(bodies);
    const bodies = new Set(all.map(({ bodies: [, second] }) => second!.toString('base64')));
    expect(bodies.size).toBe(1);
    for (const { audit, ending } of viewers) {
      expect(ending).toBeNull();
      expect(audit).toMatchObject({ misaligned: 0, continuityErrors: 0 });
      expect(audit.markers).toMatchObject({ lostPackets: 0, repeatedPackets: 0, jumps: [] });
    }
    expect((await product.session(id)).client_count).toBe(100);
    const clients = await clientsOf(product, id);
    expect(clients).toHaveLength(100);
    expect(clients.filter(({ bytes_sent: bytes }) => bytes > 1_000_000)).toHaveLength(100);
    expect(await metric(product, 'proxy_hls_clients_active')).toBeGreaterThanOrEqual(50);
    expect((await engine.starts(id)).length).toBe(1);
  });

  it('has playlist and first segment of a warm stream at once', async () => {
    const id = newContentId();
    const viewer = openViewer(product.url(streamPath(id)));
    await viewer.playing();
    await viewer.receiveMore(9000);
    const startedMs = performance.now();
    const playlist = await openHls(product, manifestPath(id));
    const body = await loadSegment(playlist.segments[0]!);
    const tookMs = performance.now() - startedMs;
    expect(body.length).toBeGreaterThan(100_000);
    expect(playlist.segments.length).toBeGreaterThanOrEqual(3);
    expect(playlist.segments.some(({ date }) => date !== null)).toBe(true);
    expect(tookMs).toBeLessThan(WARM_MS + SLACK_MS);
  });

  it('goes on over a new source, set apart by a discontinuity that is counted when it leaves', async () => {
    const id = newContentId();
    const first = await openHls(product, manifestPath(id));
    await follow(first, 3);
    // Without its usual burst the new source has nothing that proves where it goes on.
    await engine.setContent(id, { burst_seconds: 0 });
    await engine.actOnReaders('reset', { content: (await engine.content(id)).infohash });
    const { segments } = await follow(first, 8);
    expect(segments.filter(({ isDiscontinuity }) => isDiscontinuity)).toHaveLength(1);
    const later = await eventually(
      async () => {
        const playlist = await loadPlaylist(first.url);
        return playlist.text.includes('DISCONTINUITY\n') ? undefined : playlist;
      },
      30_000,
      'a window without the discontinuity',
    );
    expect(later.discontinuitySequence).toBe(first.discontinuitySequence + 1);
    expect(later.isIndependent).toBe(true);
  });

  it('takes a wrap of the time stamps for what it is', async () => {
    // The loop on air began at most eight seconds ago.
    const near = String(WRAP_TICKS - 14 * 90_000);
    const wrapping = await startSimulator({ startDelayMs: 100, args: ['--pts-start', near] });
    const own = await startProduct({
      engines: [wrapping],
      env: { HLS_SEGMENT_DURATION: '2s' },
    });
    const first = await openHls(own, manifestPath(newContentId()));
    const { segments, bodies } = await follow(first, 12);
    expect(segments.slice(1).map(({ duration }) => duration)).toEqual(Array(11).fill(2));
    expect(segments.some(({ isDiscontinuity }) => isDiscontinuity)).toBe(false);
    expectNothingLost(bodies);
    const begins = bodies.map((body) => decodeTimeOf(body, 2 * PACKET_BYTES)!);
    expect(begins.slice(1).filter((time, i) => time < begins[i]!)).toHaveLength(1);
  });

  it('plays behind a reverse proxy with a path prefix', async () => {
    const prefix = '/tv/box';
    const proxy = createServer((incoming, outgoing) => {
      const path = incoming.url!.startsWith(prefix) ? incoming.url!.slice(prefix.length) : '/none';
      const onward = httpRequest({ port: product.port, host: '127.0.0.1', path }, (answer) => {
        outgoing.writeHead(answer.statusCode!, answer.headers);
        answer.pipe(outgoing);
      });
      onward.end();
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    onScopeEnd(() => {
      proxy.closeAllConnections();
      proxy.close();
    });
    const base = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}${prefix}`;
    const playlist = await loadPlaylist(base + manifestPath(newContentId()));
    expect(playlist.url.startsWith(`${base}/ace/manifest.m3u8`)).toBe(true);
    const { bodies } = await follow(playlist, 2);
    expectNothingLost(bodies);
  });

  it('ignores nonsense beside the selector', async () => {
    const id = newContentId();
    const nonsense =
      '&dvr=yes&dvr=%F0%9F%98%80&playback=%00..%2F&playback=x&sid=&__proto__=1&hls=0';
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

  it('says by 404 that a content is unknown', async () => {
    const id = newContentId();
    await engine.fault({ kind: 'json_error', content: id, text: 'failed to load content' });
    const answer = await call({ port: product.port, path: manifestPath(id) });
    expect(answer.status).toBe(404);
    expect(answer.body).toMatchObject({ code: 'content_not_found' });
    expect(await product.session(id)).toMatchObject({ client_count: 0 });
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
    const ranged = await fetch(segments[0]!.url, { headers: { Range: 'bytes=0-1' } });
    expect(ranged.status).toBe(200);
    await ranged.arrayBuffer();
  });
});
