import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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
import { expectNothingLeft } from './support/remains';

interface EventBody {
  readonly id: number;
  readonly type: string;
  readonly time: string;
  readonly stream_id: string | null;
  readonly engine_id: string | null;
  readonly client_id: string | null;
  readonly reason: string | null;
  readonly details: Readonly<Record<string, unknown>>;
}

describe('GET /events', () => {
  let engine: Simulator;
  let product: Product;

  beforeAll(async () => {
    engine = await startSimulator({ startDelayMs: 100 });
    product = await startProduct({
      engines: [engine],
      env: {
        PROXY_GRACE_PERIOD: '300ms',
        // Longer than the delays of a busy machine, so that those cause no event.
        PROXY_KEEPALIVE_AFTER: '10s',
        ENGINE_PROBE_TIMEOUT: '20s',
      },
    });
  });

  function open(id: string): Viewer {
    return openViewer(product.url(streamPath(id)));
  }

  async function eventsOf(of: Product, query: string): Promise<EventBody[]> {
    const answer = await of.api('GET', `/events?${query}`);
    expect(answer.status).toBe(200);
    return answer.body;
  }

  function events(query: string): Promise<EventBody[]> {
    return eventsOf(product, query);
  }

  async function typesOf(id: string): Promise<string[]> {
    return (await events(`stream_id=${id}`)).map(({ type }) => type);
  }

  it('contains the life of a stream in order, with ids and reasons', async () => {
    const id = newContentId();
    const viewer = open(id);
    await viewer.playing();
    viewer.destroy();
    await eventually(async () => (await typesOf(id)).includes('stream_ended'));
    const life = await events(`stream_id=${id}`);
    expect(life).toMatchObject([
      { type: 'stream_requested', details: { selector: expect.stringContaining(id) } },
      {
        type: 'stream_started',
        engine_id: engine.engineId,
        details: { infohash: (await engine.content(id)).infohash, start_ms: expect.any(Number) },
      },
      { type: 'viewer_joined', client_id: expect.any(String) },
      { type: 'viewer_left', reason: 'hung_up', details: { bytes_sent: expect.any(Number) } },
      { type: 'stream_ended', reason: 'no_viewers', engine_id: engine.engineId },
    ]);
    expect(life[2]!.client_id).toBe(life[3]!.client_id);
    expect(Number(life[3]!.details['bytes_sent'])).toBeGreaterThan(100_000);
    const ids = life.map((event) => event.id);
    expect(ids).toEqual([...ids].sort((a, b) => a - b));
    for (const event of life) expect(new Date(event.time).toISOString()).toBe(event.time);
  });

  it('contains an outage and its end', async () => {
    const other = await startProduct({
      engines: [engine],
      env: {
        PROXY_STALL_TIMEOUT: '2s',
        PROXY_KEEPALIVE_AFTER: '300ms',
        PROXY_RETRY_BASE: '100ms',
      },
    });
    const events = (query: string): Promise<EventBody[]> => eventsOf(other, query);
    const id = newContentId();
    const viewer = openViewer(other.url(streamPath(id)));
    await viewer.playing();
    await engine.fault({ kind: 'no_data', content: id, times: 1 });
    await engine.actOnReaders('stall', { content: id });
    await eventually(
      async () => {
        const switches = await events(`stream_id=${id}&type=stream_failed_over`);
        const resumed = await events(`stream_id=${id}&type=stream_resumed`);
        return switches.length > 0 && resumed.length > 0;
      },
      40_000,
      'the end of the outage',
    );
    const [stalled] = await events(`stream_id=${id}&type=stream_stalled`);
    expect(stalled).toMatchObject({ engine_id: engine.engineId, reason: 'silence' });
    const [resumed] = await events(`stream_id=${id}&type=stream_resumed`);
    expect(Number(resumed!.details['outage_ms'])).toBeGreaterThan(0);
    const switches = await events(`stream_id=${id}&type=stream_failed_over`);
    expect(switches[0]!.details).toMatchObject({
      from_engine_id: engine.engineId,
      to_engine_id: engine.engineId,
      reason: 'silence',
    });
    // A change of the engine of a stream is an event of both engines.
    const ofEngine = await events(`engine_id=${engine.engineId}&limit=1000`);
    expect(ofEngine).toContainEqual(switches[0]);
    expect(viewer.ending).toBeNull();
  });

  it('contains the reason of a failed stream', async () => {
    const other = await startProduct({
      engines: [engine],
      env: { PROXY_INIT_TIMEOUT: '3s' },
    });
    const id = newContentId();
    await engine.fault({ kind: 'no_data', content: id });
    await expectProblem(openViewer(other.url(streamPath(id))), 504, 'start_timeout');
    const [failed] = await eventually(async () => {
      const found = await eventsOf(other, `stream_id=${id}&type=stream_failed`);
      return found.length > 0 ? found : undefined;
    });
    expect(failed).toMatchObject({
      stream_id: id,
      engine_id: engine.engineId,
      reason: expect.any(String),
      details: { code: 'start_timeout' },
    });
    expect(failed!.reason!.length).toBeGreaterThan(10);
  });

  it('filters by type, stream, engine and sequence number', async () => {
    const id = newContentId();
    await open(id).playing();
    await product.api('DELETE', `/streams/${id}`);
    // Nothing is in progress that could still cause an event.
    await eventually(async () => {
      const types = await typesOf(id);
      return types.includes('stream_ended') && types.includes('viewer_left');
    });
    await expectNothingLeft(product, [engine]);
    const all = await events('limit=1000');
    expect(all.length).toBeGreaterThan(8);
    const added = await events('type=engine_added');
    expect(added).toMatchObject([{ engine_id: engine.engineId, details: { host: '127.0.0.1' } }]);
    for (const name of ['engine_id', 'container_id']) {
      const ofEngine = await events(`${name}=${engine.engineId}&limit=1000`);
      expect(ofEngine).toEqual(all.filter(({ engine_id: id }) => id === engine.engineId));
      expect(ofEngine.map(({ type }) => type)).toContain('stream_started');
    }
    const middle = all[4]!.id;
    expect(await events(`since=${middle}&limit=1000`)).toEqual(
      all.filter((event) => event.id > middle),
    );
    // With `since` the next events are returned, without it the newest.
    expect(await events(`since=${middle}&limit=2`)).toEqual(all.slice(5, 7));
    expect(await events('limit=3')).toEqual(all.slice(-3));
    expect(await events('stream_id=nobody')).toEqual([]);
    for (const query of ['type=odd', 'limit=0', 'limit=x', 'since=-1', 'limit=100000']) {
      const answer = await product.api('GET', `/events?${query}`);
      expect([query, answer.status]).toEqual([query, 400]);
    }
    expect((await product.api('GET', '/events', undefined, {})).status).toBe(401);
    const { body: stats } = await product.api('GET', '/api/v1/events/stats');
    expect(stats).toMatchObject({ total: all.length, lost: 0 });
    expect(stats.by_type['engine_added']).toBe(1);
    expect(stats.oldest).toBe(all[0]!.time);
  });

  it('counts the streams of outside proxies, and tells who has done what', async () => {
    const { body: key } = await product.api('POST', '/api/v1/keys', {
      name: 'my proxy',
      scope: 'operate',
    });
    const asProxy = { 'X-API-Key': key.key };
    const [host, port] = engine.address.split(':');
    const infohash = newContentId();
    const report = {
      engine: { host, port: Number(port) },
      stream: { key_type: 'infohash', key: infohash, seekback: 5 },
      session: {
        playback_session_id: 'x1',
        stat_url: `http://${engine.address}/ace/stat/${infohash}/x1`,
        is_live: 1,
      },
      labels: {},
    };
    const post = (path: string, body: object, headers: Record<string, string> = asProxy) =>
      product.api('POST', path, body, headers);
    const started = await post('/events/stream_started', report);
    expect(started).toMatchObject({
      status: 200,
      body: { id: `${infohash}|x1`, status: 'started', external: true },
    });
    expect((await post('/api/v1/events/stream_started', report)).body).toEqual(started.body);
    const { body: streams } = await product.api('GET', '/streams?status=started');
    expect(streams).toContainEqual(started.body);
    const ofEngine = async (): Promise<string[]> =>
      (await product.api('GET', `/engines/${engine.engineId}`)).body.streams;
    expect(await ofEngine()).toEqual([`${infohash}|x1`]);
    const { body: selection } = await product.api('GET', '/engines/selection');
    expect(JSON.stringify(selection)).toContain('"active_streams":1');
    const wrong: [object, number][] = [
      [{ ...report, engine: { host, port: 1 } }, 404],
      [{ ...report, container_id: 'nobody' }, 404],
      [{ ...report, stream: { key_type: 'infohash', key: 'x' } }, 400],
      [
        {
          ...report,
          session: { playback_session_id: 'x2', stat_url: 'http://127.0.0.1:1/ace/stat/1' },
        },
        400,
      ],
    ];
    for (const [body, status] of wrong) {
      expect([body, (await post('/events/stream_started', body)).status]).toEqual([body, status]);
    }
    expect((await post('/events/stream_started', report, {})).status).toBe(401);
    expect((await post('/events/stream_ended', { stream_id: 'unknown' })).status).toBe(404);
    expect((await product.api('DELETE', `/streams/${infohash}%7Cx1`)).status).toBe(409);
    const end = { content_id: infohash, engine_id: engine.engineId };
    expect((await post('/events/stream_ended', end)).body).toMatchObject({ updated: true });
    expect((await post('/events/stream_ended', end)).body).toMatchObject({
      updated: false,
      status: 'ended',
      stream: { id: `${infohash}|x1`, status: 'ended' },
    });
    expect(await ofEngine()).toEqual([]);
    await product.api('DELETE', `/api/v1/keys/${key.id}`);
    const types = 'external_stream_started,external_stream_ended,admin_action';
    const journal = await eventually(async () => {
      const found = await events(`type=${types}&since=1&limit=1000`);
      return found.at(-1)?.details['method'] === 'DELETE' ? found : undefined;
    });
    expect(journal.slice(-4).map(({ type, details }) => ({ type, ...details }))).toEqual([
      {
        type: 'admin_action',
        actor: 'main key',
        method: 'POST',
        route: '/api/v1/keys',
        parameters: {},
      },
      {
        type: 'external_stream_started',
        stream_id: `${infohash}|x1`,
        engine_id: engine.engineId,
        actor: 'my proxy',
      },
      {
        type: 'external_stream_ended',
        stream_id: `${infohash}|x1`,
        engine_id: engine.engineId,
        reason: 'reported',
        actor: 'my proxy',
      },
      {
        type: 'admin_action',
        actor: 'main key',
        method: 'DELETE',
        route: '/api/v1/keys/:id',
        parameters: { id: key.id },
      },
    ]);
    const csv = await product.api('GET', '/events/export?format=csv&type=external_stream_ended');
    expect(csv.text.split('\r\n')[1]).toContain(`,${infohash}|x1,`);
    expect((await product.api('POST', '/events/cleanup', undefined)).body).toMatchObject({
      deleted: 0,
    });
  });

  it('survives the death of the process, without an id that is given twice', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'event-log-'));
    const first = await startProduct({ engines: [engine], dataDir });
    const id = newContentId();
    await openViewer(first.url(streamPath(id))).playing();
    const written = await eventually(async () => {
      const { body } = await first.api('GET', '/events/stats');
      const all = await eventsOf(first, 'limit=1000');
      return body.unwritten === 0 && all.some(({ type }) => type === 'viewer_joined') && all;
    });
    // Not written yet, when the process dies.
    await first.api('DELETE', `/streams/${id}`);
    const seen = await eventually(async () => {
      const all = await eventsOf(first, 'limit=1000');
      return all.length > written.length ? all : undefined;
    });
    first.kill('SIGKILL');
    const second = await startProduct({ engines: [engine], dataDir });
    const kept = await eventually(async () => {
      const all = await eventsOf(second, 'limit=1000');
      return all.filter(({ type }) => type === 'engine_added').length === 2 ? all : undefined;
    });
    expect(kept.slice(0, written.length)).toEqual(written);
    const known = new Map(seen.map((event) => [event.id, event]));
    for (const event of kept) expect(known.get(event.id) ?? event).toEqual(event);
    const ids = kept.map((event) => event.id);
    expect(ids).toEqual([...ids].sort((a, b) => a - b));
    const { body } = await second.api('GET', `/events?stream_id=${id}&order=desc&limit=1`);
    expect(body).toEqual([kept.findLast(({ stream_id }) => stream_id === id)]);
  });
});
