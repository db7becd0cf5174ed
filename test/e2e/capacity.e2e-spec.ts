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
import { engineIsFree, expectUntouched, streamsOn } from './support/session-facts';
import { withLag } from '../../src/kernel/testing/lag.spec-support';

/** A request that waits for an engine or the end of a grace period waits far longer than any delay of the machine. */
const AT_ONCE_MS = 10_000;
const ENGINE_WAIT_MS = 60_000;
const GRACE_MS = 600_000;

describe('a fleet that is full', () => {
  let engines: Simulator[];
  let product: Product;

  beforeAll(async () => {
    engines = await Promise.all(
      ['one', 'two'].map((name) => startSimulator({ name, bitrateMbps: 1, burstSeconds: 1 })),
    );
    product = await startProduct({
      engines,
      env: {
        MAX_STREAMS_PER_ENGINE: '1',
        PROXY_GRACE_PERIOD: `${GRACE_MS}ms`,
        ENGINE_WAIT_TIMEOUT: `${ENGINE_WAIT_MS}ms`,
      },
    });
  });

  afterEach(async () => {
    const { sessions } = (await product.api('GET', '/proxy/status')).body;
    for (const { stream_id: id } of sessions) await product.api('DELETE', `/proxy/sessions/${id}`);
    for (const engine of engines) {
      await engineIsFree(product, engine);
      expect((await engine.counters())['sessions_leaked']).toBe(0);
      await engine.clear();
    }
  });

  function watch(id: string): Viewer {
    return openViewer(product.url(streamPath(id)));
  }

  async function play(id: string): Promise<Viewer> {
    const viewer = watch(id);
    await viewer.playing();
    return viewer;
  }

  /** Disconnects, and waits until the stream has noticed. */
  async function leave(viewer: Viewer, id: string): Promise<void> {
    viewer.destroy();
    await eventually(async () => (await product.session(id)).state === 'grace', 10_000, 'grace');
  }

  async function taken(): Promise<string[]> {
    return (await Promise.all(engines.map((engine) => streamsOn(product, engine)))).flat().sort();
  }

  it('refuses another content at once, with Retry-After, without an effect on present viewers', async () => {
    const [a, b] = [newContentId(), newContentId()];
    const watching = await Promise.all([play(a), play(b)]);
    const refused = watch(newContentId());
    const problem = await expectProblem(refused, 503, 'no_capacity');
    expect(problem.retry_after).toBeGreaterThan(0);
    expect(refused.headAfterMs).toBeLessThan(withLag(AT_ONCE_MS));
    // A further viewer of a running stream needs no slot.
    const joined = await play(a);
    await Promise.all([...watching, joined].map((viewer) => viewer.receiveMore(1000)));
    for (const { audit } of [...watching, joined]) expectUntouched(audit);
    expect(await taken()).toEqual([a, b].sort());
    for (const engine of engines) {
      expect((await engine.counters())['sessions_opened']).toBe(1);
    }
  });

  it('refuses many simultaneous requests, and leaves nothing of them', async () => {
    await Promise.all([play(newContentId()), play(newContentId())]);
    const refused = Array.from({ length: 20 }, () => watch(newContentId()));
    for (const viewer of refused) {
      await expectProblem(viewer, 503, 'no_capacity');
      expect(viewer.headAfterMs).toBeLessThan(withLag(AT_ONCE_MS));
    }
    await eventually(async () => {
      const { body } = await product.api('GET', '/proxy/status');
      expect(body).toMatchObject({ active_sessions: 2, total_clients: 2 });
      return true;
    });
  });

  it('ends streams in their grace period, the one that is idle longest first', async () => {
    const [a, b, c] = [newContentId(), newContentId(), newContentId()];
    const first = await play(a);
    const second = await play(b);
    await leave(first, a);
    await leave(second, b);
    const third = await play(c);
    expect(third.headAfterMs).toBeLessThan(withLag(ENGINE_WAIT_MS));
    expect(await product.session(a)).toMatchObject({ state: 'ended', end_reason: 'reclaimed' });
    expect(await product.session(b)).toMatchObject({ state: 'grace' });
    expect(await taken()).toEqual([b, c].sort());
    for (const engine of engines) {
      // The engine is stopped in the background.
      await eventually(async () => (await engine.counters())['sessions_open'] === 1);
    }
  });

  it('accepts as many contents as there are streams in their grace period, and refuses the others', async () => {
    const idle = [newContentId(), newContentId()];
    const gone = await Promise.all(idle.map(play));
    await Promise.all(gone.map((viewer, n) => leave(viewer, idle[n]!)));
    const wanted = Array.from({ length: 5 }, newContentId);
    const viewers = wanted.map(watch);
    const statuses = await Promise.all(viewers.map((viewer) => viewer.status()));
    expect([...statuses].sort()).toEqual([200, 200, 503, 503, 503]);
    expect(await taken()).toEqual(wanted.filter((_id, n) => statuses[n] === 200).sort());
  });

  it('does not end a stream whose viewer has come back', async () => {
    const [a, b] = [newContentId(), newContentId()];
    const viewer = await play(a);
    await play(b);
    await leave(viewer, a);
    const back = await play(a);
    await expectProblem(watch(newContentId()), 503, 'no_capacity');
    await back.receiveMore(500);
    expect(await product.session(a)).toMatchObject({ state: 'live', client_count: 1 });
    expect(await product.session(b)).toMatchObject({ state: 'live' });
  });

  it('has a free slot again as soon as a stream is stopped', async () => {
    const [a, b] = [newContentId(), newContentId()];
    const viewer = await play(a);
    await play(b);
    expect((await product.api('DELETE', `/proxy/sessions/${a}`)).status).toBe(204);
    expect((await viewer.closed).how).toBe('rst');
    await play(newContentId());
    expect((await taken()).length).toBe(2);
  });
});
