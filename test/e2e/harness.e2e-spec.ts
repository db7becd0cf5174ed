import {
  call,
  newContentId,
  openViewer,
  startSimulator,
  streamPath,
  type Simulator,
  type Viewer,
} from './support';
import { withLag } from '../../src/kernel/testing/lag.spec-support';

/** The other specs depend on this audit, so it is checked on streams of the engine itself, with and without faults. */
describe('the audit of a stream', () => {
  let engine: Simulator;

  beforeAll(async () => {
    engine = await startSimulator({ startDelayMs: 0 });
  });

  /** Follows the engine's redirects to the media; viewers do not follow redirects. */
  async function readFromEngine(id: string): Promise<Viewer> {
    const port = engine.httpPort;
    const start = await call({ port, path: streamPath(id, '&format=json&pid=audit') });
    const { pathname } = new URL(start.body.response.playback_url);
    const { headers } = await call({ port, path: pathname });
    return openViewer({ port, path: new URL(headers.location!).pathname });
  }

  it('finds no fault in an intact stream', async () => {
    const viewer = await readFromEngine(newContentId());
    await viewer.receiveMore(7000);
    const { audit } = viewer;
    expect(audit).toMatchObject({
      misaligned: 0,
      continuityErrors: 0,
      tableContinuityErrors: 0,
      crcErrors: 0,
      flagged: 0,
    });
    expect(audit.markers).toMatchObject({
      lostPackets: 0,
      repeatedPackets: 0,
      outOfOrder: 0,
      jumps: [],
    });
    // The right order of magnitude: seconds on a busy machine, not the broadcast time in other units.
    expect(audit.markers.lastLatencyMs).toBeLessThan(withLag(20_000));
    expect(audit.nullPackets).toBeGreaterThan(0);
  });

  it('detects single lost packets', async () => {
    const id = newContentId();
    await engine.fault({ kind: 'continuity_error', content: id, every: 100 });
    const viewer = await readFromEngine(id);
    await viewer.receiveMore(4000);
    expect(viewer.audit.markers.lostPackets).toBeGreaterThan(3);
    expect(viewer.audit.continuityErrors + viewer.audit.tableContinuityErrors).toBeGreaterThan(3);
    expect(viewer.audit.markers.repeatedPackets).toBe(0);
  });

  it('detects repeated packets', async () => {
    const id = newContentId();
    const viewer = await readFromEngine(id);
    await viewer.playing();
    await engine.actOnReaders('loop_back', { content: id, seconds: 2 });
    await viewer.until(({ markers }) => markers.outOfOrder > 0);
    expect(viewer.audit.markers.repeatedPackets).toBeGreaterThan(0);
  });

  it('detects lost alignment', async () => {
    const id = newContentId();
    await engine.fault({ kind: 'lost_sync', content: id, bytes: 400_000 });
    const viewer = await readFromEngine(id);
    await viewer.until((audit) => audit.misaligned > 10);
  });

  it('detects gaps, resets and ends', async () => {
    const id = newContentId();
    const viewer = await readFromEngine(id);
    await viewer.playing();
    await engine.actOnReaders('stall', { content: id, resume_after_ms: 4000 });
    await viewer.until((audit) => audit.longestGapMs > 600);
    await engine.actOnReaders('reset', { content: id });
    expect((await viewer.closed).how).toBe('rst');
    const other = await readFromEngine(newContentId());
    await other.playing();
    await engine.actOnReaders('end');
    expect((await other.closed).how).toBe('fin');
  });

  it('reads at the given rate', async () => {
    const id = newContentId();
    const rate = 100_000;
    const port = engine.httpPort;
    const start = await call({ port, path: streamPath(id, '&format=json&pid=slow') });
    const { pathname } = new URL(start.body.response.playback_url);
    const { headers } = await call({ port, path: pathname });
    const viewer = openViewer(
      { port, path: new URL(headers.location!).pathname },
      { readRate: rate },
    );
    await viewer.until((audit) => audit.bytes > rate * 2, 20_000);
    const seconds = (performance.now() - viewer.audit.firstByteMs!) / 1000;
    expect(viewer.audit.bytes / seconds).toBeLessThan(rate * 1.3);
  });
});
