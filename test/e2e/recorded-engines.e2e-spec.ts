import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { patternBytes } from '../../simulator/src/media/recorded-file';
import {
  eventually,
  newContentId,
  onScopeEnd,
  openViewer,
  startProduct,
  startSimulator,
  streamPath,
  type Product,
  type Simulator,
} from './support';
import { FileRequest, sha1 } from './support/file-request';
import { expectNothingLeft } from './support/remains';

const run = promisify(execFile);
const SEED = 3;
const BYTES = 40_000_000;
const QUICK = { PROXY_GRACE_PERIOD: '300ms', PROXY_RETRY_BASE: '50ms' };

async function film(
  engines: readonly Simulator[],
  settings: Readonly<Record<string, unknown>> = {},
): Promise<string> {
  const id = newContentId();
  for (const engine of engines) {
    const file = { live: 0, file_bytes: BYTES, file_seed: SEED, ...settings };
    await engine.control('PUT', `/__sim/content/${id}`, file);
  }
  return id;
}

function watch(product: Product, id: string, agent: string, range?: string): FileRequest {
  const headers = { 'User-Agent': agent, ...(range === undefined ? {} : { Range: range }) };
  return new FileRequest(product.url(streamPath(id)), { headers });
}

/** A request that has begun and takes no more bytes for now. */
async function paused(request: FileRequest): Promise<FileRequest> {
  await request.received(100_000);
  request.pause();
  return request;
}

describe('a film on two engines', () => {
  let engines: Simulator[];
  let product: Product;

  beforeEach(async () => {
    engines = [
      await startSimulator({ startDelayMs: 50 }),
      await startSimulator({ startDelayMs: 50 }),
    ];
    product = await startProduct({ engines, env: QUICK });
  });

  async function playingOn(id: string): Promise<[Simulator, Simulator]> {
    const { container_id: engineId } = await product.session(id);
    const [one, other] = engines as [Simulator, Simulator];
    return one.engineId === engineId ? [one, other] : [other, one];
  }

  it('continues in the same response when its engine is killed', async () => {
    const id = await film(engines);
    const request = await paused(watch(product, id, 'tv'));
    const [killed, left] = await playingOn(id);
    killed.kill('SIGKILL');
    request.resume();
    expect(sha1(await request.whole)).toBe(sha1(patternBytes(SEED, 0, BYTES)));
    await expectNothingLeft(product, [left]);
  });

  it('stays on a drained engine, and newer playbacks use another one', async () => {
    const id = await film(engines, { file_bytes: 500_000_000 });
    const request = await paused(watch(product, id, 'tv'));
    const [drained, other] = await playingOn(id);
    const answer = await product.api('POST', `/engines/${drained.engineId}/drain`);
    expect(answer.status).toBe(200);
    const { bytes } = request;
    request.resume();
    await request.received(bytes + 5_000_000);
    expect(await product.session(id)).toMatchObject({
      container_id: drained.engineId,
      failovers: 0,
    });
    expect(await watch(product, id, 'other', 'bytes=0-9').status()).toBe(206);
    expect(await other.starts(id)).toHaveLength(1);
    request.hangUp();
    await expectNothingLeft(product, [drained, other]);
  });

  it('is reset when the process ends, and its engine session stopped', async () => {
    const id = await film(engines);
    const request = await paused(watch(product, id, 'tv'));
    await product.stop();
    request.resume();
    await expect(request.whole).rejects.toMatchObject({ code: 'ECONNRESET' });
    for (const engine of engines) {
      await eventually(async () => {
        expect(await engine.counters()).toMatchObject({ sessions_open: 0, sessions_leaked: 0 });
        return true;
      });
    }
  });
});

