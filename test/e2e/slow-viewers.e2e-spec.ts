import {
  eventually,
  newContentId,
  openViewer,
  startProduct,
  startSimulator,
  streamPath,
  whyNoFarHost,
  type Product,
  type Simulator,
  type Viewer,
} from './support';
import {
  clientsOf,
  type EventFacts,
  eventsOf,
  expectFedLike,
  expectHonest,
  expectUntouched,
  farClientsOf,
  held,
  leftBecauseOf,
  metric,
  mostOf,
  videoAfterFlag,
} from './support/session-facts';
import { openSlowHost, readSlowly, type SlowReader } from './support/slow-host';

const MAX_LAG_S = 1;
const RING_BYTES = 4 * 1024 * 1024;
/** Size of the ring's newest chunk. */
const CHUNK_BYTES = 192 * 1024;
/** One or two batches on slow sockets. */
const SLACK_BYTES = 1024 * 1024;
/** Exit code of curl after a reset connection. After FIN it is 0. */
const CURL_RESET = 56;

const why = whyNoFarHost();
const onFarHost = why === null ? it : it.skip;
const reason = why === null ? '' : ` (${why})`;

describe('a viewer that is slower than the stream', () => {
  let engine: Simulator;
  let product: Product;

  beforeAll(async () => {
    engine = await startSimulator({ bitrateMbps: 2, burstSeconds: 2 });
    product = await startProduct({
      engines: [engine],
      env: {
        PROXY_BUFFER_SIZE: String(RING_BYTES),
        PROXY_CLIENT_MAX_LAG: `${MAX_LAG_S}s`,
        PROXY_CLIENT_STALL_TIMEOUT: '30s',
        PROXY_JOIN_BEHIND: '1s',
        PROXY_GRACE_PERIOD: '0s',
      },
    });
  });

  async function watch(id: string): Promise<Viewer> {
    const viewer = openViewer(product.url(streamPath(id)));
    await viewer.playing();
    return viewer;
  }

  /** The jumps of a stream's slow viewer. Asserts that each was caused by its lag, and was forward. */
  async function jumpsOf(id: string): Promise<EventFacts[]> {
    const jumps = await eventsOf(product, 'viewer_jumped', id);
    for (const { details } of jumps) {
      expect(details.lag_s).toBeGreaterThan(MAX_LAG_S);
      expect(details.skipped_bytes).toBeGreaterThan(0);
    }
    expect(new Set(jumps.map(({ client_id: client }) => client)).size).toBeLessThanOrEqual(1);
    return jumps;
  }

  /** Asserts that the received stream is intact and moves forward at each jump that has arrived. */
  function expectJumped(slow: SlowReader): number {
    const audit = slow.received();
    expectHonest(audit);
    for (const { ms } of audit.markers.jumps) expect(ms).toBeGreaterThan(0);
    return audit.markers.jumps.length;
  }

  onFarHost(
    `jumps to a key frame, flagged; 49 others lose nothing, memory is bounded${reason}`,
    async () => {
      const far = await openSlowHost();
      const id = newContentId();
      const control = await watch(newContentId());
      const others = await Promise.all(Array.from({ length: 49 }, () => watch(id)));
      const slow = readSlowly(far, product, streamPath(id), '60k');
      let peak = await held(product);
      await eventually(
        async () => {
          peak = mostOf(peak, await held(product));
          return (await jumpsOf(id)).length >= 2;
        },
        60_000,
        'two jumps of the slow viewer',
      );
      await eventually(() => slow.received().markers.jumps.length >= 1, 30_000, 'a jump received');

      expectJumped(slow);
      expect(videoAfterFlag(slow.body())).toBe('key frame');
      for (const { audit } of others) expectUntouched(audit);
      await expectFedLike(control, others);
      expect(peak.queued).toBeLessThan(SLACK_BYTES);
      // Of two streams.
      expect(peak.history).toBeLessThan(2 * (RING_BYTES + CHUNK_BYTES));
      expect(await metric(product, 'acefleet_viewer_jumps_total')).toBeGreaterThanOrEqual(2);
      expect((await engine.counters())['peak_readers_per_content']).toBe(1);
    },
  );

  onFarHost(`is cut after five jumps within a minute, by reset${reason}`, async () => {
    const far = await openSlowHost();
    const id = newContentId();
    const control = await watch(newContentId());
    const other = await watch(id);
    const slow = readSlowly(far, product, streamPath(id), '80k');
    const left = await eventually(
      async () => {
        const [first] = await eventsOf(product, 'viewer_left', id);
        if (first !== undefined) return first;
        throw new Error(JSON.stringify(await farClientsOf(product, id)));
      },
      60_000,
      'the slow viewer being cut',
    );
    expect(left.reason).toBe('too_many_jumps');
    expect(await leftBecauseOf(product, 'too_many_jumps')).toBe(1);
    expect(await farClientsOf(product, id)).toEqual([]);
    expect((await slow.exit).code).toBe(CURL_RESET);
    // Counted at the server, because the reset discards bytes that the kernel has not sent.
    const jumps = await jumpsOf(id);
    expect(jumps.map(({ client_id: client }) => client)).toEqual(Array(5).fill(left.client_id));
    const received = expectJumped(slow);
    expect(received).toBeGreaterThanOrEqual(1);
    expect(received).toBeLessThanOrEqual(5);
    expectUntouched(other.audit);
    await expectFedLike(control, [other]);
  });
});

describe('a viewer that pauses', () => {
  it('keeps its connection although its stream counts as unwatched, and continues near live', async () => {
    // Kernels buffer megabytes per loopback connection: a high bit rate fills them in time.
    const engine = await startSimulator({ bitrateMbps: 7, burstSeconds: 0 });
    const product = await startProduct({
      engines: [engine],
      env: { PROXY_GRACE_PERIOD: '200ms', PROXY_CLIENT_MAX_LAG: '10s', PROXY_BUFFER_SIZE: '64MiB' },
    });
    const id = newContentId();
    const viewer = openViewer(product.url(streamPath(id)));
    await viewer.playing();
    viewer.pause();
    const state = async (): Promise<string> => (await clientsOf(product, id))[0]!.state;
    await eventually(async () => (await state()) === 'paused', 60_000, 'the pause');
    // Long after the grace period.
    await eventually(async () => (await product.session(id)).idle_seconds > 2);
    expect(await product.session(id)).toMatchObject({ state: 'grace', client_count: 1 });
    viewer.resume();
    await viewer.until(({ flagged }) => flagged > 0, 60_000, 'a jump');
    await viewer.receiveMore(2000);
    expect(await state()).toBe('streaming');
    expect(await product.session(id)).toMatchObject({ state: 'live', failovers: 0 });
    expectHonest(viewer.audit);
    expect(viewer.audit.markers.jumps).toHaveLength(1);
    expect(viewer.ending).toBeNull();
  });
});
