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
import { concurrently } from './support/concurrently';
import { journalTimes } from './support/simulator';
import { baselineOf, expectNothingLeft, type Baseline } from './support/remains';
import { withLag } from '../../src/kernel/testing/lag.spec-support';

/** Long enough for an answer of an engine on a busy machine. */
const INIT_TIMEOUT_MS = 5000;
/** Does not end during a test. */
const NEGATIVE_TTL_S = 600;
/** Tolerance for a busy machine; a start without an end has the default of 60 s. */
const SLACK_MS = 10_000;

describe('a content without peers', () => {
  let engine: Simulator;
  let product: Product;
  let atRest: Baseline;

  beforeAll(async () => {
    engine = await startSimulator({ startDelayMs: 100 });
    product = await startProduct({
      engines: [engine],
      env: {
        PROXY_INIT_TIMEOUT: `${INIT_TIMEOUT_MS}ms`,
        NEGATIVE_CACHE_TTL: `${NEGATIVE_TTL_S}s`,
        PROXY_RETRY_BASE: '100ms',
        PROXY_GRACE_PERIOD: '500ms',
        PROXY_STALL_TIMEOUT: `${INIT_TIMEOUT_MS}ms`,
        MAX_STREAMS_PER_ENGINE: '10',
      },
    });
    atRest = baselineOf(product);
  });

  beforeEach(() => engine.clear());

  function open(id: string): Viewer {
    return openViewer(product.url(streamPath(id)));
  }

  async function expectStartTimeout(viewer: Viewer): Promise<void> {
    const problem = await expectProblem(viewer, 504, 'start_timeout');
    expect(problem.retry_after).toBeGreaterThan(0);
    expect(viewer.headAfterMs).toBeGreaterThan(INIT_TIMEOUT_MS - 100);
    expect(viewer.headAfterMs).toBeLessThan(withLag(INIT_TIMEOUT_MS + SLACK_MS));
  }

  const DEAD: readonly [string, { kind: string } & Record<string, unknown>][] = [
    ['opens a body and sends nothing', { kind: 'no_data' }],
    ['never answers the playback address', { kind: 'never', where: 'playback' }],
    ['never answers the media address', { kind: 'never', where: 'content' }],
    ['says start timeout', { kind: 'start_timeout' }],
    ['says download not found', { kind: 'download_not_found' }],
  ];

  async function isDead(fault: { kind: string } & Record<string, unknown>): Promise<void> {
    const id = newContentId();
    await engine.fault({ content: id, ...fault });
    const viewers = [open(id), open(id), open(id)];
    await Promise.all(viewers.map(expectStartTimeout));
    await eventually(
      async () => {
        const { sessions } = await engine.state();
        expect(sessions.filter((session) => session.content_id === id)).toEqual([]);
        const { infohash } = await engine.content(id);
        expect(await engine.journal(`/ace/cmd/${infohash}`)).toHaveLength(1);
        return true;
      },
      15_000,
      'the session stopped at the engine',
    );
    expect(await engine.starts(id)).toHaveLength(1);
    const again = open(id);
    const problem = await expectProblem(again, 504, 'start_timeout');
    // Half of the time of a content that does not exist, because peers may turn up.
    expect(problem.retry_after).toBeGreaterThan(0);
    expect(problem.retry_after).toBeLessThanOrEqual(NEGATIVE_TTL_S / 2);
    // Answered from the negative cache: the engine was not asked again, and there was no other start.
    expect(await engine.starts(id)).toHaveLength(1);
    const query = `stream_id=${id}&type=stream_requested`;
    expect((await product.api('GET', `/events?${query}`)).body).toHaveLength(1);
    for (const viewer of [...viewers, again]) viewer.destroy();
  }

  concurrently(
    Object.fromEntries(
      DEAD.map(([what, fault]) => [
        `the engine ${what}: 504, stopped, then answered from memory`,
        () => isDead(fault),
      ]),
    ),
  );

  it('logs in one line which engine was tried and its result', async () => {
    const id = newContentId();
    await engine.fault({ kind: 'start_timeout', content: id });
    await expectStartTimeout(open(id));
    const failures = await eventually(() => {
      const lines = product.logs().filter((line) => line['streamId'] === id);
      const found = lines.filter(({ level }) => Number(level) >= 40);
      return found.length > 0 && found;
    });
    expect(failures).toHaveLength(1);
    expect(failures[0]).toMatchObject({
      engineId: engine.engineId,
      infohash: (await engine.content(id)).infohash,
      attempts: [expect.stringContaining('start timeout')],
    });
  });

  it('leaves nothing behind', async () => {
    await engine.clearFaults();
    await expectNothingLeft(product, [engine], atRest);
  });
});

