import {
  eventually,
  expectProblem,
  newContentId,
  openViewer,
  startProduct,
  startSimulator,
  streamPath,
  type LogLine,
  type Product,
  type Simulator,
  type Viewer,
} from './support';
import { baselineOf, expectNothingLeft, type Baseline } from './support/remains';
import { withLag } from '../../src/kernel/testing/lag.spec-support';

const CROWD = 100;
/** A hundred starts one after the other would take longer. */
const AT_ONCE_MS = 10_000;

describe('a crowd at one start', () => {
  let engine: Simulator;
  let product: Product;
  let atRest: Baseline;

  beforeAll(async () => {
    engine = await startSimulator({ startDelayMs: 500 });
    product = await startProduct({
      engines: [engine],
      hasUser: true,
      env: {
        PROXY_GRACE_PERIOD: '500ms',
        PROXY_RETRY_BASE: '100ms',
        PROXY_INIT_TIMEOUT: '10s',
        MAX_STREAMS_PER_ENGINE: '20',
      },
    });
    atRest = baselineOf(product);
  });

  function open(id: string): Viewer {
    return openViewer(product.url(streamPath(id)));
  }

  function crowd(id: string): Viewer[] {
    return Array.from({ length: CROWD }, () => open(id));
  }

  function spread(times: readonly number[]): number {
    return Math.max(...times) - Math.min(...times);
  }

  it('causes one start at the engine, and all get the same media', async () => {
    const id = newContentId();
    // All viewers join before the first media, and the bit rate is low, because the test must read all of it.
    await engine.setContent(id, { start_delay_ms: 4000, bitrate_mbps: 1, burst_seconds: 1 });
    const viewers = crowd(id);
    await Promise.all(viewers.map((viewer) => viewer.playing(60_000)));
    expect(await engine.starts(id)).toHaveLength(1);
    const { infohash } = await engine.content(id);
    expect(await engine.journal(`/content/${infohash}`)).toHaveLength(1);
    expect(spread(viewers.map(({ audit }) => audit.firstByteMs!))).toBeLessThan(
      withLag(AT_ONCE_MS),
    );
    expect(new Set(viewers.map(({ audit }) => audit.markers.firstMediaNumber)).size).toBe(1);
    expect(await product.session(id)).toMatchObject({ client_count: CROWD, failovers: 0 });
    const { body } = await product.api('GET', `/proxy/sessions/${id}/clients`);
    const ids = (body.clients as { client_id: string }[]).map((client) => client.client_id);
    // Same address and User-Agent: still 100 viewers.
    expect(new Set(ids).size).toBe(CROWD);
  });

  it.each([
    ['the engine fails', { kind: 'http_status', status: 500 }, 502, 'engine_failed', 1],
    // The same digits may be an infohash, so the other form is tried once.
    ['the engine knows no such content', { kind: 'json_error' }, 404, 'content_not_found', 2],
    ['no media arrive', { kind: 'no_data' }, 504, 'start_timeout', 1],
  ])('gets the same error at once when %s', async (_what, fault, status, code, starts) => {
    const id = newContentId();
    // Long enough for all to join before the decision.
    await engine.fault({ kind: 'delay', content: id, nth: 1, ms: 4000 });
    await engine.fault({ content: id, ...fault });
    const viewers = crowd(id);
    const problems = await Promise.all(viewers.map((one) => expectProblem(one, status, code)));
    expect(new Set(problems.map(({ detail }) => detail)).size).toBe(1);
    expect(spread(viewers.map(({ headAfterMs }) => headAfterMs!))).toBeLessThan(
      withLag(AT_ONCE_MS),
    );
    expect(await engine.starts(id)).toHaveLength(starts);
    const complaints = (): LogLine[] =>
      product.logs().filter((line) => line['streamId'] === id && Number(line['level']) >= 40);
    await eventually(() => complaints().length > 0);
    expect(complaints()).toHaveLength(1);
  });

  it('leaves nothing behind', async () => {
    await engine.clearFaults();
    await expectNothingLeft(product, [engine], atRest);
  });
});

describe('a start that all viewers leave', () => {
  let engine: Simulator;
  let product: Product;
  let atRest: Baseline;

  beforeAll(async () => {
    engine = await startSimulator({ startDelayMs: 1500 });
    product = await startProduct({ engines: [engine], env: { PROXY_GRACE_PERIOD: '200ms' } });
    atRest = baselineOf(product);
  });

  beforeEach(() => engine.clear());

  function open(id: string): Viewer {
    return openViewer(product.url(streamPath(id)));
  }

  async function expectOneStartOneStop(id: string, of = product): Promise<void> {
    await eventually(
      async () => {
        const counters = await engine.counters();
        expect(counters).toMatchObject({ sessions_opened: 1, sessions_stopped: 1 });
        expect(counters).toMatchObject({ sessions_open: 0, sessions_leaked: 0 });
        return true;
      },
      30_000,
      'one start, one stop',
    );
    expect(await engine.starts(id)).toHaveLength(1);
    await expectNothingLeft(of, [engine], of === product ? atRest : null);
    expect(await of.session(id)).toMatchObject({ is_active: false, end_reason: 'no_viewers' });
  }

  it('while the engine looks for peers: one start, one stop', async () => {
    const id = newContentId();
    const viewers = [open(id), open(id)];
    await eventually(async () => (await engine.counters())['sessions_open'] === 1);
    viewers[0]!.destroy();
    viewers[1]!.reset();
    await expectOneStartOneStop(id);
  });

  it('while the engine has not answered the start: one start, and a stop as soon as it answers', async () => {
    const id = newContentId();
    await engine.fault({ kind: 'delay', content: id, ms: 5000 });
    const viewer = open(id);
    await eventually(async () => (await engine.starts(id)).length === 1);
    viewer.destroy();
    await eventually(async () => (await product.session(id)).is_active === false);
    expect((await engine.counters())['sessions_opened']).toBe(0);
    await expectOneStartOneStop(id);
  });

  it('by a hundred at once: one start, one stop', async () => {
    const id = newContentId();
    const viewers = Array.from({ length: CROWD }, () => open(id));
    await eventually(async () => (await product.session(id))?.client_count === CROWD);
    viewers.forEach((viewer, at) => (at % 2 === 0 ? viewer.destroy() : viewer.reset()));
    await expectOneStartOneStop(id);
  });

  it('continues for a viewer that comes back in time', async () => {
    const patient = await startProduct({
      engines: [engine],
      env: { PROXY_GRACE_PERIOD: '6s' },
    });
    const id = newContentId();
    const first = openViewer(patient.url(streamPath(id)));
    await eventually(async () => (await engine.counters())['sessions_open'] === 1);
    first.destroy();
    await eventually(async () => (await patient.session(id)).client_count === 0);
    const second = openViewer(patient.url(streamPath(id)));
    await second.playing();
    expect(await engine.counters()).toMatchObject({ sessions_opened: 1, sessions_stopped: 0 });
    second.destroy();
    await expectOneStartOneStop(id, patient);
  });

  it('begins again for a request after its end', async () => {
    const id = newContentId();
    const first = open(id);
    await eventually(async () => (await engine.counters())['sessions_open'] === 1);
    first.destroy();
    await eventually(async () => (await product.session(id)).is_active === false);
    await open(id).playing();
    await eventually(async () => (await engine.counters())['sessions_stopped'] === 1);
    expect(await engine.counters()).toMatchObject({ sessions_opened: 2, sessions_open: 1 });
  });
});
