import {
  eventually,
  expectProblem,
  newContentId,
  openViewer,
  startProduct,
  startSimulator,
  type Product,
  type Simulator,
  type Viewer,
} from './support';
import { expectNothingLeft } from './support/remains';
import { expectHonest } from './support/session-facts';
import { withLag } from '../../src/kernel/testing/lag.spec-support';

let names = 0;

const INIT_MS = 8000;

describe('a channel of several sources', () => {
  let engines: Simulator[];
  let product: Product;

  beforeAll(async () => {
    engines = await Promise.all(
      ['one', 'two'].map((name) => startSimulator({ name, startDelayMs: 50, burstSeconds: 3 })),
    );
    product = await startProduct({
      engines,
      env: {
        MAX_STREAMS_PER_ENGINE: '20',
        PROXY_GRACE_PERIOD: '0s',
        PROXY_INIT_TIMEOUT: `${INIT_MS}ms`,
        // An engine that is late on a busy machine must not count as silent.
        PROXY_STALL_TIMEOUT: '5s',
        PROXY_RETRY_BASE: '100ms',
        PROXY_RETRY_MAX: '500ms',
        NEGATIVE_CACHE_TTL: '10m',
      },
    });
  });

  beforeEach(async () => {
    for (const engine of engines) await engine.clearFaults();
    await eventually(async () => (await product.sessionCount()) === 0, 20_000, 'no session');
  });

  /** A channel of contents that no other test uses. */
  async function makeChannel(count: number): Promise<[id: string, sources: string[]]> {
    const id = `channel${++names}`;
    const sources = Array.from({ length: count }, newContentId);
    const body = { name: id, sources: sources.map((source) => ({ id: source })) };
    const { status } = await product.api('PUT', `/api/v1/channels/${id}`, body);
    expect(status).toBe(201);
    return [id, sources];
  }

  function watch(channel: string): Viewer {
    return openViewer(product.url(`/ace/getstream?channel=${channel}`));
  }

  async function everywhere(fault: { kind: string } & Record<string, unknown>): Promise<void> {
    for (const engine of engines) await engine.fault(fault);
  }

  /** Acts on the readers of this content at any of the engines. */
  async function interrupt(content: string, action: string): Promise<void> {
    for (const engine of engines) {
      // An engine that was never asked for the content does not know it.
      await engine.content(content);
      await engine.actOnReaders(action, { content });
    }
  }

  async function startsOf(source: string): Promise<number> {
    const starts = await Promise.all(engines.map((engine) => engine.starts(source)));
    return starts.flat().length;
  }

  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- tests check the shape of answers
  async function latelyOf(channel: string): Promise<any[]> {
    return (await product.api('GET', `/api/v1/channels/${channel}`)).body.sources;
  }

  it('the first source is unknown: the second plays, and is tried first the next time', async () => {
    const [channel, [dead = '', good = '']] = await makeChannel(2);
    await everywhere({ kind: 'json_error', content: dead });
    const viewer = watch(channel);
    await viewer.playing();
    expect(await product.session(`channel-${channel}`)).toMatchObject({
      is_active: true,
      ace_id: channel,
      channel,
      source: { id: good, kind: 'content_id', label: null },
      attempts: [{ source: dead }, { source: good, outcome: 'playing' }],
    });
    const { body: streams } = await product.api('GET', '/streams?status=started');
    expect(streams).toMatchObject([{ key_type: 'channel', key: channel, source: { id: good } }]);
    expect(await latelyOf(channel)).toMatchObject([
      { id: dead, rank: 2, failure: expect.any(String), started_at: null },
      { id: good, rank: 1, failure: null, start_ms: expect.any(Number) },
    ]);
    viewer.destroy();
    await eventually(async () => (await product.sessionCount()) === 0);
    const before = await startsOf(dead);
    const again = watch(channel);
    await again.playing();
    expect(await startsOf(dead)).toBe(before);
    again.destroy();
  });

  it('the first source never delivers media: the second plays within its share of the start budget', async () => {
    const [channel, [silent = '', good = '']] = await makeChannel(2);
    await everywhere({ kind: 'no_data', content: silent });
    const viewer = watch(channel);
    await viewer.playing();
    expect(viewer.headAfterMs).toBeGreaterThan(INIT_MS / 2 - 100);
    expect(viewer.headAfterMs).toBeLessThan(withLag(INIT_MS));
    expect(await product.session(`channel-${channel}`)).toMatchObject({ source: { id: good } });
    viewer.destroy();
    await expectNothingLeft(product, engines);
  });

  it('all sources are unknown: 404, and at once from then on until the list changes', async () => {
    const [channel, sources] = await makeChannel(3);
    for (const content of sources) await everywhere({ kind: 'json_error', content });
    const problem = await expectProblem(watch(channel), 404, 'content_not_found');
    expect(problem.detail).toContain("any of the channel's 3 sources");
    const starts = await startsOf(sources[0]!);
    await expectProblem(watch(channel), 404, 'content_not_found');
    expect(await startsOf(sources[0]!)).toBe(starts);
    const body = { name: 'mended', sources: [{ id: newContentId() }] };
    expect((await product.api('PUT', `/api/v1/channels/${channel}`, body)).status).toBe(200);
    const viewer = watch(channel);
    await viewer.playing();
    viewer.destroy();
  });

  it('one source is unknown, the other silent: the error reports the silence', async () => {
    const [channel, [dead = '', silent = '']] = await makeChannel(2);
    await everywhere({ kind: 'json_error', content: dead });
    await everywhere({ kind: 'no_data', content: silent });
    await expectProblem(watch(channel), 504, 'start_timeout');
  });

  it.each<[string, { kind: string; where: string } & Record<string, unknown>, string]>([
    ['is ended, and unknown from then on', { kind: 'json_error', where: 'getstream' }, 'end'],
    ['becomes silent and stays silent', { kind: 'no_data', where: 'content' }, 'stall'],
  ])(
    'a source that %s while it plays: viewers continue with the other',
    async (_, fault, action) => {
      const [channel, [first = '', second = '']] = await makeChannel(2);
      const viewer = watch(channel);
      await viewer.playing();
      const { infohash } = await product.session(`channel-${channel}`);
      await everywhere({ ...fault, content: first });
      await interrupt(first, action);
      await eventually(
        async () => {
          const { state, source } = await product.session(`channel-${channel}`);
          return state === 'live' && source.id === second;
        },
        40_000,
        'the second source',
      );
      await viewer.receiveMore(2000);
      expect(viewer.ending).toBeNull();
      expectHonest(viewer.audit);
      const session = await product.session(`channel-${channel}`);
      expect(session.infohash).not.toBe(infohash);
      expect(session).toMatchObject({ client_count: 1, error: null });
      const { body } = await product.api('GET', '/events?type=stream_source_changed');
      expect(body.at(-1).details).toMatchObject({ channel, from: first, to: second });
      expect((await latelyOf(channel)).map(({ rank }) => rank)).toEqual([2, 1]);
      viewer.destroy();
      await expectNothingLeft(product, engines);
    },
  );

  it('when the second source fails too, the first is tried again', async () => {
    const [channel, [first = '', second = '']] = await makeChannel(2);
    const viewer = watch(channel);
    await viewer.playing();
    const isPlaying = async (source: string): Promise<void> => {
      await eventually(
        async () => {
          const session = await product.session(`channel-${channel}`);
          return session.state === 'live' && session.source.id === source;
        },
        40_000,
        source,
      );
      await viewer.receiveMore(1000);
    };
    const lose = async (source: string): Promise<void> => {
      await everywhere({ kind: 'json_error', content: source });
      await interrupt(source, 'end');
    };
    await lose(first);
    await isPlaying(second);
    for (const engine of engines) await engine.clearFaults();
    await lose(second);
    await isPlaying(first);
    expect(viewer.ending).toBeNull();
    expectHonest(viewer.audit);
    viewer.destroy();
  });

  it('a request for the id or infohash of its source joins it, and the other way round', async () => {
    const [channel, [source = '', other = '']] = await makeChannel(2);
    const { infohash } = await engines[0]!.content(source);
    const first = watch(channel);
    await first.playing();
    const forms = [`id=${source}`, `infohash=${infohash}`];
    const more = forms.map((form) => openViewer(product.url(`/ace/getstream?${form}`)));
    for (const viewer of more) await viewer.playing();
    expect(await product.session(`channel-${channel}`)).toMatchObject({ client_count: 3 });
    expect(await startsOf(source)).toBe(1);
    for (const viewer of [first, ...more]) viewer.destroy();
    await eventually(async () => (await product.sessionCount()) === 0);

    const plain = openViewer(product.url(`/ace/getstream?id=${source}`));
    await plain.playing();
    const late = watch(channel);
    await late.playing();
    expect(await product.session(source)).toMatchObject({ client_count: 2, channel });
    expect(await startsOf(source)).toBe(2);
    // The stream belongs to the channel from then on, so it can continue with another source.
    await everywhere({ kind: 'json_error', content: source });
    await interrupt(source, 'end');
    await eventually(
      async () => (await product.session(source)).source.id === other,
      40_000,
      'the other source',
    );
    await late.receiveMore(1000);
    for (const viewer of [plain, late]) expect(viewer.ending).toBeNull();
    // A request for the old content must not join the stream of the new one.
    await expectProblem(
      openViewer(product.url(`/ace/getstream?id=${source}`)),
      404,
      'content_not_found',
    );
    for (const viewer of [plain, late]) viewer.destroy();
  });

  it('is requested like a content: HLS, format=json, preflight, status', async () => {
    const [channel, [dead = '', good = '']] = await makeChannel(2);
    await everywhere({ kind: 'json_error', content: dead });
    for (const engine of engines) {
      await engine.fault({ kind: 'json_error', where: 'service', content: dead });
    }
    const { infohash } = await engines[0]!.content(good);
    for (const tier of ['light', 'deep']) {
      const { status, body } = await product.api(
        'GET',
        `/ace/preflight?channel=${channel}&tier=${tier}`,
      );
      expect({ status, ...body }).toMatchObject({ status: 200, playable: true, infohash });
    }
    const { body } = await product.api('GET', `/ace/getstream?channel=${channel}&format=json`);
    const viewer = openViewer(body.response.playback_url);
    await viewer.playing();
    const playlist = await product.api('GET', `/ace/manifest.m3u8?channel=${channel}`);
    expect(playlist.status).toBe(302);
    const status = (await product.api('GET', `/ace/status?channel=${channel}`)).body;
    expect(status).toMatchObject({ clients: 2, stream_id: { channel } });
    expect(await product.sessionCount()).toBe(1);
    await product.api('DELETE', `/streams/channel-${channel}`);
  });

  it('is distinguished from a missing channel', async () => {
    const [channel] = await makeChannel(1);
    const paths = ['/ace/getstream?', '/ace/manifest.m3u8?', '/ace/preflight?'];
    for (const path of paths) {
      const ask = (query: string): Viewer => openViewer(product.url(path + query));
      const problem = await expectProblem(ask('channel=nobody'), 404, 'content_not_found');
      expect(problem.detail).toBe('There is no channel "nobody".');
      for (const [name, status] of [
        ['nobody', 404],
        [channel, 200],
      ]) {
        const head = await product.api('HEAD', `${path}channel=${name}`);
        expect({ path, name, status: head.status }).toEqual({ path, name, status });
      }
      for (const bad of ['', 'News', '-a', 'a%2Fb', 'a b', 'a'.repeat(65)]) {
        await expectProblem(ask(`channel=${bad}`), 400, 'invalid_selector');
      }
      const id = newContentId();
      await expectProblem(ask(`channel=${channel}&id=${id}`), 400, 'invalid_selector');
      await expectProblem(ask(`channel=${channel}&channel=${channel}`), 400, 'invalid_selector');
    }
    // A missing channel is not remembered.
    const body = { name: 'x', sources: [{ id: newContentId() }] };
    await product.api('PUT', '/api/v1/channels/nobody', body);
    const viewer = watch('nobody');
    await viewer.playing();
    // After its removal present viewers continue, and new ones are refused.
    expect((await product.api('DELETE', '/api/v1/channels/nobody')).status).toBe(200);
    await viewer.receiveMore(500);
    await expectProblem(watch('nobody'), 404, 'content_not_found');
    viewer.destroy();
  });
});
