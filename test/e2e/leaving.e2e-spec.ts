import {
  call,
  eventually,
  newContentId,
  openViewer,
  startProduct,
  startSimulator,
  streamPath,
  type Product,
  type Simulator,
  type Viewer,
} from './support';
import { baselineOf, expectNothingLeft, type Baseline } from './support/remains';
import { withLag } from '../../src/kernel/testing/lag.spec-support';

const GRACE_MS = 1000;
/**
 * Tolerance for a busy machine. A departure that is not detected ends after 15 s, and the default grace period is 10 s.
 */
const LATE_MS = 7000;

type Way = (viewer: Viewer) => Promise<void> | void;

/** Leaves in this way once the head and this many bytes of the body have arrived. */
function after(bytes: number, leave: (viewer: Viewer) => void): Way {
  return async (viewer) => {
    await viewer.head;
    await viewer.until((audit) => audit.bytes >= bytes, 20_000, `${bytes} bytes`);
    leave(viewer);
  };
}

/** Ways to leave; each viewer of a crowd uses the next one. */
const WAYS: readonly [string, Way][] = [
  ['FIN before headers', (viewer) => viewer.destroy()],
  ['RST before headers', (viewer) => viewer.reset()],
  ['half-close before headers', (viewer) => viewer.halfClose()],
  ['FIN with the headers', after(0, (viewer) => viewer.destroy())],
  ['RST with the headers', after(0, (viewer) => viewer.reset())],
  ['FIN in the body', after(100_000, (viewer) => viewer.destroy())],
  ['RST in the body', after(100_000, (viewer) => viewer.reset())],
  ['half-close in the body', after(50_000, (viewer) => viewer.halfClose())],
  [
    'FIN with unread bytes',
    after(1, (viewer) => {
      viewer.pause();
      viewer.destroy();
    }),
  ],
];

describe('viewers that leave', () => {
  let engine: Simulator;
  let product: Product;
  let atRest: Baseline;

  beforeAll(async () => {
    engine = await startSimulator({ startDelayMs: 300, bitrateMbps: 2 });
    product = await startProduct({
      engines: [engine],
      hasUser: true,
      env: { PROXY_GRACE_PERIOD: `${GRACE_MS}ms`, MAX_STREAMS_PER_ENGINE: '20' },
    });
    atRest = baselineOf(product);
  });

  function open(id: string): Viewer {
    return openViewer(product.url(streamPath(id)));
  }

  it.each(WAYS)(
    '%s: the viewer is removed at once, the stream after the grace period',
    async (_way, leave) => {
      const id = newContentId();
      const viewer = open(id);
      await eventually(async () => (await product.session(id))?.client_count === 1);
      await leave(viewer);
      await viewer.closed;
      await eventually(
        async () => (await product.session(id)).client_count === 0,
        LATE_MS,
        'no viewer',
      );
      const session = await eventually(async () => {
        const found = await product.session(id);
        return found.is_active ? undefined : found;
      });
      expect(session).toMatchObject({ end_reason: 'no_viewers', error: null });
      expect(session.idle_seconds).toBeGreaterThan((GRACE_MS - 100) / 1000);
      expect(session.idle_seconds).toBeLessThan(withLag(GRACE_MS + LATE_MS) / 1000);
      // A departure is not logged as an error.
      const lines = product.logs().filter((line) => line['streamId'] === id);
      expect(lines.filter(({ level }) => Number(level) >= 40)).toEqual([]);
    },
  );

  it('300 at five channels in every way: others are unaffected, nothing is left', async () => {
    await expectNothingLeft(product, [engine], atRest);
    await engine.clear();
    const channels = Array.from({ length: 5 }, newContentId);
    const stays = open(channels[0]!);
    const crowd = Array.from({ length: 300 }, (_, n) => ({
      viewer: open(channels[n % channels.length]!),
      leave: WAYS[n % WAYS.length]![1],
    }));
    await Promise.all(
      crowd.map(async ({ viewer, leave }) => {
        // Some responses have no head, because their viewers had left before.
        await Promise.resolve(leave(viewer)).catch(() => undefined);
        await viewer.closed;
      }),
    );
    await eventually(async () => {
      const { body } = await product.api('GET', '/proxy/status');
      expect(body).toMatchObject({ total_clients: 1, active_sessions: 1 });
      return true;
    }, 30_000);
    await stays.receiveMore(500);
    expect(stays.audit).toMatchObject({ misaligned: 0, continuityErrors: 0, flagged: 0 });
    expect(stays.audit.markers).toMatchObject({ lostPackets: 0, repeatedPackets: 0, jumps: [] });
    stays.destroy();
    await expectNothingLeft(product, [engine], atRest);
    const counters = await engine.counters();
    expect(counters['sessions_opened']).toBe(counters['sessions_stopped']);
    expect(counters).toMatchObject({ peak_readers_per_content: 1, second_reader_violations: 0 });
    expect((await product.api('GET', '/health/live')).status).toBe(200);
    const { text } = await call({ port: product.port, path: '/metrics' });
    expect(text).toMatch(/^acefleet_viewers_left_total\{reason="hung_up"\} \d+$/m);
    expect(text).not.toMatch(/^acefleet_viewers_left_total\{reason="(?!hung_up)[a-z_]+"\} [1-9]/m);
  });
});
