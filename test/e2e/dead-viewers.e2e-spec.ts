import {
  Child,
  eventually,
  newContentId,
  onScopeEnd,
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
  engineIsFree,
  expectUntouched,
  farClientsOf,
  heldBytes,
  leftBecauseOf,
} from './support/session-facts';
import { neverRead, openSlowHost, readSlowly } from './support/slow-host';

const RING_BYTES = 4 * 1024 * 1024;
/** The chunk under way, and a batch or two on slow sockets. */
const SLACK_BYTES = 1024 * 1024;
const STALL_MS = 4000;
/** Exit code of curl when the connection was reset. After FIN it is 0. */
const CURL_RESET = 56;

const why = whyNoFarHost();
const onFarHost = why === null ? it : it.skip;
const reason = why === null ? '' : ` (${why})`;

describe('a viewer who takes nothing any more', () => {
  let engine: Simulator;
  let product: Product;

  beforeAll(async () => {
    engine = await startSimulator({ bitrateMbps: 2, burstSeconds: 2 });
    product = await startProduct({
      engines: [engine],
      env: {
        PROXY_BUFFER_SIZE: String(RING_BYTES),
        PROXY_CLIENT_STALL_TIMEOUT: `${STALL_MS}ms`,
        PROXY_GRACE_PERIOD: '300ms',
      },
    });
  });

  async function watch(id: string): Promise<Viewer> {
    const viewer = openViewer(product.url(streamPath(id)));
    await viewer.playing();
    return viewer;
  }

  function expectFine({ audit }: Viewer): void {
    expectUntouched(audit);
    expect(audit.longestGapMs).toBeLessThan(1000);
  }

  onFarHost(`lost its cable: gone after the stall timeout, others fine${reason}`, async () => {
    const far = await openSlowHost();
    const id = newContentId();
    const other = await watch(id);
    const before = await leftBecauseOf(product, 'stalled');
    for (let n = 0; n < 3; n += 1) readSlowly(far, product, streamPath(id), '10M');
    await eventually(async () => {
      const clients = await farClientsOf(product, id);
      return clients.length === 3 && clients.every(({ bytes_sent: sent }) => sent > 500_000);
    });
    far.pullCable();
    const pulledMs = performance.now();
    let peakBytes = 0;
    await eventually(
      async () => {
        peakBytes = Math.max(peakBytes, await heldBytes(product));
        return (await farClientsOf(product, id)).length === 0;
      },
      STALL_MS + 8000,
      'all three gone',
    );
    // What is on the way is taken by the kernel first; nobody waits for TCP to give up, which takes minutes.
    const afterMs = performance.now() - pulledMs;
    expect(afterMs).toBeGreaterThan(STALL_MS - 500);
    expect(afterMs).toBeLessThan(STALL_MS + 4000);
    expect(await leftBecauseOf(product, 'stalled')).toBe(before + 3);
    expect(peakBytes).toBeLessThan(RING_BYTES + SLACK_BYTES);
    expectFine(other);
  });

  onFarHost(
    `lost its cable and was alone: session, slot and engine are free${reason}`,
    async () => {
      const far = await openSlowHost();
      const id = newContentId();
      readSlowly(far, product, streamPath(id), '10M');
      await eventually(async () => (await clientsOf(product, id))[0]!.bytes_sent > 500_000);
      far.pullCable();
      await eventually(
        async () => (await product.sessionCount()) === 0,
        STALL_MS + 8000,
        'the end',
      );
      expect(await product.session(id)).toMatchObject({ state: 'ended', end_reason: 'no_viewers' });
      await engineIsFree(product, engine);
    },
  );

  onFarHost(
    `never reads: cut after the stall timeout, memory bounded, others fine${reason}`,
    async () => {
      const far = await openSlowHost();
      const id = newContentId();
      const others = await Promise.all([1, 2, 3].map(() => watch(id)));
      const before = await leftBecauseOf(product, 'stalled');
      const startedMs = performance.now();
      neverRead(far, product, streamPath(id));
      await eventually(
        async () => (await farClientsOf(product, id)).length === 1,
        5000,
        'it being there',
      );
      let peakBytes = 0;
      await eventually(
        async () => {
          peakBytes = Math.max(peakBytes, await heldBytes(product));
          return (await farClientsOf(product, id)).length === 0;
        },
        STALL_MS + 8000,
        'it being cut',
      );
      const afterMs = performance.now() - startedMs;
      expect(afterMs).toBeGreaterThan(STALL_MS - 500);
      expect(afterMs).toBeLessThan(STALL_MS + 3000);
      expect(await leftBecauseOf(product, 'stalled')).toBe(before + 1);
      expect(peakBytes).toBeLessThan(RING_BYTES + SLACK_BYTES);
      others.forEach(expectFine);
    },
  );

  it('is a frozen program on this machine: cut with a reset, others fine', async () => {
    const id = newContentId();
    // The kernel takes megabytes per connection here: only a high rate fills it in time.
    await engine.setContent(id, { bitrate_mbps: 20, burst_seconds: 0 });
    const before = await leftBecauseOf(product, 'stalled');
    const other = await watch(id);
    const frozen = new Child(
      'curl',
      'curl',
      ['-sN', '-o', '/dev/null', product.url(streamPath(id))],
      {},
    );
    onScopeEnd(async () => {
      await frozen.end('SIGKILL', 5000);
    });
    await eventually(
      async () => (await clientsOf(product, id)).length === 2,
      5000,
      'it being there',
    );
    frozen.kill('SIGSTOP');
    await eventually(
      async () => (await leftBecauseOf(product, 'stalled')) > before,
      20_000,
      'it being cut',
    );
    frozen.kill('SIGCONT');
    expect((await frozen.exit).code).toBe(CURL_RESET);
    expectFine(other);
  });
});
