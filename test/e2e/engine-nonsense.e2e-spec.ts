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
import { peakMemoryBytes } from './support/process-facts';
import { baselineOf, expectNothingLeft, type Baseline } from './support/remains';
import { withLag } from '../../src/kernel/testing/lag.spec-support';

/** Requests that wait for a deadline take `DEADLINES` or longer. */
const AT_ONCE_MS = 12_000;
const DEADLINES = {
  PROXY_CONNECTION_TIMEOUT: '40s',
  PROXY_STALL_TIMEOUT: '40s',
  PROXY_INIT_TIMEOUT: '60s',
};
/** A session whose answer hid its command address cannot be stopped; the engine ends it by itself. */
const FORGETFUL = ['--idle-timeout', '2000'];
const MEMORY_SLACK_BYTES = 64 * 1024 * 1024;

type Fault = { readonly kind: string } & Readonly<Record<string, unknown>>;

/** Answers to a start that lead to no media. */
const NONSENSE: readonly [string, Fault][] = [
  ['500', { kind: 'http_status', status: 500 }],
  [
    '503 with HTML',
    { kind: 'http_status', status: 503, body: '<h1>x</h1>', content_type: 'text/html' },
  ],
  [
    'HTML with 200',
    { kind: 'http_status', status: 200, body: '<html>Hello</html>', content_type: 'text/html' },
  ],
  ['half of its JSON', { kind: 'truncated_json' }],
  ['malformed JSON', { kind: 'malformed_json' }],
  ['JSON that is not an object', { kind: 'malformed_json', text: '[1,2,3]' }],
  ['nothing', { kind: 'empty_body' }],
  ['an empty response', { kind: 'empty_response' }],
  ['values of wrong types', { kind: 'wrong_types' }],
  ['no playback_url', { kind: 'missing_playback_url' }],
  ['an empty playback_url', { kind: 'missing_playback_url', mode: 'empty' }],
  ['an error object', { kind: 'error_object', text: 'something odd' }],
  ['an unknown error', { kind: 'json_error', text: 'something odd' }],
  ['unrequested gzip', { kind: 'gzip' }],
];

/** Answers at the playback address that are not media. */
const NO_MEDIA: readonly [string, Fault][] = [
  ['a page', { kind: 'media_kind', media: 'html' }],
  ['noise', { kind: 'media_kind', media: 'noise', content_type: 'video/mp2t' }],
  ['gzip', { kind: 'gzip', where: 'content' }],
  ['a redirect in a circle', { kind: 'redirect_loop' }],
  ['a status line twice', { kind: 'status_line_twice' }],
];

describe('a single engine with invalid answers', () => {
  let engine: Simulator;
  let product: Product;
  let atRest: Baseline;

  beforeAll(async () => {
    engine = await startSimulator({ startDelayMs: 100, burstSeconds: 1, args: FORGETFUL });
    product = await startProduct({
      engines: [engine],
      env: { ...DEADLINES, PROXY_RETRY_BASE: '100ms', PROXY_GRACE_PERIOD: '500ms' },
    });
    atRest = baselineOf(product);
  });

  afterEach(() => engine.clearFaults());

  function open(id: string): Viewer {
    return openViewer(product.url(streamPath(id)));
  }

  async function expectEngineFailed(id: string): Promise<void> {
    const viewers = [open(id), open(id)];
    for (const viewer of viewers) {
      await expectProblem(viewer, 502, 'engine_failed');
      expect(viewer.headAfterMs).toBeLessThan(withLag(AT_ONCE_MS));
    }
    const lines = await product.logsSoFar();
    const failures = lines.filter((line) => line['streamId'] === id && Number(line['level']) >= 40);
    // A request after the failed start begins another stream.
    const query = `stream_id=${id}&type=stream_requested`;
    const { body: requests } = await product.api('GET', `/events?${query}`);
    expect(failures).toHaveLength(requests.length);
    expect(failures[0]).toMatchObject({ engineId: engine.engineId, selector: expect.any(String) });
    expect(String(failures[0]!.msg)).toMatch(/engine_failed/);
  }

  it.each(NONSENSE)('%s: 502 at once, one line in the log', async (_what, fault) => {
    const id = newContentId();
    await engine.fault({ content: id, ...fault });
    await expectEngineFailed(id);
    // It is not the content's fault, so the failure is not remembered.
    await engine.clearFaults();
    await open(id).playing();
  });

  it('100 MB of JSON: 502 at once, and never held in memory', async () => {
    const id = newContentId();
    const before = peakMemoryBytes(product.pid);
    await engine.fault({ kind: 'huge_json', content: id, bytes: 100_000_000 });
    await expectEngineFailed(id);
    expect(peakMemoryBytes(product.pid)).toBeLessThan(before + MEMORY_SLACK_BYTES);
  });

  it.each(NO_MEDIA)('%s in place of media: 502 at once', async (_what, fault) => {
    const id = newContentId();
    await engine.fault({ content: id, ...fault });
    await expectEngineFailed(id);
  });

  it('leaves nothing behind', async () => {
    await expectNothingLeft(product, [engine], atRest, 20_000);
  });
});

