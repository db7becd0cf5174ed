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

const ISO = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);

describe('sessions and clients in the admin API', () => {
  let engine: Simulator;
  let product: Product;

  beforeAll(async () => {
    engine = await startSimulator({ startDelayMs: 300 });
    product = await startProduct({
      engines: [engine],
      env: {
        PROXY_GRACE_PERIOD: '300ms',
        // Longer than the delays of a busy machine, which are not stalls.
        PROXY_KEEPALIVE_AFTER: '10s',
        MAX_STREAMS_PER_ENGINE: '20',
      },
    });
  });

  function open(id: string, headers: Record<string, string> = {}): Viewer {
    return openViewer(product.url(streamPath(id)), { headers });
  }

  /** Viewers that have received the start burst and are live. */
  async function playing(id: string, count = 1): Promise<Viewer[]> {
    const viewers = Array.from({ length: count }, (_, n) => open(id, { 'User-Agent': `tv/${n}` }));
    // The engine's burst has 5 s of past media.
    const isLive: Parameters<Viewer['until']>[0] = ({ isPlaying, markers }) =>
      isPlaying && markers.receivedMs > 5000;
    await Promise.all(viewers.map((viewer) => viewer.until(isLive, 30_000, 'live pictures')));
    return viewers;
  }

  it('a playing stream has every field, with plausible values', async () => {
    const id = newContentId();
    const [viewer] = await playing(id, 2);
    await viewer!.receiveMore(1500);
    const { infohash } = await engine.content(id);
    const [atEngine] = (await engine.state()).sessions.filter((one) => one.content_id === id);
    const session = await product.session(id);
    expect(session).toMatchObject({
      stream_id: id,
      ace_id: id,
      infohash,
      engine_host: '127.0.0.1',
      engine_port: engine.httpPort,
      container_id: engine.engineId,
      playback_session_id: atEngine!.playback_session_id,
      is_live: true,
      is_active: true,
      state: 'live',
      client_count: 2,
      created_at: ISO,
      started_at: ISO,
      ended_at: null,
      error: null,
      idle_seconds: 0,
      continuity_errors: 0,
      resyncs: 0,
      failovers: 0,
      timeline: {
        requested_at: ISO,
        engine_answered_at: ISO,
        first_byte_at: ISO,
        first_pat_at: ISO,
        first_keyframe_at: ISO,
      },
      attempts: [
        {
          engine_id: engine.engineId,
          started_at: ISO,
          duration_ms: null,
          outcome: 'playing',
          detail: null,
        },
      ],
    });
    const { timeline, buffer } = session;
    const moments = Object.values<string>(timeline).map((time) => Date.parse(time));
    expect(moments).toEqual([...moments].sort((a, b) => a - b));
    expect(Date.parse(timeline.first_byte_at) - Date.parse(timeline.requested_at)).toBeGreaterThan(
      250,
    );
    expect(buffer.seconds).toBeGreaterThan(4);
    expect(buffer.keyframes).toBeGreaterThanOrEqual(4);
    expect(buffer.bytes).toBeLessThanOrEqual(session.bytes_in);
    expect(session.bytes_in).toBeGreaterThan(1_000_000);
    expect(session.bytes_out).toBeGreaterThan(session.bytes_in);
    expect(session.bitrate_bps).toBeGreaterThan(3_600_000);
    expect(session.bitrate_bps).toBeLessThan(4_400_000);
    for (const path of ['/proxy/sessions', '/api/v1/proxy/sessions', '/proxy/status']) {
      const { body } = await product.api('GET', path);
      const listed = (body.sessions as { stream_id: string }[]).find((one) => one.stream_id === id);
      // Costly facts about media and viewers are returned for single streams only.
      const observed = ['is_starving', 'looping', 'media', 'runway', 'stat'];
      expect([...Object.keys(listed!), ...observed].sort()).toEqual(Object.keys(session).sort());
    }
    expect((await product.api('GET', `/proxy/sessions/${infohash}`)).body.stream_id).toBe(id);
  });

  it('a starting and a failed stream have their states', async () => {
    const never = newContentId();
    await engine.fault({ kind: 'never', content: never });
    const waiter = open(never);
    await eventually(async () => (await engine.starts(never)).length === 1);
    const waiting = await product.session(never);
    expect(waiting).toMatchObject({
      state: 'starting',
      started_at: null,
      playback_session_id: null,
    });
    expect(waiting).toMatchObject({ attempts: [{ outcome: 'running', duration_ms: null }] });
    expect(waiting.timeline).toMatchObject({ requested_at: ISO, engine_answered_at: null });
    const { body: clients } = await product.api('GET', `/proxy/sessions/${never}/clients`);
    expect(clients.clients).toMatchObject([{ state: 'waiting', bytes_sent: 0, behind_s: null }]);
    waiter.destroy();

    const id = newContentId();
    await engine.fault({ kind: 'http_status', content: id });
    await expectProblem(open(id), 502, 'engine_failed');
    expect(await product.session(id)).toMatchObject({
      state: 'failed',
      is_active: false,
      client_count: 0,
      ended_at: ISO,
      error: expect.stringMatching(/^engine_failed: /),
      container_id: engine.engineId,
      attempts: [
        {
          duration_ms: expect.any(Number),
          outcome: 'engine_failed',
          detail: expect.stringMatching(/^http_500/),
        },
      ],
      timeline: { engine_answered_at: null, first_byte_at: null },
    });
    await engine.clearFaults();
  });

  it('clients are distinguished, and one can be kicked', async () => {
    const id = newContentId();
    const [stays, goes] = (await playing(id, 2)) as [Viewer, Viewer];
    const path = `/proxy/sessions/${id}/clients`;
    await stays.receiveMore(1000);
    const body = await eventually(async () => {
      const answer = await product.api('GET', path);
      const { clients } = answer.body as { clients: { behind_s: number }[] };
      // The request may come when media have just arrived.
      return clients.every(({ behind_s: behind }) => behind < 1) && answer.body;
    });
    expect(body.clients).toHaveLength(2);
    for (const client of body.clients) {
      expect(client).toMatchObject({
        client_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
        ip_address: '127.0.0.1',
        user_agent: expect.stringMatching(/^tv\/[01]$/),
        state: 'streaming',
        connected_at: ISO,
        jumps: 0,
      });
      expect(client.bytes_sent).toBeGreaterThan(1_000_000);
    }
    const kicked = (body.clients as { client_id: string; user_agent: string }[]).find(
      ({ user_agent: agent }) => agent === 'tv/1',
    )!;
    const answer = await product.api('DELETE', `${path}/${kicked.client_id}`);
    expect(answer.status).toBe(204);
    // A FIN would look like the end of the programme.
    expect((await goes.closed).how).toBe('rst');
    await stays.receiveMore(500);
    expect(stays.audit).toMatchObject({ continuityErrors: 0, flagged: 0 });
    expect((await product.api('DELETE', `${path}/${kicked.client_id}`)).status).toBe(404);
    expect((await product.session(id)).client_count).toBe(1);
    const { body: left } = await product.api('GET', `/events?type=viewer_left&stream_id=${id}`);
    expect(left).toMatchObject([{ client_id: kicked.client_id, reason: 'kicked' }]);
  });

  it.each(['/proxy/sessions', '/streams', '/api/v1/streams'])(
    'DELETE %s/{id} resets the viewers and stops the session at the engine',
    async (base) => {
      const id = newContentId();
      const viewers = await playing(id, 3);
      const { infohash } = await engine.content(id);
      const answer = await product.api('DELETE', `${base}/${id}`);
      expect([200, 204]).toContain(answer.status);
      const endings = await Promise.all(viewers.map((viewer) => viewer.closed));
      expect(endings.map(({ how }) => how)).toEqual(['rst', 'rst', 'rst']);
      await eventually(async () => {
        const { sessions } = await engine.state();
        return sessions.every((one) => one.content_id !== id);
      });
      expect(await engine.journal(`/ace/cmd/${infohash}`)).toHaveLength(1);
      expect(await product.session(id)).toMatchObject({ state: 'ended', end_reason: 'stopped' });
      expect((await product.api('DELETE', `${base}/${id}`)).status).toBe(404);
      // The content may be played again.
      await playing(id);
    },
  );

  it('DELETE of a starting stream: waiting viewers are answered, and the start ends', async () => {
    const id = newContentId();
    const { infohash } = await engine.content(id);
    await engine.fault({ kind: 'delay', content: id, ms: 4000 });
    const viewer = open(id);
    await eventually(async () => (await engine.starts(id)).length === 1);
    expect((await product.api('DELETE', `/proxy/sessions/${id}`)).status).toBe(204);
    expect(await viewer.status()).toBeGreaterThanOrEqual(400);
    // The engine opens the session nevertheless, and is told to stop it.
    await eventually(async () => (await engine.journal(`/ace/cmd/${infohash}`)).length === 1);
    await eventually(async () => {
      const { sessions } = await engine.state();
      return sessions.every((one) => one.content_id !== id);
    });
    await engine.clearFaults();
  });

  it('nothing is left behind', async () => {
    const { body } = await product.api('GET', '/proxy/sessions');
    for (const { stream_id: id } of body.sessions) {
      await product.api('DELETE', `/proxy/sessions/${id}`);
    }
    await expectNothingLeft(product, [engine]);
  });
});