describe('a start that takes long', () => {
  /** Longer than the delays of a busy machine, because other channels start meanwhile. */
  const LONG_INIT_MS = 10_000;
  let engine: Simulator;
  let product: Product;

  beforeAll(async () => {
    engine = await startSimulator({ startDelayMs: 100 });
    product = await startProduct({
      engines: [engine],
      env: {
        PROXY_INIT_TIMEOUT: `${LONG_INIT_MS}ms`,
        PROXY_RETRY_BASE: '100ms',
        MAX_STREAMS_PER_ENGINE: '10',
      },
    });
  });

  beforeEach(() => engine.clear());

  function open(id: string): Viewer {
    return openViewer(product.url(streamPath(id)));
  }

  it('does not delay other channels, whether watched or opened meanwhile', async () => {
    const dead = [newContentId(), newContentId()];
    for (const id of dead) await engine.fault({ kind: 'no_data', content: id });
    const watched = open(newContentId());
    await watched.playing();
    const waiting = dead.map(open);
    const fresh = open(newContentId());
    await fresh.playing();
    for (const viewer of waiting) await expectProblem(viewer, 504, 'start_timeout');
    // Queued after them, it would have started when they had failed.
    const firstOfThemMs = Math.min(...waiting.map((one) => one.headAfterMs!));
    expect(firstOfThemMs).toBeGreaterThan(fresh.headAfterMs!);
    await watched.receiveMore(1000);
    expect(watched.audit).toMatchObject({ continuityErrors: 0, misaligned: 0, flagged: 0 });
    expect(watched.audit.longestGapMs).toBeLessThan(withLag(LONG_INIT_MS - 2000));
    expect(watched.audit.markers).toMatchObject({ lostPackets: 0, repeatedPackets: 0 });
    const { body } = await product.api('GET', `/engines/${engine.engineId}`);
    expect(body.state).toBe('healthy');
  });

  it('because the engine never answers: 504, but the content is not remembered as dead', async () => {
    const id = newContentId();
    await engine.fault({ kind: 'never', content: id });
    const viewers = [open(id), open(id)];
    for (const viewer of viewers) {
      await expectProblem(viewer, 504, 'start_timeout');
      expect(viewer.headAfterMs).toBeGreaterThan(LONG_INIT_MS - 100);
    }
    expect(await engine.starts(id)).toHaveLength(1);
    await engine.clearFaults();
    await open(id).playing();
  });
});

describe('an engine that is still looking for peers', () => {
  const BASE_MS = 100;
  let engine: Simulator;
  let product: Product;

  beforeAll(async () => {
    engine = await startSimulator({ startDelayMs: 50 });
    product = await startProduct({
      engines: [engine],
      env: { PROXY_RETRY_BASE: `${BASE_MS}ms`, PROXY_RETRY_MAX: '400ms' },
    });
  });

  beforeEach(() => engine.clear());

  it.each([
    [['start_timeout']],
    [['download_not_found']],
    [['start_timeout', 'download_not_found', 'start_timeout', 'start_timeout', 'start_timeout']],
  ])('answers %j, then plays in the same engine session', async (kinds) => {
    const id = newContentId();
    for (const kind of new Set(kinds)) {
      const nth = kinds.flatMap((one, at) => (one === kind ? [at + 1] : []));
      await engine.fault({ kind, content: id, nth, ms: 10 });
    }
    const viewers = [1, 2, 3].map(() => openViewer(product.url(streamPath(id))));
    await Promise.all(viewers.map((viewer) => viewer.playing()));
    expect(await engine.starts(id)).toHaveLength(1);
    const { infohash } = await engine.content(id);
    expect(await engine.journal(`/ace/cmd/${infohash}`)).toEqual([]);
    const times = await journalTimes(engine, `/ace/r/${infohash}`);
    expect(times).toHaveLength(kinds.length + 1);
    // Each pause is twice the previous one, up to the maximum.
    const pauses = times.slice(1).map((time, at) => time - times[at]!);
    pauses.forEach((pause, at) => {
      expect(pause).toBeGreaterThanOrEqual(Math.min(400, BASE_MS * 2 ** at) - 5);
    });
    expect(await product.session(id)).toMatchObject({ state: 'live', failovers: 0 });
    expect((await product.session(id)).attempts).toHaveLength(1);
  });
});
