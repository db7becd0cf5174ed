import {
  eventually,
  newContentId,
  openViewer,
  startProduct,
  startSimulator,
  streamPath,
  type Answer,
  type Product,
  type Simulator,
  type Viewer,
} from './support';
import { expectHonest, expectUntouched, metric } from './support/session-facts';
import { expectNothingLeft } from './support/remains';
import { SIM_PIDS } from './support/ts-packet';
import { withLag } from '../../src/kernel/testing/lag.spec-support';

/** The goal is 300 ms. If the old engine were left before the new one is ready, the gap would be the whole start. */
const GAP_MS = 4000;
const START_MS = 5000;

let engines: Simulator[];
let product: Product;
const viewers: Viewer[] = [];

async function fleetOfTwo(env: Readonly<Record<string, string>> = {}): Promise<void> {
  engines = await Promise.all(
    ['one', 'two'].map((name) =>
      startSimulator({ name, bitrateMbps: 2, startDelayMs: 300, burstSeconds: 12 }),
    ),
  );
  product = await startProduct({
    engines,
    env: {
      PROXY_INIT_TIMEOUT: '10s',
      PROXY_GRACE_PERIOD: '1s',
      PROXY_KEEPALIVE_AFTER: '10s',
      ...env,
    },
  });
}

/** A viewer that has had pictures for a while, the engine that plays, and the other one. */
async function watch(id: string): Promise<[Viewer, Simulator, Simulator]> {
  const viewer = openViewer(product.url(streamPath(id)));
  viewers.push(viewer);
  await viewer.playing();
  const { container_id: engineId } = await product.session(id);
  const playing = engines.find((engine) => engine.engineId === engineId)!;
  await viewer.receiveMore(1000);
  await Promise.all(engines.map((engine) => engine.setContent(id, { start_delay_ms: START_MS })));
  return [viewer, playing, engines.find((engine) => engine !== playing)!];
}

function move(id: string, body?: object, wait = true) {
  return product.api('POST', `/api/v1/streams/${id}/move${wait ? '?wait=true' : ''}`, body);
}

async function streamsOf(engine: Simulator): Promise<string[]> {
  return (await product.api('GET', `/engines/${engine.engineId}`)).body.streams;
}

async function isAt(id: string, engine: Simulator): Promise<void> {
  await eventually(
    async () => (await product.session(id)).container_id === engine.engineId,
    30_000,
    `the stream at ${engine.engineId}`,
  );
}

/** Waits until the engine has no session, reader or slot of any stream. */
async function isLeft(engine: Simulator): Promise<void> {
  await eventually(async () => {
    expect(await engine.counters()).toMatchObject({ sessions_open: 0, readers: 0 });
    expect(await streamsOf(engine)).toEqual([]);
    return true;
  });
}

function drain(engine: Simulator) {
  return product.api('POST', `/engines/${engine.engineId}/drain`, {});
}

/** Ends the drain, and waits until the engine can be chosen again. */
async function undrain(engine: Simulator): Promise<void> {
  await product.api('DELETE', `/engines/${engine.engineId}/drain`);
  await eventually(
    async () => (await product.api('GET', `/engines/${engine.engineId}`)).body.state === 'healthy',
    30_000,
    'an engine that is chosen again',
  );
}

function expectRefused({ status, body }: Answer, expected: number, code: string): void {
  expect([status, body]).toMatchObject([expected, { code }]);
}

function say(what: string, viewer: Viewer): void {
  process.stdout.write(`${what}: longest gap ${Math.round(viewer.audit.longestGapMs)} ms\n`);
}

