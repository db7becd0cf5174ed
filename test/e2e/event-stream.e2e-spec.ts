import { withLag } from '../../src/kernel/testing/lag.spec-support';
import {
  API_KEY,
  eventually,
  newContentId,
  openViewer,
  startProduct,
  startSimulator,
  streamPath,
  type Product,
} from './support';
import { EventStreamClient } from './support/event-stream';

const PATH = '/api/v1/events/stream';
const MAIN_KEY = { 'X-API-Key': API_KEY };

describe('the event stream', () => {
  let product: Product;

  beforeAll(async () => {
    product = await startProduct({
      engines: [await startSimulator({ startDelayMs: 0, bitrateMbps: 1 })],
      env: { TRUSTED_PROXIES: '127.0.0.0/8', PROXY_GRACE_PERIOD: '300ms' },
    });
  });

  function follow(
    query = '',
    headers: Readonly<Record<string, string>> = MAIN_KEY,
  ): Promise<EventStreamClient> {
    return EventStreamClient.open(product.url(PATH + query), headers);
  }

  it('shows the life of a stream and of its viewer, as the API shows them', async () => {
    const client = await follow();
    expect(client.status).toBe(200);
    expect(client.headers).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store, no-transform',
      'x-accel-buffering': 'no',
    });
    const { data: snapshot } = await client.message('snapshot');
    const [engine] = (await product.api('GET', '/api/v1/engines')).body;
    expect(snapshot).toMatchObject({
      streams: [],
      clients: [],
      engines: [{ id: engine.id, container_name: engine.container_name, state: 'healthy' }],
      fleet: [{ id: 'fleet', status: 'healthy' }],
      vpns: [],
      checks: [],
    });
    const id = newContentId();
    const viewer = openViewer(product.url(streamPath(id)));
    await viewer.playing();
    await client.message('stream.upsert', (data) => data.id === id && data.state === 'live');
    const session = await product.session(id);
    const { data: joined } = await client.message(
      'client.upsert',
      (data) => data.stream_id === id && 'ip_address' in data,
    );
    expect(joined.ip_address).toBe('127.0.0.1');
    await client.message('engine.upsert', (data) => data.streams?.includes(id) === true);
    const { data: started } = await client.message(
      'event',
      ({ type }) => type === 'stream_started',
    );
    expect(started).toMatchObject({ stream_id: id, engine_id: engine.id });
    const tick = await client.message('tick', ({ streams }) => (streams[id]?.[0] ?? 0) > 0);
    const [inBps, outBps, clients] = tick.data.streams[id] as number[];
    expect(inBps).toBeGreaterThan(100_000);
    expect(outBps).toBeGreaterThan(0);
    expect(clients).toBe(1);
    // What the messages say together is what the API says.
    const told = client.messages
      .filter(({ event, data }) => event === 'stream.upsert' && data.id === id)
      .reduce((all, { data }) => ({ ...all, ...data }), {} as Record<string, unknown>);
    expect(told).toMatchObject({
      infohash: session.infohash,
      container_id: engine.id,
      started_at: expect.any(String),
      client_count: 1,
    });
    viewer.destroy();
    await client.message('client.removed', (data) => data.id === joined.client_id);
    await client.message('stream.removed', (data) => data.id === id);
    client.close();
  });

  it('continues where a client has left off', async () => {
    const [client] = [await follow(), await follow()];
    await client!.message('snapshot');
    const { lastId } = client!;
    client!.close();
    const id = newContentId();
    const viewer = openViewer(product.url(streamPath(id)));
    await viewer.playing();
    const again = await follow('', { ...MAIN_KEY, 'Last-Event-ID': lastId });
    const first = await again.message('hello');
    expect(first).toMatchObject({ id: lastId, data: { has_missed_events: false } });
    await again.message('stream.upsert', (data) => data.id === id);
    expect(again.messages.map(({ event }) => event)).not.toContain('snapshot');
    const other = await follow('', { ...MAIN_KEY, 'Last-Event-ID': 'of-another-process' });
    const { data: hello } = await other.message('hello');
    expect(hello.has_missed_events).toBe(true);
    expect((await other.message('snapshot')).data.streams).toMatchObject([{ id }]);
    viewer.destroy();
    for (const one of [again, other]) one.close();
  });

  it('has only what a program asks for', async () => {
    const client = await follow('?topics=events&types=stream_requested,stream_ended');
    const id = newContentId();
    const viewer = openViewer(product.url(streamPath(id)));
    await viewer.playing();
    viewer.destroy();
    await client.message('event', (data) => data.type === 'stream_ended' && data.stream_id === id);
    // The stream of an earlier test may end meanwhile.
    const names = client.messages
      .filter(({ event, data }) => event !== 'event' || data.stream_id === id)
      .map(({ event, data }) => [event, data.type]);
    expect(names).toEqual([
      ['hello', undefined],
      ['event', 'stream_requested'],
      ['event', 'stream_ended'],
    ]);
    client.close();
    for (const query of ['?topics=odd', '?types=odd', '?topics=']) {
      expect((await product.api('GET', PATH + query)).status).toBe(400);
    }
    expect((await product.api('GET', PATH, undefined, {})).status).toBe(401);
    expect((await product.api('HEAD', PATH)).status).toBe(200);
  });

  it('ends within a second when the key or the session of the client is revoked', async () => {
    const { key, id } = (
      await product.api('POST', '/api/v1/keys', { name: 'screen', scope: 'read' })
    ).body;
    const ownPage = { Origin: `http://127.0.0.1:${product.port}` };
    const signedIn = await product.api('POST', '/api/v1/sessions', { key: API_KEY }, ownPage);
    const cookie = signedIn.headers['set-cookie']![0]!.split(';')[0]!;
    const byKey = await follow('', { 'X-API-Key': key });
    const byCookie = await follow('', { Cookie: cookie });
    const staying = await follow();
    for (const client of [byKey, byCookie, staying]) await client.message('snapshot');
    for (const [client, path] of [
      [byKey, `/api/v1/keys/${id}`],
      [byCookie, `/api/v1/sessions/${signedIn.body.id}`],
    ] as const) {
      expect((await product.api('DELETE', path)).status).toBe(204);
      const revokedAt = performance.now();
      await eventually(() => client.isEnded);
      expect(performance.now() - revokedAt).toBeLessThan(withLag(1000));
    }
    expect(staying.isEnded).toBe(false);
    staying.close();
  });

  it('is limited for each address', async () => {
    const from = { ...MAIN_KEY, 'X-Forwarded-For': '203.0.113.5' };
    const clients = await Promise.all(Array.from({ length: 5 }, () => follow('', from)));
    expect(clients.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
    const refused = await product.api('GET', PATH, undefined, from);
    expect([refused.status, refused.body.code]).toEqual([429, 'rate_limited']);
    clients[0]!.close();
    await eventually(async () => (await followed(from)) === 200);
    const other = await follow('', { ...MAIN_KEY, 'X-Forwarded-For': '203.0.113.6' });
    expect(other.status).toBe(200);
    for (const client of [...clients, other]) client.close();
  });

  async function followed(headers: Readonly<Record<string, string>>): Promise<number> {
    const client = await follow('', headers);
    client.close();
    return client.status;
  }

  it('ends at once when the process ends, whatever the viewers still get', async () => {
    const ending = await startProduct({
      engines: [await startSimulator()],
      env: { SHUTDOWN_DRAIN: '10s' },
    });
    const client = await EventStreamClient.open(ending.url(PATH), MAIN_KEY);
    await client.message('snapshot');
    const stopped = ending.stop();
    await eventually(() => client.isEnded);
    await stopped;
  });
});
