import {
  call,
  eventually,
  expectProblem,
  newContentId,
  openViewer,
  startProduct,
  startSimulator,
  streamPath,
  type Product,
  type Simulator,
} from './support';
import { withLag } from '../../src/kernel/testing/lag.spec-support';

describe('for programs written against an engine: format=json', () => {
  let engine: Simulator;
  let product: Product;

  beforeAll(async () => {
    engine = await startSimulator();
    product = await startProduct({
      engines: [engine],
      env: { PROXY_GRACE_PERIOD: '500ms', MAX_STREAMS_PER_ENGINE: '20' },
    });
  });

  interface Playback {
    readonly playback_url: string;
    readonly stat_url: string;
    readonly command_url: string;
    readonly infohash: string;
    readonly playback_session_id: string;
  }

  async function start(id: string, host?: string): Promise<Playback> {
    const answer = await call({
      port: product.port,
      path: streamPath(id, '&format=json&pid=theirs'),
      headers: host === undefined ? {} : { Host: host },
    });
    expect(answer.status).toBe(200);
    expect(answer.headers['content-type']).toMatch(/^application\/json/);
    expect(answer.headers['access-control-allow-origin']).toBe('*');
    expect(answer.body.error).toBeNull();
    return answer.body.response;
  }

  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- an engine's answer of any kind
  async function ask(address: string): Promise<any> {
    const { pathname, search } = new URL(address);
    return (await call({ port: product.port, path: pathname + search })).body;
  }

  it('answers like an engine, with own addresses that play, show statistics and stop', async () => {
    const id = newContentId();
    const { infohash } = await engine.content(id);
    const playback = await start(id);
    expect(playback).toMatchObject({
      infohash,
      is_live: 1,
      playback_session_id: expect.stringMatching(/^[0-9a-f]{16,}$/),
      client_session_id: -1,
    });
    for (const url of [playback.playback_url, playback.stat_url, playback.command_url]) {
      expect(new URL(url).host).toBe(`127.0.0.1:${product.port}`);
      expect(url).not.toContain(`:${engine.httpPort}`);
    }
    const viewer = openViewer(playback.playback_url);
    await viewer.playing();
    expect(viewer.audit.firstAt).toMatchObject({ pat: 0, pmt: 1 });
    const stat = await ask(playback.stat_url);
    expect(stat).toMatchObject({
      error: null,
      response: { status: 'dl', infohash, peers: expect.any(Number) },
    });
    expect(await ask(`${playback.command_url}?method=stop`)).toEqual({
      response: 'ok',
      error: null,
    });
    expect((await viewer.closed).how).toBe('rst');
    await eventually(async () =>
      (await engine.state()).sessions.every((s) => s.infohash !== infohash),
    );
    expect((await ask(playback.stat_url)).error).toBe('unknown playback session id');
  });

  it('uses the host of the request in its addresses', async () => {
    const playback = await start(newContentId(), 'tv.example:8123');
    expect(new URL(playback.playback_url).host).toBe('tv.example:8123');
  });

  it('a stop removes the caller and no other viewer', async () => {
    const id = newContentId();
    const [mine, theirs] = [await start(id), await start(id)];
    expect(mine.playback_url).not.toBe(theirs.playback_url);
    const viewers = [mine.playback_url, theirs.playback_url, product.url(streamPath(id))].map(
      (url) => openViewer(url),
    );
    await Promise.all(viewers.map((viewer) => viewer.playing()));
    expect(await engine.starts(id)).toHaveLength(1);
    await ask(`${mine.command_url}?method=stop`);
    await viewers[0]!.closed;
    for (const viewer of viewers.slice(1)) {
      await viewer.receiveMore(1500);
      expect(viewer.audit.markers).toMatchObject({ lostPackets: 0, repeatedPackets: 0, jumps: [] });
    }
    expect(await engine.starts(id)).toHaveLength(1);
  });

  it('a caller that stops without playing is stopped at the engine too', async () => {
    const id = newContentId();
    const playback = await start(id);
    await ask(`${playback.command_url}?method=stop`);
    await eventually(async () => (await product.session(id)).is_active === false);
    await eventually(async () => {
      const { sessions } = await engine.state();
      return sessions.every((one) => one.content_id !== id);
    });
  });

  it('an unknown token is answered like by an engine', async () => {
    const { infohash } = await engine.content(newContentId());
    const base = product.url(`/ace`);
    const expected = { response: null, error: 'unknown playback session id' };
    expect(await ask(`${base}/stat/${infohash}/0123456789abcdef`)).toEqual(expected);
    expect(await ask(`${base}/cmd/${infohash}/0123456789abcdef?method=stop`)).toEqual(expected);
  });
});

/** So many requests that the sum of their deadlines exceeds any delay of the machine. */
const ASKED = 30;

describe('/ace/status', () => {
  it('answers statistics from memory, also while the engine hangs', async () => {
    const engine = await startSimulator();
    const product = await startProduct({
      engines: [engine],
      env: { PROXY_GRACE_PERIOD: '500ms', PROXY_STALL_TIMEOUT: '20s' },
    });
    const status = async (query = ''): Promise<unknown> =>
      (await call({ port: product.port, path: `/ace/status${query}` })).body;
    expect(await status()).toEqual({ streams: 0 });
    const id = newContentId();
    await expectProblem(openViewer(product.url(`/ace/status?id=${id}`)), 404, 'not_found');
    await expectProblem(openViewer(product.url('/ace/status?id=x')), 400, 'invalid_selector');

    await engine.setContent(id, { start_delay_ms: 5000 });
    const viewers = [
      openViewer(product.url(streamPath(id))),
      openViewer(product.url(streamPath(id))),
    ];
    await eventually(async () => (await engine.starts(id)).length === 1);
    expect(viewers[0]!.headAfterMs).toBeNull();
    expect(await status()).toEqual({ streams: 1 });
    await Promise.all(viewers.map((viewer) => viewer.playing()));

    engine.kill('SIGSTOP');
    const startedMs = performance.now();
    // A call to the engine would take its whole deadline each time.
    for (let n = 0; n < ASKED; n += 1) expect(await status()).toEqual({ streams: 1 });
    expect(await status(`?id=${id.toUpperCase()}`)).toEqual({
      clients: 2,
      stream_id: { id },
      stat_url: expect.stringMatching(/^http:\/\//),
    });
    expect(performance.now() - startedMs).toBeLessThan(withLag(ASKED * 500));
    engine.kill('SIGCONT');

    const { infohash } = await engine.content(id);
    expect(await status(`?infohash=${infohash}`)).toMatchObject({ clients: 2 });
    viewers[0]!.destroy();
    await eventually(
      async () =>
        (await call({ port: product.port, path: `/ace/status?id=${id}` })).body.clients === 1,
    );
    viewers[1]!.destroy();
    await eventually(
      async () => (await call({ port: product.port, path: '/ace/status' })).body.streams === 0,
    );
    await expectProblem(openViewer(product.url(`/ace/status?id=${id}`)), 404, 'not_found');
  });
});
