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

const KODI = { 'User-Agent': 'Kodi/21.0 (X11; Linux x86_64)', Accept: '*/*' };
const EMBY = { 'User-Agent': 'Emby/4.8' };
const JELLYFIN = { 'User-Agent': 'Mozilla/5.0 (X11; Linux x86_64) Chrome/64.0.3282.186' };
const PLEX = { 'User-Agent': 'Lavf/LIBAVFORMAT_VERSION', 'Icy-MetaData': '1', Range: 'bytes=0-' };

const GRACE_MS = 1000;

/**
 * Media servers and Kodi open an address several times before they play; all of these requests must share one engine
 * session.
 */
describe('players that open an address more than once', () => {
  let engine: Simulator;
  let product: Product;

  beforeAll(async () => {
    engine = await startSimulator({ startDelayMs: 500 });
    product = await startProduct({ engines: [engine], env: { PROXY_GRACE_PERIOD: '10s' } });
  });

  function open(id: string, headers: Readonly<Record<string, string>>, method = 'GET'): Viewer {
    return openViewer(product.url(streamPath(id)), { headers, method });
  }

  /** Reads `bytes` bytes of the body, then disconnects. */
  async function readAndClose(viewer: Viewer, bytes: number): Promise<void> {
    await viewer.until((audit) => audit.bytes >= bytes, 15_000, `${bytes} bytes`);
    viewer.destroy();
  }

  async function expectOneSession(id: string): Promise<void> {
    const { infohash } = await engine.content(id);
    expect(await engine.starts(id)).toHaveLength(1);
    expect(await engine.journal(`/content/${infohash}`)).toHaveLength(1);
    const { counters, sessions } = await engine.state();
    expect(counters['second_reader_violations']).toBe(0);
    expect(sessions.filter((one) => one.infohash === infohash)).toMatchObject([{ readers: 1 }]);
    const session = await product.session(id);
    expect(session).toMatchObject({ is_active: true, failovers: 0, error: null });
    expect(session.attempts).toMatchObject([{ outcome: 'playing' }]);
  }

  it('Kodi: HEAD, GET of a kilobyte, GET', async () => {
    const id = newContentId();
    expect(await open(id, KODI, 'HEAD').status()).toBe(200);
    await readAndClose(open(id, KODI), 1024);
    const player = open(id, { ...KODI, Range: 'bytes=0-' });
    await player.playing();
    await player.receiveMore(1000);
    expect(player.audit).toMatchObject({ misaligned: 0, continuityErrors: 0 });
    await expectOneSession(id);
  });

  it('Kodi without HEAD: GET of two bytes closed at once, GET of a kilobyte, GET', async () => {
    const id = newContentId();
    const probe = open(id, { ...KODI, Range: 'bytes=0-1' });
    // Disconnects while the engine is starting; the start must continue for the next request.
    await eventually(async () => (await engine.starts(id)).length === 1);
    probe.reset();
    await readAndClose(open(id, KODI), 1024);
    const player = open(id, { ...KODI, Range: 'bytes=0-' });
    await player.playing();
    await expectOneSession(id);
    expect(await product.session(id)).toMatchObject({ client_count: 1 });
  });

  it('P2P add-ons: HEAD, HEAD and GET within a second', async () => {
    const id = newContentId();
    const probes = [open(id, KODI, 'HEAD'), open(id, KODI, 'HEAD')];
    const player = open(id, KODI);
    for (const probe of probes) expect(await probe.status()).toBe(200);
    await player.playing();
    await expectOneSession(id);
  });

  it('Emby: 120 KB, disconnected for two seconds, GET', async () => {
    const id = newContentId();
    await readAndClose(open(id, EMBY), 120_000);
    const before = await product.session(id);
    await eventually(
      async () => (await product.session(id)).idle_seconds >= 2,
      20_000,
      'two seconds',
    );
    const player = open(id, EMBY);
    await player.playing();
    expect((await product.session(id)).playback_session_id).toBe(before.playback_session_id);
    await expectOneSession(id);
  });

  it('Jellyfin: HEAD and GET, two viewers', async () => {
    const id = newContentId();
    const viewers: Viewer[] = [];
    for (let n = 0; n < 2; n += 1) {
      const probe = await open(id, JELLYFIN, 'HEAD').head;
      expect(probe).toMatchObject({ status: 200, headers: { 'content-type': 'video/mp2t' } });
      viewers.push(open(id, JELLYFIN));
    }
    await Promise.all(viewers.map((viewer) => viewer.playing()));
    await expectOneSession(id);
    const status = await product.api('GET', `/ace/status?id=${id}`, undefined, {});
    expect(status.body.clients).toBe(2);
    // One leaves, the other continues.
    viewers[0]!.destroy();
    await viewers[1]!.receiveMore(1500);
    expect(viewers[1]!.audit.markers).toMatchObject({ lostPackets: 0, repeatedPackets: 0 });
    await expectOneSession(id);
  });

  it('a hundred clients at once', async () => {
    const id = newContentId();
    // All clients join before the first media, and the bit rate is low, because the test must read all of it.
    await engine.setContent(id, { start_delay_ms: 6000, bitrate_mbps: 1, burst_seconds: 1 });
    const viewers = Array.from({ length: 100 }, () => open(id, KODI));
    await Promise.all(viewers.map((viewer) => viewer.playing(60_000)));
    await expectOneSession(id);
    expect(new Set(viewers.map((viewer) => viewer.audit.markers.firstMediaNumber)).size).toBe(1);
  });
});

describe('Plex, which opens the next channel before it closes the old one', () => {
  it('releases the old one after the grace period and does not affect the new one', async () => {
    const engine = await startSimulator();
    const product = await startProduct({
      engines: [engine],
      env: { PROXY_GRACE_PERIOD: `${GRACE_MS}ms` },
    });
    const [a, b] = [newContentId(), newContentId()];
    const open = (id: string): Viewer => openViewer(product.url(streamPath(id)), { headers: PLEX });
    const old = open(a);
    await old.playing();
    const next = open(b);
    await next.playing();
    const leftMs = Date.now();
    old.destroy();
    const session = await eventually(async () => {
      const found = await product.session(a);
      return found.is_active ? undefined : found;
    });
    expect(Date.parse(session.ended_at) - leftMs).toBeGreaterThan(GRACE_MS - 50);
    expect(session).toMatchObject({ state: 'ended', end_reason: 'no_viewers', error: null });
    await eventually(async () => (await engine.counters())['sessions_stopped'] === 1);
    await next.receiveMore(2000);
    expect(next.ending).toBeNull();
    expect(next.audit).toMatchObject({ misaligned: 0, continuityErrors: 0, flagged: 0 });
    expect(next.audit.markers).toMatchObject({ lostPackets: 0, repeatedPackets: 0, jumps: [] });
    expect(await engine.counters()).toMatchObject({
      sessions_opened: 2,
      sessions_open: 1,
      sessions_leaked: 0,
    });
    expect(await product.sessionCount()).toBe(1);
  });
});