describe('an engine that cuts the connection instead of answering', () => {
  const BUDGET_MS = 4000;
  let engine: Simulator;
  let product: Product;
  let hasty: Product;

  beforeAll(async () => {
    engine = await startSimulator({ startDelayMs: 100 });
    const env = { PROXY_RETRY_BASE: '100ms' };
    product = await startProduct({ engines: [engine], env });
    hasty = await startProduct({
      engines: [engine],
      env: { ...env, PROXY_INIT_TIMEOUT: `${BUDGET_MS}ms` },
    });
  });

  const CUTS: readonly [string, Fault][] = [
    ['a reset', { kind: 'close', how: 'reset' }],
    ['a hang-up', { kind: 'close', how: 'end' }],
    ['half an answer', { kind: 'content_length_wrong', length: 5000 }],
  ];

  it.each(CUTS)('once, with %s: it is asked again, and plays', async (_how, fault) => {
    const id = newContentId();
    await engine.fault({ ...fault, content: id, times: 1 });
    const viewer = openViewer(product.url(streamPath(id)));
    await viewer.playing();
    expect(await engine.starts(id)).toHaveLength(2);
  });

  it.each(CUTS)('always, with %s: an error within the start budget', async (_how, fault) => {
    const id = newContentId();
    await engine.fault({ ...fault, content: id });
    const viewer = openViewer(hasty.url(streamPath(id)));
    const status = await viewer.status();
    expect([502, 504]).toContain(status);
    await expectProblem(viewer, status, status === 502 ? 'engine_failed' : 'start_timeout');
    // Without a budget it would be asked again without end.
    expect(viewer.headAfterMs).toBeLessThan(withLag(BUDGET_MS + 15_000));
    // It is asked again with growing pauses, not in a tight loop.
    const starts = (await engine.starts(id)).length;
    expect(starts).toBeGreaterThan(1);
    expect(starts).toBeLessThan(10);
  });
});

describe('an engine with invalid answers beside a working one', () => {
  let engines: Simulator[];
  let product: Product;

  beforeAll(async () => {
    engines = [
      await startSimulator({ name: 'a', startDelayMs: 100, args: FORGETFUL }),
      await startSimulator({ name: 'b', startDelayMs: 100, args: FORGETFUL }),
    ];
    product = await startProduct({
      engines,
      env: { ...DEADLINES, PROXY_RETRY_BASE: '100ms', PROXY_GRACE_PERIOD: '500ms' },
    });
  });

  it.each([...NONSENSE.slice(0, 10), ...NO_MEDIA.slice(0, 2)])(
    '%s: the working one plays',
    async (_what, fault) => {
      const id = newContentId();
      const chosen = await eventually(async () => {
        const { body } = await product.api('GET', '/engines/selection');
        // Remains of an earlier test would change the choice when they end.
        for (const { state, active_streams: streams } of body.engines) {
          expect({ state, streams }).toEqual({ state: 'healthy', streams: 0 });
        }
        return body.chosen as string;
      }, 30_000);
      const bad = engines.find(({ engineId }) => engineId === chosen)!;
      const good = engines.find(({ engineId }) => engineId !== chosen)!;
      await bad.fault({ content: id, ...fault });
      const viewer = openViewer(product.url(streamPath(id)));
      expect(await viewer.status()).toBe(200);
      await viewer.playing();
      expect(viewer.headAfterMs).toBeLessThan(withLag(AT_ONCE_MS));
      const session = await product.session(id);
      expect(session).toMatchObject({ state: 'live', container_id: good.engineId, failovers: 0 });
      expect(session.attempts).toMatchObject([
        { engine_id: bad.engineId, duration_ms: expect.any(Number) },
        { engine_id: good.engineId, duration_ms: null, outcome: 'playing' },
      ]);
      // The engine is suspect, and probed at once.
      const doubts = await product.api(
        'GET',
        `/events?type=engine_state_changed&engine_id=${bad.engineId}`,
      );
      expect(doubts.body.at(-1).details.to).toMatch(/suspect|healthy/);
      await product.api('DELETE', `/proxy/sessions/${id}`);
    },
  );

  it('leaves nothing behind', async () => {
    await expectNothingLeft(product, engines);
  });
});
