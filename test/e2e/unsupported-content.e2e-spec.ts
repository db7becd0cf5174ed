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
import { withLag } from '../../src/kernel/testing/lag.spec-support';

/** A start without an early end would take 60 s. */
const AT_ONCE_MS = 15_000;

const MEDIA_AFTER_MS = 1000;

type Fault = { readonly kind: string } & Readonly<Record<string, unknown>>;

describe('content that is not a broadcast in MPEG-TS', () => {
  let engine: Simulator;
  let product: Product;

  beforeAll(async () => {
    engine = await startSimulator({ startDelayMs: 100 });
    product = await startProduct({ engines: [engine], env: { PROXY_GRACE_PERIOD: '300ms' } });
  });

  beforeEach(async () => {
    await engine.clear();
  });

  function open(id: string, agent = 'tv'): Viewer {
    return openViewer(product.url(streamPath(id)), { headers: { 'User-Agent': agent } });
  }

  // The media arrive later than a newer request of a player waits for its older one.
  const PLAYLISTS: readonly [string, string, readonly string[], readonly Fault[]][] = [
    ['as a broadcast', 'one player', ['tv', 'tv', 'tv'], []],
    ['as a broadcast', 'several players', ['tv', 'box', 'phone'], []],
    ['as recorded', 'one player', ['tv', 'tv', 'tv'], [{ kind: 'not_live' }]],
    ['as recorded', 'several players', ['tv', 'box', 'phone'], [{ kind: 'not_live' }]],
  ];

  it.each(PLAYLISTS)('a playlist that the engine reports %s, for %s', async (...row) => {
    const [, , agents, faults] = row;
    const id = newContentId();
    const content_type = 'application/vnd.apple.mpegurl';
    await engine.fault({ kind: 'media_kind', content: id, content_type });
    await engine.fault({ kind: 'delay', where: 'content', content: id, ms: MEDIA_AFTER_MS });
    for (const fault of faults) await engine.fault({ content: id, ...fault });
    const viewers = agents.map((agent) => open(id, agent));
    for (const viewer of viewers) {
      const problem = await expectProblem(viewer, 501, 'unsupported_content');
      expect(problem.detail).toMatch(/mpegurl/);
      expect(viewer.headAfterMs).toBeLessThan(withLag(AT_ONCE_MS));
    }
    await eventually(async () => {
      const counters = await engine.counters();
      expect(counters).toMatchObject({ sessions_open: 0, sessions_leaked: 0, readers: 0 });
      return true;
    });
    // One start found out. The failure is remembered, and the next request starts nothing.
    expect(await engine.starts(id)).toHaveLength(1);
    const again = open(id);
    await expectProblem(again, 501, 'unsupported_content');
    expect(again.headAfterMs).toBeLessThan(withLag(AT_ONCE_MS));
    expect(await engine.starts(id)).toHaveLength(1);
    // It is not the engine's fault.
    expect((await product.api('GET', `/engines/${engine.engineId}`)).body.state).toBe('healthy');
  });

  const FILES: readonly [string, Fault, string][] = [
    ['MP4', { kind: 'media_kind', media: 'mp4' }, 'video/mp4'],
    [
      'MP4 that is called MPEG-TS',
      { kind: 'media_kind', media: 'mp4', content_type: 'video/mp2t' },
      'video/mp2t',
    ],
    ['Matroska', { kind: 'media_kind', media: 'matroska' }, 'video/x-matroska'],
    [
      'Matroska without a type',
      { kind: 'media_kind', media: 'matroska', content_type: 'application/octet-stream' },
      'application/octet-stream',
    ],
  ];

  it.each(FILES)('%s is passed through unchanged', async (_what, fault, type) => {
    const id = newContentId();
    await engine.fault({ content: id, ...fault });
    const viewer = open(id);
    const { status, headers } = await viewer.head;
    expect(status).toBe(200);
    expect(headers['content-type']).toBe(type);
    expect(Number(headers['content-length'])).toBeGreaterThan(1_000_000);
    const failures = product
      .logs()
      .filter((line) => line['streamId'] === id && Number(line['level']) >= 40);
    expect(failures).toEqual([]);
    expect((await product.api('GET', `/engines/${engine.engineId}`)).body.state).toBe('healthy');
  });

  it('is not remembered for other contents', async () => {
    await open(newContentId()).playing();
  });

  it('leaves nothing behind', async () => {
    await expectNothingLeft(product, [engine]);
  });
});

