import {
  eventually,
  freePort,
  newContentId,
  openViewer,
  startProduct,
  startSimulator,
  streamPath,
  type Product,
  type Simulator,
} from './support';
import { metric } from './support/session-facts';

const FORGED = {
  'X-Forwarded-For': '203.0.113.7',
  'X-Forwarded-Host': 'evil.example',
  'X-Forwarded-Proto': 'https',
  Forwarded: 'for=203.0.113.7;host=evil.example;proto=https',
  'X-Real-IP': '203.0.113.7',
  'CF-Connecting-IP': '203.0.113.7',
  'True-Client-IP': '203.0.113.7',
  'X-Client-IP': '203.0.113.7',
};

describe('the identity of a viewer', () => {
  let engine: Simulator;

  beforeAll(async () => {
    engine = await startSimulator({ startDelayMs: 0, bitrateMbps: 1 });
  });

  /** The recorded address of one client, as viewer and in the log, and the address that it is given back. */
  async function recordsOf(
    product: Product,
    headers: Readonly<Record<string, string>>,
    localAddress = '127.0.0.1',
  ): Promise<{ viewer: string; logged: unknown; base: string }> {
    const id = newContentId();
    const viewer = openViewer(product.url(streamPath(id)), { headers, localAddress });
    const requestId = (await viewer.head).headers['x-request-id'];
    const { body } = await product.api('GET', `/proxy/sessions/${id}/clients`);
    viewer.destroy();
    const line = await eventually(() =>
      product.logs().find((one) => one['request_id'] === requestId),
    );
    const json = openViewer(product.url(streamPath(newContentId(), '&format=json')), {
      headers,
      localAddress,
    });
    const { origin } = new URL((await json.json()).response.playback_url);
    return { viewer: body.clients[0].ip_address, logged: line['ip'], base: origin };
  }

  async function guess(product: Product, headers: Record<string, string>): Promise<number> {
    return (await product.api('GET', '/engines', undefined, { 'X-API-Key': 'wrong', ...headers }))
      .status;
  }

  it('cannot be chosen by the client', async () => {
    const product = await startProduct({ engines: [engine] });
    expect(await recordsOf(product, FORGED)).toEqual({
      viewer: '127.0.0.1',
      logged: expect.stringMatching(/^(?:::ffff:)?127\.0\.0\.1$/),
      base: product.url(''),
    });
    // Ten wrong keys cannot be attributed to another client by a header either.
    const statuses: number[] = [];
    for (let n = 0; n < 12; n += 1) {
      statuses.push(await guess(product, { ...FORGED, 'X-Forwarded-For': `203.0.113.${n}` }));
    }
    expect(statuses).toEqual([...Array<number>(10).fill(403), 429, 429]);
  });

  it('is the address that a trusted proxy reports', async () => {
    const product = await startProduct({
      engines: [engine],
      env: { TRUSTED_PROXIES: '127.0.0.1, 10.0.0.0/8' },
    });
    const told = { viewer: '203.0.113.7', logged: '203.0.113.7', base: 'https://evil.example' };
    expect(await recordsOf(product, FORGED)).toEqual(told);
    // The nearest address that is not a trusted proxy counts; addresses left of it may be forged.
    const chain = { ...FORGED, 'X-Forwarded-For': '198.51.100.1, 203.0.113.7, 10.1.2.3' };
    expect(await recordsOf(product, chain)).toEqual(told);
    expect(await recordsOf(product, FORGED, '127.0.0.2')).toEqual({
      viewer: '127.0.0.2',
      logged: expect.stringMatching(/^(?:::ffff:)?127\.0\.0\.2$/),
      base: product.url(''),
    });
  });

  it('PUBLIC_URL is the address in answers, whatever headers a client sends', async () => {
    const port = String(await freePort());
    const base = `http://tv.example:${port}`;
    const product = await startProduct({
      engines: [engine],
      env: { PORT: port, PUBLIC_URL: base, TRUSTED_PROXIES: '127.0.0.1' },
    });
    expect(await recordsOf(product, FORGED)).toMatchObject({ base });
  });

  it('50 viewers of one address and one player are counted as 50', async () => {
    const product = await startProduct({ engines: [engine] });
    const id = newContentId();
    const headers = { 'User-Agent': 'the same player' };
    const viewers = Array.from({ length: 50 }, () =>
      openViewer(product.url(streamPath(id)), { headers }),
    );
    await Promise.all(viewers.map((viewer) => viewer.playing(40_000)));

    const counts = async (): Promise<number[]> => [
      (await product.session(id)).client_count,
      (await product.api('GET', '/proxy/status')).body.total_clients,
      (await product.api('GET', `/ace/status?id=${id}`)).body.clients,
      await metric(product, 'proxy_clients_active'),
    ];
    expect(await counts()).toEqual([50, 50, 50, 50]);
    const { body } = await product.api('GET', `/proxy/sessions/${id}/clients`);
    const clients = body.clients as { client_id: string; ip_address: string; user_agent: string }[];
    expect(new Set(clients.map((client) => client.client_id)).size).toBe(50);
    expect(new Set(clients.map((client) => client.ip_address + client.user_agent)).size).toBe(1);
    expect((await engine.counters())['peak_readers_per_content']).toBe(1);

    // One is kicked by its id, and no other.
    const kicked = clients[7]!.client_id;
    await product.api('DELETE', `/proxy/sessions/${id}/clients/${kicked}`);
    await eventually(() => viewers.filter(({ ending }) => ending !== null).length === 1);
    await eventually(async () => {
      expect(await counts()).toEqual([49, 49, 49, 49]);
      return true;
    });
    viewers.find(({ ending }) => ending === null)!.destroy();
    await eventually(async () => (await product.session(id)).client_count === 48);
    const rest = viewers.filter(({ ending }) => ending === null);
    expect(rest).toHaveLength(48);
    await Promise.all(rest.map((viewer) => viewer.receiveMore(500)));
  });
});
