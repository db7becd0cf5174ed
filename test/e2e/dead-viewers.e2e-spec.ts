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
  eventsOf,
  expectFedLike,
  expectUntouched,
  farClientsOf,
  type Held,
  held,
  leftBecauseOf,
  mostOf,
} from './support/session-facts';
import { neverRead, openSlowHost, readSlowly } from './support/slow-host';

const RING_BYTES = 4 * 1024 * 1024;
/** Size of the ring's newest chunk. */
const CHUNK_BYTES = 192 * 1024;
/** One or two batches on slow sockets. */
const SLACK_BYTES = 1024 * 1024;
const STALL_MS = 4000;
/** Inaccuracy of a clock that is read at intervals. */
const EARLY_MS = 500;
/**
 * A viewer is not cut for the product's own delays, so this is several times the stall timeout; TCP would give up after
 * minutes.
 */
const CUT_WITHIN_MS = 60_000;
/** Exit code of curl after a reset connection. After FIN it is 0. */
const CURL_RESET = 56;

const why = whyNoFarHost();
const onFarHost = why === null ? it : it.skip;
const reason = why === null ? '' : ` (${why})`;

describe('a viewer that takes no more bytes', () => {
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

  async function expectFine(control: Viewer, others: readonly Viewer[]): Promise<void> {
    for (const { audit } of others) expectUntouched(audit);
    await expectFedLike(control, others);
  }

  function expectBounded(peak: Held, streams: number): void {
    expect(peak.queued).toBeLessThan(SLACK_BYTES);
    expect(peak.history).toBeLessThan(streams * (RING_BYTES + CHUNK_BYTES));
  }

  /**
   * Waits until this number of viewers of the stream were cut as stalled; returns the largest memory held meanwhile.
   */
  async function cut(id: string, viewers: number): Promise<Held> {
    let peak = await held(product);
    await eventually(
      async () => {
        peak = mostOf(peak, await held(product));
        const left = await eventsOf(product, 'viewer_left', id);
        expect(left.map(({ reason: cause }) => cause)).toEqual(Array(viewers).fill('stalled'));
        return true;
      },
      CUT_WITHIN_MS,
      'the cut',
    );
    return peak;
  }

  onFarHost(
    `lost its network: cut after the stall timeout, others unaffected${reason}`,
    async () => {
      const far = await openSlowHost();
      const id = newContentId();
      const control = await watch(newContentId());
      const other = await watch(id);
      for (let n = 0; n < 3; n += 1) readSlowly(far, product, streamPath(id), '10M');
      await eventually(async () => {
        const clients = await farClientsOf(product, id);
        return clients.length === 3 && clients.every(({ bytes_sent: sent }) => sent > 500_000);
      }, 30_000);
      const startedMs = performance.now();
      far.pullCable();
      // The kernel takes the bytes in transit first; the cut does not wait for TCP to give up.
      expectBounded(await cut(id, 3), 2);
      expect(performance.now() - startedMs).toBeGreaterThan(STALL_MS - EARLY_MS);
      expect(await farClientsOf(product, id)).toEqual([]);
      await expectFine(control, [other]);
    },
  );

  onFarHost(
    `lost its network as the only viewer: stream, slot and engine session end${reason}`,
    async () => {
      const far = await openSlowHost();
      const id = newContentId();
      readSlowly(far, product, streamPath(id), '10M');
      await eventually(async () => (await clientsOf(product, id))[0]!.bytes_sent > 500_000, 30_000);
      far.pullCable();
      await eventually(async () => (await product.sessionCount()) === 0, CUT_WITHIN_MS, 'the end');
      expect(await product.session(id)).toMatchObject({ state: 'ended', end_reason: 'no_viewers' });
      await engineIsFree(product, engine);
    },
  );

  onFarHost(
    `never reads: cut after the stall timeout, memory is bounded, others are unaffected${reason}`,
    async () => {
      const far = await openSlowHost();
      const id = newContentId();
      const control = await watch(newContentId());
      const others = await Promise.all([1, 2, 3].map(() => watch(id)));
      const startedMs = performance.now();
      neverRead(far, product, streamPath(id));
      expectBounded(await cut(id, 1), 2);
      expect(performance.now() - startedMs).toBeGreaterThan(STALL_MS - EARLY_MS);
      expect(await farClientsOf(product, id)).toEqual([]);
      await expectFine(control, others);
    },
  );

  it('is a frozen program on this machine: cut with a reset, others are unaffected', async () => {
    // Kernels buffer megabytes per loopback connection: a high bit rate fills them in time, and with a long history no
    // viewer lags too far.
    const own = await startProduct({
      engines: [engine],
      env: { PROXY_CLIENT_STALL_TIMEOUT: `${STALL_MS}ms`, PROXY_GRACE_PERIOD: '300ms' },
    });
    const [id, quiet] = [newContentId(), newContentId()];
    await engine.setContent(id, { bitrate_mbps: 10, burst_seconds: 0 });
    const [control, other] = [
      openViewer(own.url(streamPath(quiet))),
      openViewer(own.url(streamPath(id))),
    ];
    await Promise.all([control.playing(), other.playing()]);
    const address = own.url(streamPath(id));
    const frozen = new Child('curl', 'curl', ['-sN', '-o', '/dev/null', address], {});
    onScopeEnd(async () => {
      await frozen.end('SIGKILL', 5000);
    });
    await eventually(async () => (await eventsOf(own, 'viewer_joined', id)).length === 2, 20_000);
    frozen.kill('SIGSTOP');
    await eventually(
      async () => (await leftBecauseOf(own, 'stalled')) === 1,
      CUT_WITHIN_MS,
      'it being cut',
    );
    frozen.kill('SIGCONT');
    expect((await frozen.exit).code).toBe(CURL_RESET);
    await expectFine(control, [other]);
  });
});
