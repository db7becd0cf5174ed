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

describe('how a content is asked for', () => {
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

  /** Of a product at rest: what is still on its way from another test is none of this one's. */
  async function atRest(): Promise<number> {
    await eventually(async () => (await product.sessionCount()) === 0, 30_000);
    return countStarts();
  }

  async function countStarts(): Promise<number> {
    return (await engine.journal('/ace/getstream')).length;
  }

  it('every form of one id is one session', async () => {
    const id = newContentId();
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
    const viewers = forms.map((form) => open(`/ace/getstream${form}`));
    await Promise.all(viewers.map((viewer) => viewer.playing()));
    expect(await product.session(id)).toMatchObject({ client_count: forms.length });
    const starts = await engine.starts(id);
    expect(starts).toHaveLength(1);
    // What reaches an engine is one canonical form, with a player id of our own.
    expect(starts[0]!.url).toMatch(
      new RegExp(`^/ace/getstream\\?format=json&id=${id}&pid=[A-Za-z0-9-]+$`),
    );
    expect(starts[0]!.url).not.toMatch(/mine|theirs|something|events/);
  });

  it('id first, then infohash: one session', async () => {
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

  it('infohash first, then id: the second start finds the first session', async () => {
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

  const id = newContentId();
  it.each([
    ['none', '/ace/getstream'],
    ['none that is known', '/ace/getstream?pid=x&foo=bar'],
    ['an empty one', '/ace/getstream?id='],
    ['two of a kind', `/ace/getstream?id=${id}&id=${id}`],
    ['two of different kinds', `/ace/getstream?id=${id}&infohash=${id}`],
    ['an alias beside it', `/ace/getstream?id=${id}&content_id=${id}`],
    ['one in the path and one in the query', `/ace/getstream/${id}?id=${id}`],
    ['too few digits', `/ace/getstream?id=${id.slice(1)}`],
    ['too many digits', `/ace/getstream?id=${id}0`],
    ['letters beyond f', `/ace/getstream?infohash=g${id.slice(1)}`],
    ['a blank at its end', `/ace/getstream?id=${id}%20`],
    ['a line break and a header', `/ace/getstream?id=${id}%0d%0aHost:%20evil`],
    ['a further parameter hidden in it', `/ace/getstream?id=${id}%26url%3Dhttp%3A%2F%2Fevil`],
    ['full-width digits', `/ace/getstream?id=${encodeURIComponent('１'.repeat(40))}`],
    ['a null byte', `/ace/getstream?id=${id}%00`],
    ['a broken escape', `/ace/getstream?id=${id}%`],
    ['no digits in the path', '/ace/getstream/channel.ts'],
    ['a negative file index', `/ace/getstream?id=${id}&_idx=-1`],
    ['a file index that is no number', `/ace/getstream?id=${id}&_idx=1e3`],
    ['two file indices', `/ace/getstream?id=${id}&_idx=1&_idx=2`],
  ])('refuses %s with 400', async (_what, path) => {
    const before = await atRest();
    await expectProblem(open(path), 400, 'invalid_selector');
    expect(await countStarts()).toBe(before);
  });

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
