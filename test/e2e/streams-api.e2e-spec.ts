import {
  eventually,
  newContentId,
  openViewer,
  startProduct,
  startSimulator,
  streamPath,
  type Product,
  type Simulator,
  type Viewer,
} from './support';

const ISO = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
const HEX40 = expect.stringMatching(/^[0-9a-f]{40}$/);
const UNKNOWN = '0'.repeat(40);

describe('streams in the admin API', () => {
  let engine: Simulator;
  let product: Product;

  beforeAll(async () => {
    engine = await startSimulator();
    product = await startProduct({ engines: [engine], env: { PROXY_GRACE_PERIOD: '300ms' } });
  });

  async function playing(id: string): Promise<Viewer[]> {
    const viewer = openViewer(product.url(streamPath(id)));
    await viewer.playing();
    return [viewer];
  }

  it('streams are listed while they run and after their end, by status and by engine', async () => {
    const [runs, ended] = [newContentId(), newContentId()] as [string, string];
    await playing(runs);
    const [viewer] = await playing(ended);
    viewer!.destroy();
    await eventually(async () => (await product.session(ended)).is_active === false);
    const list = async (query: string): Promise<{ id: string; status: string }[]> =>
      (await product.api('GET', `/streams${query}`)).body;
    const ids = async (query: string): Promise<string[]> => (await list(query)).map(({ id }) => id);
    expect(await ids('')).toEqual(expect.arrayContaining([runs, ended]));
    expect(await ids('?status=started')).toContain(runs);
    expect(await ids('?status=started')).not.toContain(ended);
    expect(await ids('?status=ended')).toContain(ended);
    expect(await ids('?status=ended')).not.toContain(runs);
    expect(await ids(`?container_id=${engine.engineId}`)).toEqual(
      expect.arrayContaining([runs, ended]),
    );
    expect(await ids('?container_id=nobody')).toEqual([]);
    expect((await product.api('GET', '/streams?status=odd')).status).toBe(400);
    expect((await product.api('GET', `/streams/${runs}`)).body).toMatchObject({
      id: runs,
      key_type: 'content_id',
      key: runs,
      file_index: 0,
      engine_parameters: null,
      infohash: HEX40,
      container_id: engine.engineId,
      status: 'started',
      client_count: 1,
      started_at: ISO,
      ended_at: null,
    });
    expect((await product.api('GET', `/streams/${ended}`)).body).toMatchObject({
      status: 'ended',
      ended_at: ISO,
      end_reason: 'no_viewers',
    });
    const stats = await product.api('GET', `/streams/${runs}/stats`);
    expect(stats.status).toBe(200);
    expect(stats.body).toMatchObject({ stream_id: runs, buffer_s: expect.any(Number) });
    await eventually(async () => {
      const { body } = await product.api('GET', `/streams/${runs}/stats`);
      // The engine's KB/s times eight, of 4 Mbit/s.
      expect(body).toMatchObject({ status: 'dl', peers: 9 });
      expect(body.speed_down_kbps).toBe(Math.round(4e6 / 8 / 1024) * 8);
      return true;
    });
    expect((await product.api('GET', `/streams/${ended}/stats`)).status).toBe(404);
  });

  it('an unknown stream is 404, and without a key 401', async () => {
    for (const path of [
      `/proxy/sessions/${UNKNOWN}`,
      `/proxy/sessions/${UNKNOWN}/clients`,
      `/streams/${UNKNOWN}`,
      `/streams/${UNKNOWN}/stats`,
    ]) {
      const answer = await product.api('GET', path);
      expect([path, answer.status, answer.body.code]).toEqual([path, 404, 'not_found']);
      expect(answer.headers['content-type']).toMatch(/problem\+json/);
      expect((await product.api('GET', path, undefined, {})).status).toBe(401);
    }
    for (const path of [`/proxy/sessions/${UNKNOWN}`, `/streams/${UNKNOWN}`]) {
      expect((await product.api('DELETE', path)).status).toBe(404);
      expect((await product.api('DELETE', path, undefined, { 'X-API-Key': 'x' })).status).toBe(403);
    }
  });
});