describe('a film on the only engine', () => {
  let engine: Simulator;

  async function start(env: Readonly<Record<string, string>>): Promise<Product> {
    engine = await startSimulator({ startDelayMs: 50 });
    return startProduct({
      engines: [engine],
      env: { ...QUICK, MAX_STREAMS_PER_ENGINE: '1', ...env },
    });
  }

  it('follows its viewer although the earlier connection stays open', async () => {
    // Long enough for a stranger to find the playback that the viewer has left.
    const product = await start({ PROXY_GRACE_PERIOD: '8s' });
    const id = await film([engine], { file_bytes: 500_000_000 });
    const first = await paused(watch(product, id, 'tv'));
    const second = watch(product, id, 'tv', 'bytes=300000000-300000099');
    expect((await second.whole).equals(patternBytes(SEED, 300_000_000, 300_000_100))).toBe(true);
    first.resume();
    await expect(first.whole).rejects.toMatchObject({ code: 'ECONNRESET' });
    const stranger = watch(product, id, 'other', 'bytes=0-9');
    expect(await stranger.status()).toBe(206);
    await stranger.whole;
    expect(await engine.starts(id)).toHaveLength(1);
    expect(await engine.counters()).toMatchObject({ second_reader_violations: 0 });
    await expectNothingLeft(product, [engine]);
  });

  it('is detected in a content that an engine reports as live, also with a single slot', async () => {
    const product = await start({});
    const id = newContentId();
    await engine.fault({ kind: 'media_kind', media: 'mp4', content: id });
    const request = watch(product, id, 'tv');
    expect(await request.status()).toBe(200);
    expect((await request.whole).subarray(4, 8).toString()).toBe('ftyp');
    await expectNothingLeft(product, [engine]);
  });

  it('is preempted by a broadcast without a viewer, and never with one', async () => {
    const product = await start({ PROXY_GRACE_PERIOD: '60s' });
    const id = await film([engine], { file_bytes: 500_000_000 });
    const request = await paused(watch(product, id, 'tv'));
    expect(await openViewer(product.url(streamPath(newContentId()))).status()).toBe(503);
    request.hangUp();
    await eventually(async () => (await product.session(id)).state === 'grace');
    await openViewer(product.url(streamPath(newContentId()))).playing();
    expect(await product.session(id)).toMatchObject({ end_reason: 'reclaimed' });
  });

  it('counts its viewers like those of a broadcast', async () => {
    const product = await start({ PROXY_MAX_CLIENTS: '1' });
    const id = await film([engine], { file_bytes: 500_000_000 });
    await paused(watch(product, id, 'tv'));
    const other = watch(product, id, 'other');
    expect(await other.status()).toBe(429);
    expect(await other.json()).toMatchObject({ code: 'client_limit' });
    // A seek of the same viewer is not counted twice.
    expect(await watch(product, id, 'tv', 'bytes=100-109').status()).toBe(206);
  });

  it('is refused when no engine can play it', async () => {
    const product = await start({});
    const id = await film([engine]);
    await watch(product, id, 'tv', 'bytes=0-9').whole;
    await engine.fault({ kind: 'http_status', status: 500, where: 'content', content: id });
    const request = watch(product, id, 'tv');
    expect(await request.status()).toBe(502);
    expect(await request.json()).toMatchObject({ code: 'engine_failed' });
    await expectNothingLeft(product, [engine]);
  });
});

describe('a file of ffmpeg', () => {
  let folder: string;
  let engine: Simulator;
  let product: Product;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'acefleet-film-'));
    onScopeEnd(() => rmSync(folder, { recursive: true, force: true }));
    engine = await startSimulator({ startDelayMs: 50 });
    product = await startProduct({ engines: [engine], env: QUICK });
  });

  it.each([
    ['the index at the beginning', 'mp4', 'video/mp4', ['-movflags', '+faststart']],
    ['the index at the end, where players must seek first', 'mp4', 'video/mp4', []],
    ['Matroska', 'mkv', 'video/x-matroska', []],
  ])('with %s plays to its end', async (_what, ending, type, flags) => {
    const path = join(folder, `film.${ending}`);
    const input = ['-f', 'lavfi', '-i', 'testsrc=size=320x180:rate=25:duration=10'];
    const noise = ['-f', 'lavfi', '-i', 'anoisesrc=duration=10', '-c:a', 'aac'];
    await run('ffmpeg', ['-v', 'error', '-y', ...input, ...noise, '-b:a', '256k', ...flags, path]);
    const id = await film([engine], { file_path: path, file_type: type });
    const url = product.url(streamPath(id));
    const { stdout } = await run('ffprobe', [
      '-v',
      'error',
      '-show_entries',
      'format=duration,size',
      '-of',
      'json',
      url,
    ]);
    const { format } = JSON.parse(stdout) as { format: { duration: string; size: string } };
    expect(Number(format.duration)).toBeCloseTo(10, 0);
    expect(Number(format.size)).toBe(statSync(path).size);
    // Decodes the last seconds, to which it seeks.
    const tail = await run('ffmpeg', [
      '-v',
      'error',
      '-ss',
      '7',
      '-i',
      url,
      '-f',
      'framecrc',
      '-map',
      '0:v',
      '-',
    ]);
    expect(tail.stdout.split('\n').filter((line) => line.startsWith('0,')).length).toBe(75);
    expect(tail.stderr).toBe('');
    expect(sha1(await watch(product, id, 'tv').whole)).toBe(sha1(readFileSync(path)));
    expect(await engine.counters()).toMatchObject({ second_reader_violations: 0 });
    await expectNothingLeft(product, [engine]);
  });
});
