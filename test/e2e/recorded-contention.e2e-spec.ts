import { patternBytes } from '../../simulator/src/media/recorded-file';
import {
  call,
  eventually,
  newContentId,
  openViewer,
  startProduct,
  startSimulator,
  streamPath,
  type Product,
  type Simulator,
} from './support';
import { FileRequest, sha1 } from './support/file-request';
import { expectNothingLeft } from './support/remains';

const SEED = 5;
const BYTES = 40_000_000;
const QUICK = { PROXY_GRACE_PERIOD: '300ms', PROXY_RETRY_BASE: '50ms' };

/** A seek waits at most 4 s until the older connection of its player is closed or unread. */
const BEYOND_WAIT_MS = 4500;

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

function watch(product: Product, id: string, range?: string, more = ''): FileRequest {
  const headers = { 'User-Agent': 'tv', ...(range === undefined ? {} : { Range: range }) };
  return new FileRequest(product.url(streamPath(id, more)), { headers });
}

/** A request that has begun and takes no more bytes for now. */
async function paused(request: FileRequest): Promise<FileRequest> {
  await request.received(100_000);
  request.pause();
  return request;
}

describe('a film on three engines', () => {
  it('plays for three viewers at one address with the same player, and not for a fourth', async () => {
    const engines = [
      await startSimulator({ startDelayMs: 50 }),
      await startSimulator({ startDelayMs: 50 }),
      await startSimulator({ startDelayMs: 50 }),
    ];
    const product = await startProduct({ engines, env: QUICK });
    const id = await film(engines, { file_bytes: 500_000_000 });
    // Two of them before the content is known to be a file: they join one start.
    const viewers = [watch(product, id), watch(product, id)];
    for (const person of viewers) await paused(person);
    viewers.push(await paused(watch(product, id, 'bytes=0-')));
    const fourth = watch(product, id);
    expect(await fourth.status()).toBe(503);
    expect(await fourth.json()).toMatchObject({ code: 'no_capacity' });
    for (const person of viewers) {
      const { bytes } = person;
      person.resume();
      await person.received(bytes + 5_000_000);
    }
    for (const engine of engines) {
      expect(await engine.starts(id)).toHaveLength(1);
      expect(await engine.counters()).toMatchObject({ second_reader_violations: 0 });
    }
    for (const person of viewers) person.hangUp();
    await expectNothingLeft(product, engines);
  });
});

