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
import { loadPlaylist, loadSegment, openHls } from './support/hls';

describe('selectors of contents', () => {
  let engine: Simulator;
  let product: Product;

  beforeAll(async () => {
    engine = await startSimulator();
    product = await startProduct({
      engines: [engine],
      env: { PROXY_GRACE_PERIOD: '0s', MAX_STREAMS_PER_ENGINE: '20' },
    });
  });

  function open(path: string): Viewer {
    return openViewer(product.url(path));
  }

  /** Waits until the product is idle, so that calls of another test are not counted. */
  async function atRest(): Promise<number> {
    await eventually(async () => (await product.sessionCount()) === 0, 30_000);
    return countStarts();
  }

  async function countStarts(): Promise<number> {
    return (await engine.journal('/ace/getstream')).length;
  }

  it('every form of one id leads to one stream', async () => {
    const id = newContentId();
    const asListsHaveIt = [
      `/ace/getstream/?id=${id}`,
      `//ace/getstream?id=${id}`,
      `/ace//getstream?id=${id}`,
      `/ace/getstream/${id}/`,
      `/ace/getstream?id=%20${id}%0D%0A`,
      `/ace/getstream?id=${id}&pid=x%0D`,
      `/ace/getstream/${id}.ts%0D`,
      `/ace/getstream?id=AceStream://${id}/`,
      `/ace/getstream/acestream://${id}`,
      `/ace/getstream?id=${id}|User-Agent=VLC/3.0&Referer=http://a.example/`,
      `/ace/getstream?id=${id}%7CUser-Agent=VLC%2F3.0&id=x`,
      `/ace/getstream/${id}.ts|User-Agent=VLC/3.0`,
    ];
    const forms = [
      `?id=${id}`,
      `?content_id=${id}`,
      `?id=${id.toUpperCase()}`,
      `?id=acestream://${id}`,
      `?id=acestream%3A%2F%2F${id}`,
      `?id=${id}&_idx=0`,
      `?pid=mine&sid=theirs&id=${id}&something=else&use_api_events=1`,
      `/${id}`,
      `/${id}.ts`,
      `/${id.toUpperCase()}.ts?pid=mine`,
    ];
    const paths = [...forms.map((form) => `/ace/getstream${form}`), ...asListsHaveIt];
    const viewers = paths.map((path) => open(path));
    await Promise.all(viewers.map((viewer) => viewer.playing()));
    expect(await product.session(id)).toMatchObject({ client_count: paths.length });
    const starts = await engine.starts(id);
    expect(starts).toHaveLength(1);
    // The engine gets one canonical form, with our own player id.
    expect(starts[0]!.url).toMatch(
      new RegExp(`^/ace/getstream\\?format=json&id=${id}&pid=[A-Za-z0-9-]+$`),
    );
    expect(starts[0]!.url).not.toMatch(/mine|theirs|something|events|VLC/);
  });

  it('every address of /ace is accepted in the forms of playlists and players', async () => {
    const id = newContentId();
    const json = async (path: string, method = 'GET') => {
      const { status, body } = await product.api(method, path, undefined, {});
      expect({ path, method, status }).toEqual({ path, method, status: 200 });
      return body;
    };
    const { response } = await json(`/ace//getstream/?format=json%0D&id=%09${id}%0A`);
    const { pathname } = new URL(response.playback_url);
    const viewers = [`/${pathname}/`, `${pathname}%0D`, `${pathname}|User-Agent=x/1`].map(open);
    await Promise.all(viewers.map((viewer) => viewer.playing()));
    expect(await product.session(id)).toMatchObject({ client_count: 3 });
    const hash = response.infohash as string;
    expect(await json(`//ace/status/?infohash=${hash}%20`)).toMatchObject({ clients: 3 });
    expect(await json(`/ace/preflight/?tier=light%0D&id=${id}/`)).toMatchObject({ playable: true });
    const stat = new URL(response.stat_url).pathname;
    expect((await json(`${stat}//`)).response.status).toBe('dl');
    for (const path of ['/ace/getstream/?id=', '//ace/manifest.m3u8?id=', '/ace/preflight/?id=']) {
      await json(`${path}${id}%0D`, 'HEAD');
      const options = await product.api('OPTIONS', `${path}${id}%0D`, undefined, {});
      expect(options.status).toBe(204);
    }
    const stop = new URL(response.command_url).pathname;
    expect(await json(`${stop}/?method=stop%0D`)).toEqual({ response: 'ok', error: null });
    await Promise.all(viewers.map((viewer) => viewer.closed));
  });

  it('addresses of the admin API have one spelling', async () => {
    for (const path of [
      '//engines',
      '/engines/',
      '/api/v1//engines',
      '/engines%20',
      '/engines|a=b',
    ]) {
      expect((await product.api('GET', path)).status).toBe(404);
      expect((await product.api('GET', path, undefined, {})).status).toBe(404);
    }
    for (const path of ['//ace/../engines', '/ace//..//engines', '/ace/%2e%2e/engines']) {
      expect((await product.api('GET', path)).status).toBe(404);
    }
  });

  it('id first, then infohash: one stream', async () => {
    const id = newContentId();
    const { infohash } = await engine.content(id);
    const first = open(streamPath(id));
    await first.playing();
    const second = open(`/ace/getstream?infohash=${infohash.toUpperCase()}`);
    await second.playing();
    expect(await product.session(id)).toMatchObject({ client_count: 2, infohash });
    expect(await engine.journal(`/content/${infohash}`)).toHaveLength(1);
    expect(await engine.starts(infohash)).toHaveLength(0);
    await first.receiveMore(1000);
    expect(first.audit.markers).toMatchObject({ lostPackets: 0, repeatedPackets: 0, jumps: [] });
  });

  it('infohash first, then id: the second start joins the first stream', async () => {
    const id = newContentId();
    const { infohash } = await engine.content(id);
    const first = open(`/ace/getstream?infohash=${infohash}`);
    await first.playing();
    const second = open(streamPath(id));
    await second.playing();
    await eventually(async () => {
      expect(await product.session(infohash)).toMatchObject({ client_count: 2, is_active: true });
      const { sessions } = await engine.state();
      expect(sessions.filter((one) => one.infohash === infohash)).toHaveLength(1);
      return true;
    });
    await Promise.all([first.receiveMore(4000), second.receiveMore(4000)]);
    expect(first.ending ?? second.ending).toBeNull();
    for (const { audit } of [first, second]) {
      expect(audit).toMatchObject({ misaligned: 0, continuityErrors: 0 });
      expect(audit.markers).toMatchObject({ lostPackets: 0, repeatedPackets: 0 });
    }
  });

  it('another file index is another content', async () => {
    const id = newContentId();
    const viewers = [open(streamPath(id, '&_idx=2')), open(streamPath(id, '&_idx=0002'))];
    await Promise.all(viewers.map((viewer) => viewer.playing()));
    const starts = await engine.starts(id);
    expect(starts).toHaveLength(1);
    expect(starts[0]!.url).toContain('&_idx=2&');
    expect(await product.session(id)).toBeUndefined();
    expect(await product.session(`${id}-2`)).toMatchObject({ client_count: 2 });
  });

  it('parameters for the engine make another stream, on another engine, which gets them', async () => {
    const other = await startSimulator();
    const both = await startProduct({
      engines: [engine, other],
      env: { PROXY_GRACE_PERIOD: '0s' },
    });
    const id = newContentId();
    const watch = (query: string): Viewer => openViewer(both.url(streamPath(id, query)));
    const plain = watch('');
    await plain.playing();
    const spanish = watch('&transcode_ac3=1&preferred_audio_language=SPA');
    const same = watch('&preferred_audio_language=spa&transcode_mp3=0&transcode_ac3=1');
    await Promise.all([spanish.playing(), same.playing()]);
    const starts = await Promise.all([engine.starts(id), other.starts(id)]);
    expect(starts.map((one) => one.length)).toEqual([1, 1]);
    const targets = starts.flat().map(({ url }) => url.replace(/&pid=.*/, ''));
    expect(targets.sort()).toEqual([
      `/ace/getstream?format=json&id=${id}`,
      `/ace/getstream?format=json&id=${id}&preferred_audio_language=spa&transcode_ac3=1`,
    ]);
    const { body: streams } = await both.api('GET', '/streams?status=started');
    const parameters = 'preferred_audio_language=spa&transcode_ac3=1';
    expect(streams).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ id, engine_parameters: null, client_count: 1 }),
        expect.objectContaining({ engine_parameters: parameters, client_count: 2 }),
      ]),
    );
    // Both engines play the content now, and a further start would end one of these engine sessions.
    await expectProblem(watch('&transcode_mp3=1'), 503, 'no_capacity');
    await Promise.all([plain.receiveMore(500), spanish.receiveMore(500)]);
    for (const { audit } of [plain, spanish]) {
      expect(audit.markers).toMatchObject({ lostPackets: 0, repeatedPackets: 0, jumps: [] });
    }
  });

  const id = newContentId();
  it.each([
    ['none', '/ace/getstream'],
    ['no known selector', '/ace/getstream?pid=x&foo=bar'],
    ['an empty selector', '/ace/getstream?id='],
    ['two of the same kind', `/ace/getstream?id=${id}&id=${id}`],
    ['two of different kinds', `/ace/getstream?id=${id}&infohash=${id}`],
    ['a selector and its alias', `/ace/getstream?id=${id}&content_id=${id}`],
    ['one in the path and one in the query', `/ace/getstream/${id}?id=${id}`],
    ['too few digits', `/ace/getstream?id=${id.slice(1)}`],
    ['too many digits', `/ace/getstream?id=${id}0`],
    ['letters beyond f', `/ace/getstream?infohash=g${id.slice(1)}`],
    ['a blank within it', `/ace/getstream?id=${id.slice(0, 20)}%20${id.slice(20)}`],
    ['a line break and a header', `/ace/getstream?id=${id}%0d%0aHost:%20evil`],
    ['an additional parameter hidden in it', `/ace/getstream?id=${id}%26url%3Dhttp%3A%2F%2Fevil`],
    ['full-width digits', `/ace/getstream?id=${encodeURIComponent('１'.repeat(40))}`],
    ['a null byte', `/ace/getstream?id=${id}%00`],
    ['a broken escape', `/ace/getstream?id=${id}%`],
    ['no digits in the path', '/ace/getstream/channel.ts'],
    ['a negative file index', `/ace/getstream?id=${id}&_idx=-1`],
    ['a file index that is not a number', `/ace/getstream?id=${id}&_idx=1e3`],
    ['several file indexes', `/ace/getstream?id=${id}&file_indexes=0,2`],
    ['two file indices', `/ace/getstream?id=${id}&_idx=1&_idx=2`],
  ])('refuses %s with 400', async (_what, path) => {
    const before = await atRest();
    await expectProblem(open(path), 400, 'invalid_selector');
    expect(await countStarts()).toBe(before);
  });

  it.each(['dvr=banana', 'dvr=', 'dvr=1&dvr=0', 'behind=banana', 'tier=banana'])(
    'refuses %s with 400 at every address, because it is reserved',
    async (slip) => {
      const before = await atRest();
      for (const path of [
        'getstream',
        `getstream/${id}.ts`,
        'manifest.m3u8',
        'preflight',
        'status',
        `stat/${id}/any`,
        'hls/any/1.ts',
      ]) {
        const selector = path.includes(id) ? '' : `&id=${id}`;
        for (const method of path.startsWith('stat') ? ['GET'] : ['GET', 'HEAD']) {
          const viewer = openViewer(product.url(`/ace/${path}?${slip}${selector}`), { method });
          if (method === 'GET') await expectProblem(viewer, 400, 'invalid_request');
          else expect(await viewer.status()).toBe(400);
        }
      }
      expect(await countStarts()).toBe(before);
    },
  );

  it.each([
    ['url', 'http%3A%2F%2F169.254.169.254%2Fx.acelive'],
    ['magnet', `magnet%3A%3Fxt%3Durn%3Abtih%3A${id}`],
  ])('refuses %s with 403 unless it is allowed', async (name, value) => {
    const before = await atRest();
    await expectProblem(open(`/ace/getstream?${name}=${value}`), 403, 'forbidden');
    const probe = openViewer(product.url(`/ace/getstream?${name}=${value}`), { method: 'HEAD' });
    expect(await probe.status()).toBe(403);
    expect(await countStarts()).toBe(before);
  });

  it('playlists and segments too, for any form of address', async () => {
    const id = newContentId();
    for (const path of [
      `/ace/manifest.m3u8/?id=${id}`,
      `//ace//manifest.m3u8//%20/?dvr=1%0D&id=${id}`,
      `/ace/manifest.m3u8?id=acestream://${id}/%7CUser-Agent=x&Referer=y`,
    ]) {
      const playlist = await openHls(product, path);
      await loadSegment(playlist.segments[0]!);
      const { pathname, search } = new URL(playlist.url);
      const odd = await loadPlaylist(product.url(`${pathname}//${search}|User-Agent=x`));
      expect(odd.segments.length).toBeGreaterThan(0);
      await loadSegment(odd.segments.at(-1)!);
      const segment = new URL(odd.segments.at(-1)!.url).pathname;
      expect((await product.api('HEAD', `/${segment}/`, undefined, {})).status).toBe(200);
    }
    expect(await engine.starts(id)).toHaveLength(1);
  });
});

describe('addresses as selectors, when they are allowed', () => {
  it('are passed on encoded, and play', async () => {
    const engine = await startSimulator();
    const product = await startProduct({
      engines: [engine],
      env: { ALLOW_URL_SELECTORS: 'true' },
    });
    const address = 'http://lists.example/a b.acelive?x=1&pid=evil#end';
    const viewer = openViewer(product.url(`/ace/getstream?url=${encodeURIComponent(address)}`));
    await viewer.playing();
    const [start] = await engine.journal('/ace/getstream');
    const query = new URLSearchParams(start!.url.split('?')[1]);
    expect([...query.keys()]).toEqual(['format', 'url', 'pid']);
    expect(query.get('url')).toBe(new URL(address).href);
    expect(query.get('pid')).not.toBe('evil');
    for (const wrong of ['file:///etc/passwd', 'gopher://x', 'nonsense', '']) {
      const refused = openViewer(product.url(`/ace/getstream?url=${encodeURIComponent(wrong)}`));
      await expectProblem(refused, 400, 'invalid_selector');
    }
  });
});
