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
} from './support';
import {
  expectHonest,
  expectUntouched,
  heldBytes,
  metric,
  videoAfterFlag,
  farClientsOf,
  leftBecauseOf,
} from './support/session-facts';
import { openSlowHost, readSlowly } from './support/slow-host';

const RING_BYTES = 4 * 1024 * 1024;
/** The chunk under way, and a batch or two on slow sockets. */
const SLACK_BYTES = 1024 * 1024;
/** Exit code of curl when the connection was reset. After FIN it is 0. */
const CURL_RESET = 56;

const why = whyNoFarHost();
const onFarHost = why === null ? it : it.skip;
const reason = why === null ? '' : ` (${why})`;

describe('a viewer who is slower than the stream', () => {
  let engine: Simulator;
  let product: Product;

  beforeAll(async () => {
    engine = await startSimulator({ bitrateMbps: 2, burstSeconds: 2 });
    product = await startProduct({
      engines: [engine],
      env: {
        PROXY_BUFFER_SIZE: String(RING_BYTES),
        PROXY_CLIENT_MAX_LAG: '1s',
        PROXY_CLIENT_STALL_TIMEOUT: '5s',
        PROXY_JOIN_BEHIND: '1s',
        PROXY_GRACE_PERIOD: '0s',
      },
    });
  });

  onFarHost(
    `jumps to a key frame, flagged; 49 others lose nothing, memory is bounded${reason}`,
    async () => {
      const far = await openSlowHost();
      const id = newContentId();
      const others = Array.from({ length: 49 }, () => openViewer(product.url(streamPath(id))));
      await Promise.all(others.map((viewer) => viewer.playing()));
      const slow = readSlowly(far, product, streamPath(id), '60k');
      let peakBytes = 0;
      await eventually(
        async () => {
          peakBytes = Math.max(peakBytes, await heldBytes(product));
          const [client] = await farClientsOf(product, id);
          return client !== undefined && client.jumps >= 2;
        },
        25_000,
        'two jumps of the slow viewer',
      );
      await eventually(() => slow.received().markers.jumps.length >= 1, 15_000, 'a jump received');

      expectHonest(slow.received());
      expect(videoAfterFlag(slow.body())).toBe('key frame');
      const { markers } = slow.received();
      // Forwards only, and by seconds.
      for (const { packets, ms } of markers.jumps) {
        expect(packets).toBeGreaterThan(0);
        expect(ms).toBeGreaterThan(500);
      }
      for (const { audit: other } of others) {
        expectUntouched(other);
        expect(other.longestGapMs).toBeLessThan(1000);
      }
      expect(peakBytes).toBeLessThan(RING_BYTES + SLACK_BYTES);
      expect(await metric(product, 'proxy_viewer_jumps_total')).toBeGreaterThanOrEqual(2);
      const events = await product.api('GET', '/events?type=viewer_jumped');
      expect(events.body[0]).toMatchObject({ stream_id: id });
      expect((await engine.counters())['peak_readers_per_content']).toBe(1);
    },
  );

  onFarHost(`is cut after five jumps within a minute, by reset${reason}`, async () => {
    const far = await openSlowHost();
    const id = newContentId();
    const other = openViewer(product.url(streamPath(id)));
    await other.playing();
    const before = await leftBecauseOf(product, 'too_many_jumps');
    const slow = readSlowly(far, product, streamPath(id), '80k');
    await eventually(
      async () => {
        if ((await leftBecauseOf(product, 'too_many_jumps')) === before + 1) return true;
        throw new Error(JSON.stringify(await farClientsOf(product, id)));
      },
      40_000,
      'the slow viewer being cut',
    );
    expect(await farClientsOf(product, id)).toEqual([]);
    expect((await slow.exit).code).toBe(CURL_RESET);
    expect(slow.received().markers.jumps).toHaveLength(5);
    expectUntouched(other.audit);
    expect(other.audit.longestGapMs).toBeLessThan(1000);
  });
});
