import {
  call,
  newContentId,
  openViewer,
  startProduct,
  startSimulator,
  type Answer,
  type Product,
} from './support';

const TIVIMATE = { 'User-Agent': 'TiviMate/5.1.0 (Android 12)' };

describe('replayed, a player with an Xtream login', () => {
  let product: Product;
  let name: string;
  let secret: string;

  beforeAll(async () => {
    const engine = await startSimulator({ startDelayMs: 0, bitrateMbps: 1 });
    product = await startProduct({ engines: [engine], env: { STREAM_ACCESS: 'token' } });
    for (const [id, group, number] of [
      ['news', 'Information', 3],
      ['goals', 'Sport', 7],
    ] as const) {
      const body = {
        name: id,
        group,
        number,
        tvg_id: `${id}.example`,
        sources: [{ id: newContentId() }],
      };
      expect((await product.api('PUT', `/api/v1/channels/${id}`, body)).status).toBe(201);
    }
    ({ name, secret } = await product.createUser({ name: 'anna', max_streams: 1 }));
  });

  function ask(path: string, method = 'GET'): Promise<Answer> {
    return call({ port: product.port, method, path, headers: TIVIMATE });
  }

  function api(query = ''): Promise<Answer> {
    return ask(`/player_api.php?username=${name}&password=${secret}${query}`);
  }

  it('logs in by GET, by POST with a query, and by POST with a form', async () => {
    const { status, body, headers } = await api();
    expect(status).toBe(200);
    expect(body.user_info).toMatchObject({
      ...{ username: name, password: secret, auth: 1, status: 'Active', exp_date: null },
      ...{ active_cons: '0', max_connections: '1', allowed_output_formats: ['ts', 'm3u8'] },
    });
    expect(body.server_info).toMatchObject({ port: String(product.port), server_protocol: 'http' });
    expect(headers['cache-control']).toBe('private, no-store');
    const posted = await ask(`/player_api.php?username=${name}&password=${secret}`, 'POST');
    expect(posted.body.user_info).toMatchObject({ auth: 1 });
    const form = await fetch(product.url('/player_api.php'), {
      method: 'POST',
      body: new URLSearchParams({ username: name, password: secret, action: 'get_live_streams' }),
    });
    expect(await form.json()).toHaveLength(2);
  });

  it.each([
    ['no credentials', () => '', 401],
    ['a wrong password', () => `?username=${name}&password=wrong`, 403],
    ['the name of somebody else', () => `?username=ben&password=${secret}`, 403],
  ])('refuses %s at every address', async (_what, query, status) => {
    for (const path of ['/player_api.php', '/get.php', '/xmltv.php']) {
      expect((await ask(path + query())).status).toBe(status);
    }
  });

  it('lists categories and channels, and has no films and series', async () => {
    const categories = (await api('&action=get_live_categories')).body;
    expect(categories).toMatchObject([
      { category_name: 'Information' },
      { category_name: 'Sport' },
    ]);
    const sport = categories[1].category_id;
    expect((await api('&action=get_live_streams')).body).toMatchObject([
      { num: 3, stream_id: 3, name: 'news', epg_channel_id: 'news.example' },
      { num: 7, stream_id: 7, name: 'goals', category_id: sport },
    ]);
    const ofSport = (await api(`&action=get_live_streams&category_id=${sport}`)).body;
    expect(ofSport).toMatchObject([{ stream_id: 7 }]);
    for (const action of ['get_vod_categories', 'get_vod_streams', 'get_series', 'banana']) {
      expect((await api(`&action=${action}`)).body).toEqual([]);
    }
    const guide = (await api('&action=get_short_epg&stream_id=3')).body;
    expect(guide).toEqual({ epg_listings: [] });
    expect((await api('&action=get_short_epg&stream_id=3&limit=-1')).status).toBe(400);
  });

  it('gets the playlist and the guide, with addresses that work for the user', async () => {
    const list = await ask(
      `/get.php?username=${name}&password=${secret}&type=m3u_plus&output=m3u8`,
    );
    const address = `${product.url(`/t/${secret}`)}/ace/manifest.m3u8?channel=news`;
    expect(list.text).toContain(address);
    const guide = await ask(`/xmltv.php?username=${name}&password=${secret}`);
    expect(guide.status).toBe(200);
    expect(guide.text).toContain('<tv');
  });

  it('plays at all forms of the address; the next channel replaces the last', async () => {
    const first = openViewer(product.url(`/live/${name}/${secret}/3.ts`), { headers: TIVIMATE });
    await first.playing();
    expect((await api()).body.user_info.active_cons).toBe('1');
    const next = openViewer(product.url(`/${name}/${secret}/7`), { headers: TIVIMATE });
    await next.playing();
    await first.closed;
    next.destroy();
    const hls = await ask(`/live/${name}/${secret}/3.m3u8`);
    expect(hls.status).toBe(302);
    const followed = await fetch(hls.headers['location']!, { headers: TIVIMATE });
    expect(await followed.text()).toContain('#EXTM3U');
    expect((await ask(`/live/${name}/${secret}/99.ts`, 'HEAD')).status).toBe(404);
    expect((await ask(`/live/${name}/wrong/3.ts`)).status).toBe(403);
    expect((await ask('/live/3.ts')).status).toBe(401);
    // The log of the product is searched for the secret of its user at the end.
    for (const path of ['movie', 'series', '/live']) {
      expect((await ask(`/${path}/${name}/${secret}/3.mp4`)).status).toBe(404);
    }
  });
});