describe('a stream that leaves a healthy engine', () => {
  beforeAll(() => fleetOfTwo());

  afterEach(async () => {
    for (const viewer of viewers.splice(0)) viewer.destroy();
    await Promise.all(engines.map((engine) => engine.clearFaults()));
    await expectNothingLeft(product, engines);
  });

  it('by an operator: nothing is lost or repeated, and the gap is short', async () => {
    const id = newContentId();
    const [viewer, from, to] = await watch(id);
    const answer = await move(id);
    expect([answer.status, answer.body]).toMatchObject([
      200,
      { state: 'moved', from_engine_id: from.engineId, to_engine_id: to.engineId },
    ]);
    expect(answer.body.duration_ms).toBeGreaterThan(0);
    await viewer.receiveMore(2000);
    await isLeft(from);
    expectUntouched(viewer.audit);
    expect(viewer.audit.continuityErrors + viewer.audit.tableContinuityErrors).toBe(0);
    expect(viewer.audit.longestGapMs).toBeLessThan(withLag(GAP_MS));
    say('operator', viewer);
    const session = await product.session(id);
    expect(session).toMatchObject({ container_id: to.engineId, state: 'live' });
    expect((await to.counters())['sessions_open']).toBe(1);
    expect(
      await metric(product, 'acefleet_moves_total', { cause: 'operator', result: 'moved' }),
    ).toBe(1);
    // And back, to a given engine.
    const back = await move(id, { engine_id: from.engineId }, false);
    expect([back.status, back.body]).toMatchObject([
      202,
      { state: 'moving', from_engine_id: to.engineId, to_engine_id: from.engineId },
    ]);
    await isAt(id, from);
    await viewer.receiveMore(1500);
    await isLeft(to);
    expectUntouched(viewer.audit);
    expect(viewer.audit.longestGapMs).toBeLessThan(withLag(GAP_MS));
    expect(viewer.ending).toBeNull();
  });

  it('with another time base and other PIDs: cut at a key frame, one timeline', async () => {
    const id = newContentId();
    const [viewer, from, to] = await watch(id);
    await to.fault({ kind: 'foreign_pids', content: id, shift: 16 });
    await to.setContent(id, { pts_offset: 90_000 * 3600 });
    expect((await move(id)).status).toBe(200);
    await viewer.until((audit) => audit.flagged > 0, 10_000, 'a flagged splice');
    await viewer.receiveMore(2000);
    await isLeft(from);
    expectHonest(viewer.audit);
    expect(viewer.audit.markers.jumps).toHaveLength(1);
    expect(viewer.audit.pids.get(SIM_PIDS.video)).toMatchObject({ backSteps: 0, flagged: 1 });
    expect(viewer.audit.longestGapMs).toBeLessThan(withLag(GAP_MS));
    say('another time base', viewer);
  });

  it('because its engine is drained, as soon as another one has a free slot', async () => {
    const id = newContentId();
    const [viewer, from, to] = await watch(id);
    await drain(to);
    await drain(from);
    const refused = await move(id);
    expectRefused(refused, 409, 'conflict');
    await viewer.receiveMore(1000);
    expect((await product.session(id)).container_id).toBe(from.engineId);
    await undrain(to);
    await isAt(id, to);
    await viewer.receiveMore(2000);
    await isLeft(from);
    expectUntouched(viewer.audit);
    expect(viewer.audit.longestGapMs).toBeLessThan(withLag(GAP_MS));
    say('drain', viewer);
    const { body: events } = await product.api('GET', '/events?type=stream_moved');
    expect(events.at(-1)).toMatchObject({ details: { cause: 'drain' } });
    await undrain(from);
  });

  it('not at all if the other engine never answers, without an effect on viewers', async () => {
    const id = newContentId();
    const [viewer, from, to] = await watch(id);
    await to.fault({ kind: 'never', content: id });
    const answer = await move(id);
    expectRefused(answer, 409, 'conflict');
    expect(answer.body.detail).toContain(to.engineId);
    await viewer.receiveMore(1000);
    expectUntouched(viewer.audit);
    expect(viewer.audit.longestGapMs).toBeLessThan(withLag(GAP_MS));
    const session = await product.session(id);
    expect(session).toMatchObject({ container_id: from.engineId, state: 'live' });
    await isLeft(to);
  });

  it('not at all if the other engine sends no media', async () => {
    const id = newContentId();
    const [viewer, from, to] = await watch(id);
    await to.fault({ kind: 'no_data', content: id });
    expectRefused(await move(id), 409, 'conflict');
    // The engine looks healthy but is not chosen, and the operator gets the reason.
    const again = await move(id);
    expectRefused(again, 409, 'conflict');
    expect(again.body.detail).toContain(
      `${to.engineId} failed on this content a moment ago and is skipped`,
    );
    await viewer.receiveMore(500);
    expectUntouched(viewer.audit);
    expect((await product.session(id)).container_id).toBe(from.engineId);
    await isLeft(to);
  });

  it('leaves nothing behind when its viewer leaves meanwhile', async () => {
    const id = newContentId();
    const [viewer, , to] = await watch(id);
    await to.setContent(id, { start_delay_ms: 30_000 });
    expect((await move(id, undefined, false)).status).toBe(202);
    await eventually(async () => (await to.counters())['sessions_open'] === 1);
    expect((await product.api('DELETE', `/streams/${id}`)).status).toBe(200);
    await viewer.closed;
    await Promise.all(engines.map(isLeft));
  });

  it('is refused for an unknown stream or engine', async () => {
    const id = newContentId();
    expectRefused(await move(id), 404, 'not_found');
    const [viewer, from] = await watch(id);
    expectRefused(await move(id, { engine_id: 'nobody' }), 404, 'not_found');
    expectRefused(await move(id, { engine_id: from.engineId }), 409, 'conflict');
    expectRefused(await move(id, { engine_id: 7 }), 400, 'invalid_request');
    viewer.destroy();
    await eventually(async () => (await product.session(id)).ended_at != null);
    expectRefused(await move(id), 409, 'conflict');
  });
});

describe('a stream whose engine is killed while the next one is prepared', () => {
  it('continues on the next one', async () => {
    await fleetOfTwo();
    const id = newContentId();
    const [viewer, from, to] = await watch(id);
    await move(id, undefined, false);
    await eventually(async () => (await to.counters())['sessions_open'] === 1);
    from.kill();
    await isAt(id, to);
    await viewer.receiveMore(2000);
    expectUntouched(viewer.audit);
    expect(viewer.ending).toBeNull();
    say('killed meanwhile', viewer);
    // The prepared session was used, because the engine was asked once.
    expect(await to.starts(id)).toHaveLength(1);
    viewer.destroy();
    await isLeft(to);
  });
});

describe('a stream that loses its source too often', () => {
  it('resets its viewers and reports the reason', async () => {
    await fleetOfTwo({
      PROXY_FAILOVER_LIMIT: '2',
      PROXY_FAILOVER_WINDOW: '1m',
      PROXY_RETRY_BASE: '50ms',
    });
    const id = newContentId();
    const [viewer] = await watch(id);
    await Promise.all(
      engines.map((engine) => engine.setContent(id, { start_delay_ms: 100, burst_seconds: 0 })),
    );
    for (let lost = 1; lost <= 2; lost += 1) {
      await Promise.all(engines.map((engine) => engine.actOnReaders('end')));
      await eventually(async () => (await product.session(id)).failovers === lost, 20_000);
      await viewer.receiveMore(1000);
    }
    await Promise.all(engines.map((engine) => engine.actOnReaders('end')));
    expect((await viewer.closed).how).toBe('rst');
    const session = await product.session(id);
    expect(session).toMatchObject({ state: 'failed' });
    expect(JSON.stringify(session)).toContain('2 times within 60 s');
    await expectNothingLeft(product, engines);
  });
});