describe('a film on the only engine', () => {
  let engine: Simulator;
  let product: Product;

  async function start(env: Readonly<Record<string, string>>): Promise<void> {
    engine = await startSimulator({ startDelayMs: 50 });
    product = await startProduct({ engines: [engine], env: { ...QUICK, ...env } });
  }

  it('belongs to the newest request of a playback address, also while it is starting', async () => {
    await start({});
    const id = await film([engine]);
    await watch(product, id, 'bytes=0-9').whole;
    await product.api('DELETE', `/streams/${id}`);
    const asked = watch(product, id, undefined, '&format=json');
    const { response } = (await asked.json()) as { response: Record<string, string> };
    const ask = (range: string): FileRequest =>
      new FileRequest(response['playback_url']!, { headers: { Range: range } });
    await engine.setContent(id, { start_delay_ms: 2000 });
    const starting = ask('bytes=0-');
    await eventually(async () => (await product.session(id)).state === 'starting');
    const newest = ask('bytes=300-399');
    expect(await starting.status()).toBe(409);
    expect(await starting.json()).toMatchObject({
      code: 'conflict',
      detail: expect.stringContaining('newer request with the same playback address'),
    });
    expect(await newest.status()).toBe(206);
    expect((await newest.whole).equals(patternBytes(SEED, 300, 400))).toBe(true);
  });

  it('is not taken from a reading viewer by another one with the same player', async () => {
    await start({});
    const id = await film([engine], { file_bytes: 500_000_000 });
    const reader = await paused(watch(product, id));
    const pace = setInterval(() => reader.resume(), 200);
    const others = [watch(product, id), watch(product, id, 'bytes=100000-')];
    const answers = Promise.all(others.map((other) => other.status()));
    let isAnswered = false;
    void answers.then(() => (isAnswered = true));
    // The viewer reads at the speed of a player, not of the loopback interface.
    await eventually(async () => {
      await reader.received(reader.bytes + 1_000_000);
      reader.pause();
      return isAnswered;
    }, 30_000);
    clearInterval(pace);
    expect(await answers).toEqual([503, 503]);
    reader.resume();
    await reader.received(reader.bytes + 5_000_000);
    reader.hangUp();
    await expectNothingLeft(product, [engine]);
  });

  it('is not taken from a reading viewer by a request that was closed', async () => {
    await start({});
    const id = await film([engine], { file_bytes: 500_000_000 });
    const request = await paused(watch(product, id));
    for (let n = 0; n < 3; n += 1) {
      const headers = { 'User-Agent': 'tv', Range: 'bytes=300000000-' };
      const jump = openViewer(product.url(streamPath(id)), { headers });
      // Together with the request, within the time for which it waits.
      jump.halfClose();
      await jump.closed;
    }
    // After that time the viewer still reads.
    const beyondMs = performance.now() + BEYOND_WAIT_MS;
    const { bytes } = request;
    await eventually(() => performance.now() > beyondMs);
    request.resume();
    await request.received(bytes + 20_000_000);
  });

  it('continues after any number of breaks, as long as bytes arrive in between', async () => {
    await start({});
    const bytes = 24_000_000;
    const id = await film([engine], { file_bytes: bytes });
    // A reset discards bytes in transit. An end delivers all of them, which is enough progress.
    await engine.fault({ kind: 'reset_after', bytes: 2_500_000, content: id, nth: 1 });
    await engine.fault({ kind: 'end_after', bytes: 2_500_000, content: id, from: 2 });
    expect(sha1(await watch(product, id).whole)).toBe(sha1(patternBytes(SEED, 0, bytes)));
    await expectNothingLeft(product, [engine]);
  });

  it('releases its slot for a broadcast when it has no viewer', async () => {
    await start({ PROXY_MAX_SESSIONS: '1', PROXY_GRACE_PERIOD: '60s' });
    const id = await film([engine]);
    await watch(product, id, 'bytes=0-9').whole;
    await eventually(async () => (await product.session(id)).state === 'grace');
    await openViewer(product.url(streamPath(newContentId()))).playing();
    expect(await product.session(id)).toMatchObject({ end_reason: 'reclaimed' });
  });

  it('ends at once if its viewer leaves during the start', async () => {
    await start({ PROXY_GRACE_PERIOD: '60s' });
    const id = await film([engine]);
    await watch(product, id, 'bytes=0-9').whole;
    await product.api('DELETE', `/streams/${id}`);
    await engine.fault({ kind: 'never', content: id });
    const request = watch(product, id);
    await eventually(async () => (await product.session(id)).state === 'starting');
    request.hangUp();
    await eventually(async () => (await product.sessionCount()) === 0, 30_000);
  });

  it('resets a viewer that is kicked during the start', async () => {
    await start({});
    const id = await film([engine]);
    await watch(product, id, 'bytes=0-9').whole;
    await product.api('DELETE', `/streams/${id}`);
    await engine.fault({ kind: 'never', content: id });
    const request = openViewer(product.url(streamPath(id)));
    const [client] = await eventually(async () => {
      const { body } = await product.api('GET', `/proxy/sessions/${id}/clients`);
      const { clients = [] } = body as { clients?: { client_id: string }[] };
      return clients.length === 1 ? clients : undefined;
    });
    const path = `/proxy/sessions/${id}/clients/${client!.client_id}`;
    expect((await product.api('DELETE', path)).status).toBeLessThan(300);
    await expect(request.head).rejects.toThrow('rst');
  });

  it('has the same state at all addresses of one playback', async () => {
    await start({});
    const id = await film([engine]);
    const asked = watch(product, id, undefined, '&format=json&_idx=1');
    const { response } = (await asked.json()) as { response: Record<string, string> };
    const url = response['playback_url']!;
    const request = await paused(new FileRequest(url));
    const { headers } = await new FileRequest(url, { method: 'HEAD' }).head;
    expect(headers).toMatchObject({ 'content-length': String(BYTES) });
    const { infohash } = await engine.content(id);
    for (const path of [new URL(response['stat_url']!).pathname, `/ace/stat/${infohash}/any`]) {
      const stat = await call({ port: product.port, path });
      expect(stat.body).toMatchObject({ error: null, response: { status: 'dl', is_live: 0 } });
      expect(stat.headers['access-control-allow-origin']).toBe('*');
    }
    const { body: streams } = await product.api('GET', '/streams?status=started');
    const move = await product.api('POST', `/streams/${streams[0].id}/move`);
    expect({ status: move.status, code: move.body.code }).toEqual({
      status: 409,
      code: 'conflict',
    });
    request.hangUp();
  });
});

describe('a film on an engine of the fleet', () => {
  it('continues in the same response when its engine is removed', async () => {
    const product = await startProduct({
      env: { ...QUICK, ENGINE_DRIVER: 'simulator', MIN_REPLICAS: '2', MAX_REPLICAS: '2' },
    });
    const id = newContentId();
    const fleet = await eventually(async () => {
      const { body } = await product.api('GET', '/engines');
      const engines = body as { id: string; state: string; labels: Record<string, string> }[];
      return engines.length === 2 && engines.every(({ state }) => state === 'healthy')
        ? engines
        : undefined;
    }, 40_000);
    for (const { labels } of fleet) {
      const port = Number(labels['acefleet.simulator.control_port']);
      const body = { live: 0, file_bytes: BYTES, file_seed: SEED };
      const answer = await call({ port, method: 'PUT', path: `/__sim/content/${id}`, body });
      expect(answer.status).toBe(200);
    }
    const request = await paused(watch(product, id));
    const { container_id: engineId } = await product.session(id);
    expect((await product.api('DELETE', `/engines/${engineId}`)).status).toBeLessThan(300);
    // Also while the viewer takes nothing: the stream leaves the engine without a loss.
    await eventually(async () => {
      const { container_id: now, failovers } = await product.session(id);
      return now !== engineId && failovers === 1;
    }, 40_000);
    request.resume();
    expect(sha1(await request.whole)).toBe(sha1(patternBytes(SEED, 0, BYTES)));
    await expectNothingLeft(product, []);
  });
});
