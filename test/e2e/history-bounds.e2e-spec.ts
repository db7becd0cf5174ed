import {
  call,
  eventually,
  newContentId,
  openViewer,
  scoped,
  startProduct,
  startSimulator,
  streamPath,
  type Product,
  type Viewer,
} from './support';

const MIB = 1024 * 1024;
/** One chunk, and the bytes that were appended since the last request. */
const SLACK_BYTES = 512 * 1024;

function open(product: Product, id: string): Viewer {
  return openViewer(product.url(streamPath(id)));
}

async function ringBytes(product: Product): Promise<number> {
  const { text } = await call({ port: product.port, path: '/metrics' });
  return Number(/^acefleet_history_bytes (\d+)$/m.exec(text)![1]);
}

function expectUntouched({ audit }: Viewer): void {
  expect(audit).toMatchObject({ misaligned: 0, continuityErrors: 0, flagged: 0, crcErrors: 0 });
  expect(audit.markers).toMatchObject({ lostPackets: 0, repeatedPackets: 0, jumps: [] });
}

describe('limits of the history', () => {
  it.concurrent(
    'the history of one stream: is bounded by time',
    scoped(async () => {
      const engine = await startSimulator({ bitrateMbps: 2, burstSeconds: 0, startDelayMs: 50 });
      const product = await startProduct({
        engines: [engine],
        env: { PROXY_BUFFER_TTL: '5s', PROXY_JOIN_BEHIND: '60s' },
      });
      const id = newContentId();
      const viewer = open(product, id);
      await viewer.receiveMore(14_000);
      for (let n = 0; n < 5; n += 1) {
        await viewer.receiveMore(200);
        const { buffer } = await product.session(id);
        // The media of the last 5 s out of 14 s. A chunk of up to 188 KB is dropped as a whole, 0.75 s at 2 Mbit/s, and
        // delayed media arrive together.
        expect(buffer.seconds).toBeGreaterThan(2);
        expect(buffer.seconds).toBeLessThan(9);
        expect(buffer.keyframes).toBeGreaterThanOrEqual(2);
        expect(buffer.keyframes).toBeLessThanOrEqual(9);
      }
      // A later viewer gets the whole remaining history in order.
      const nowMs = viewer.audit.markers.lastBroadcastMs!;
      const later = open(product, id);
      await later.playing();
      expect(later.audit.markers.firstLatencyMs!).toBeGreaterThan(1500);
      expect(later.audit.markers.firstBroadcastMs!).toBeGreaterThan(nowMs - 9000);
      await later.receiveMore(1000);
      expectUntouched(viewer);
      expectUntouched(later);
    }),
  );

  it.concurrent(
    'the history of one stream: is bounded by bytes',
    scoped(async () => {
      const engine = await startSimulator({ bitrateMbps: 3, burstSeconds: 5, startDelayMs: 50 });
      const product = await startProduct({
        engines: [engine],
        env: { PROXY_BUFFER_SIZE: '2MiB', PROXY_JOIN_BEHIND: '60s' },
      });
      const id = newContentId();
      const viewer = open(product, id);
      // 4.5 MB; two megabytes are 5.6 s.
      await viewer.receiveMore(12_000);
      for (let n = 0; n < 5; n += 1) {
        await viewer.receiveMore(200);
        const { buffer } = await product.session(id);
        expect(buffer.bytes).toBeLessThanOrEqual(2 * MIB + SLACK_BYTES);
        expect(buffer.bytes).toBeGreaterThan(MIB);
        expect(buffer.seconds).toBeLessThan(8);
        expect(await ringBytes(product)).toBeLessThanOrEqual(2 * MIB + SLACK_BYTES);
      }
      const nowMs = viewer.audit.markers.lastBroadcastMs!;
      const later = open(product, id);
      await later.playing();
      expect(later.audit.markers.firstBroadcastMs!).toBeGreaterThan(nowMs - 8000);
      expectUntouched(viewer);
      expectUntouched(later);
    }),
  );

  it.concurrent(
    'the history of one stream: is released with the stream',
    scoped(async () => {
      const engine = await startSimulator({ bitrateMbps: 8, burstSeconds: 10, startDelayMs: 50 });
      const product = await startProduct({
        engines: [engine],
        env: { PROXY_GRACE_PERIOD: '200ms' },
      });
      const id = newContentId();
      const viewer = open(product, id);
      await viewer.playing();
      await eventually(async () => (await ringBytes(product)) > 8 * MIB);
      viewer.destroy();
      await eventually(async () => (await ringBytes(product)) === 0);
      const over = await product.session(id);
      expect(over).toMatchObject({ is_active: false, buffer: { bytes: 0, keyframes: 0 } });
      expect(over.bytes_in).toBeGreaterThan(8 * MIB);
    }),
  );

  it.concurrent(
    'the histories of all streams: shrink fairly at PROXY_BUFFER_TOTAL, never below 5 s, without an effect on viewers',
    scoped(async () => {
      const engine = await startSimulator({ bitrateMbps: 1, burstSeconds: 40, startDelayMs: 50 });
      const product = await startProduct({
        engines: [engine],
        env: {
          PROXY_BUFFER_TOTAL: '6MiB',
          MAX_STREAMS_PER_ENGINE: '10',
          PROXY_GRACE_PERIOD: '200ms',
        },
      });
      const ids = Array.from({ length: 3 }, newContentId);
      const viewers: Viewer[] = [];
      for (const id of ids) {
        const viewer = open(product, id);
        await viewer.playing();
        viewers.push(viewer);
      }
      // Three times 5 MB arrived; 6 MB are kept.
      await eventually(async () => {
        const { body } = await product.api('GET', '/proxy/sessions');
        const taken = (body.sessions as { bytes_in: number }[]).map((one) => one.bytes_in);
        return taken.length === 3 && taken.every((bytes) => bytes > 4_500_000);
      });
      await eventually(
        async () => (await ringBytes(product)) <= 6 * MIB + 3 * SLACK_BYTES,
        20_000,
        'the total is kept',
      );
      for (let n = 0; n < 4; n += 1) {
        await viewers[0]!.receiveMore(500);
        expect(await ringBytes(product)).toBeLessThanOrEqual(6 * MIB + 3 * SLACK_BYTES);
      }
      const { body } = await product.api('GET', '/proxy/sessions');
      for (const { buffer } of body.sessions as { buffer: { seconds: number; bytes: number } }[]) {
        expect(buffer.seconds).toBeGreaterThan(5);
        expect(buffer.bytes).toBeGreaterThan(MIB);
        expect(buffer.bytes).toBeLessThan(3 * MIB);
      }
      const later = open(product, ids[0]!);
      await later.playing();
      expect(later.audit.markers.firstLatencyMs!).toBeGreaterThan(2800);
      viewers.push(later);
      await Promise.all(viewers.map((viewer) => viewer.receiveMore(500)));
      viewers.forEach(expectUntouched);
      // With fewer streams each may keep more again.
      viewers[1]!.destroy();
      viewers[2]!.destroy();
      await eventually(async () => (await product.sessionCount()) === 1);
      const kept = async (): Promise<number> => (await product.session(ids[0]!)).buffer.seconds;
      const before = await kept();
      await eventually(async () => (await kept()) > before + 2);
    }),
  );

  it.concurrent(
    'the histories of all streams: stay within the total where 5 s of each do not fit, and viewers miss nothing',
    scoped(async () => {
      // No burst: 12 s of media at once would be more than this history and the sockets can hold.
      const engine = await startSimulator({ bitrateMbps: 4, burstSeconds: 0, startDelayMs: 50 });
      const product = await startProduct({
        engines: [engine],
        env: { PROXY_BUFFER_TOTAL: '1MiB' },
      });
      const ids = [newContentId(), newContentId()];
      const viewers = ids.map((id) => open(product, id));
      // Six times what the histories may hold.
      await Promise.all(viewers.map((viewer) => viewer.receiveMore(6000)));
      expect(await ringBytes(product)).toBeLessThanOrEqual(MIB + 2 * SLACK_BYTES);
      viewers.forEach(expectUntouched);
    }),
  );
});