describe('"unknown content" from an engine without its network', () => {
  const ENV = {
    ENGINE_PROBE_INTERVAL: '200ms',
    PROXY_RETRY_BASE: '100ms',
    PROXY_GRACE_PERIOD: '300ms',
  };
  const CUT_OFF = { kind: 'network_disconnected' };
  const UNKNOWN = { kind: 'json_error', text: 'failed to load content' };

  async function probedAsCutOff(product: Product, engine: Simulator): Promise<void> {
    const probes = '/server/api?api_version=3&method=get_network_connection_status';
    const before = (await engine.journal(probes)).length;
    // The second probe from now on began after the fault was set.
    await eventually(async () => (await engine.journal(probes)).length >= before + 2);
    await eventually(async () => {
      const { body } = await product.api('GET', '/engines/selection');
      return (body.engines as { id: string }[]).some(({ id }) => id === engine.engineId);
    });
  }

  it('is no 404, and is not remembered', async () => {
    const engine = await startSimulator();
    const product = await startProduct({ engines: [engine], env: ENV });
    const id = newContentId();
    await engine.fault(CUT_OFF);
    await engine.fault({ ...UNKNOWN, content: id });
    await probedAsCutOff(product, engine);
    await expectProblem(openViewer(product.url(streamPath(id))), 502, 'engine_failed');
    await engine.clearFaults();
    await openViewer(product.url(streamPath(id))).playing();
  });

  it('leads the viewer to an engine with a network', async () => {
    const engines = [await startSimulator({ name: 'a' }), await startSimulator({ name: 'b' })];
    const product = await startProduct({
      engines,
      env: { ...ENV, MAX_STREAMS_PER_ENGINE: '1' },
    });
    // The connected engine is full until the other one was tried.
    const id = newContentId();
    const busy = openViewer(product.url(streamPath(newContentId())));
    await busy.playing();
    const { body } = await product.api('GET', '/engines');
    const taken = (body as { id: string; streams: string[] }[]).find(
      (one) => one.streams.length > 0,
    );
    const cutOff = engines.find(({ engineId }) => engineId !== taken!.id)!;
    await cutOff.fault(CUT_OFF);
    await cutOff.fault({ ...UNKNOWN, content: id });
    await cutOff.fault({ kind: 'delay', content: id, ms: 6000, times: 1 });
    await probedAsCutOff(product, cutOff);
    const viewer = openViewer(product.url(streamPath(id)));
    await eventually(async () => (await cutOff.starts(id)).length === 1);
    busy.destroy();
    await viewer.playing();
    const session = await product.session(id);
    expect(session.container_id).toBe(taken!.id);
    expect(session.attempts).toHaveLength(2);
    expect(session.attempts[0]).toMatchObject({ engine_id: cutOff.engineId });
  });

  it('is chosen last while a connected engine is free', async () => {
    const engines = [await startSimulator({ name: 'a' }), await startSimulator({ name: 'b' })];
    const product = await startProduct({ engines, env: ENV });
    const [cutOff, good] = engines as [Simulator, Simulator];
    await cutOff.fault(CUT_OFF);
    await eventually(
      async () => {
        const { body } = await product.api('GET', '/engines/selection');
        const one = (body.engines as { id: string; filters: string[] }[]).find(
          ({ id }) => id === cutOff.engineId,
        );
        return one!.filters.includes('network_disconnected');
      },
      20_000,
      'the selection knows',
    );
    for (let n = 0; n < 3; n += 1) {
      const id = newContentId();
      await openViewer(product.url(streamPath(id))).playing();
      expect((await product.session(id)).container_id).toBe(good.engineId);
    }
    expect(await cutOff.journal('/ace/')).toEqual([]);
  });
});
