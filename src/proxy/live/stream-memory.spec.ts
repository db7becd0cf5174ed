import 'reflect-metadata';
import { selector, LiveStage, type Joined } from '../testing/live-stage.spec-support';
import { until } from '../testing/until.spec-support';
import { makeViewer } from '../testing/viewers.spec-support';
import { longestPaused } from './stream-memory';

describe('longestPaused', () => {
  const viewer = (pausedSinceMs: number | null) => Object.assign(makeViewer(), { pausedSinceMs });

  it('returns the viewer who was paused first among all streams', () => {
    const first = viewer(100);
    const streams = [
      { viewers: [viewer(null), viewer(300)] },
      { viewers: [] },
      { viewers: [viewer(200), first] },
    ];
    expect(longestPaused(streams)).toBe(first);
  });

  it('returns null when no viewer is paused', () => {
    expect(longestPaused([{ viewers: [viewer(null)] }, { viewers: [] }])).toBeNull();
  });
});

describe('a paused viewer', () => {
  const [A, B] = [selector('a'), selector('b')];
  let stage: LiveStage;

  afterEach(() => stage.close());

  /** Makes the socket of the viewer look blocked for longer than the limit, so that the fan-out pauses the viewer. */
  async function pause(joined: Joined, atMs = performance.now()): Promise<void> {
    const { viewer, stream } = joined;
    if (viewer.socket === null) await stage.attach(joined);
    await until(() => viewer.isDrained && viewer.cursor === stream.history.ring.head);
    Object.defineProperty(viewer, 'isDrained', { value: false, configurable: true });
    Object.assign(viewer, { unsentBytes: () => 1000 });
    stream['fanout'].sweep(atMs, false);
    stream['fanout'].sweep(atMs + 15_001, false);
    expect(viewer.state).toBe('paused');
  }

  function resume({ viewer, stream }: Joined): void {
    Reflect.deleteProperty(viewer, 'isDrained');
    Reflect.deleteProperty(viewer, 'unsentBytes');
    stream['fanout'].sweep(performance.now() + 20_000, false);
  }

  it('keeps its stream alive, which counts as unwatched meanwhile', async () => {
    stage = await LiveStage.open();
    const joined = await stage.live(A);
    const { stream, viewer } = joined;
    await pause(joined);
    expect([stream.state, stream.isOver, viewer.leaveReason]).toEqual(['grace', false, null]);
    expect(stream.holder.isWatched).toBe(false);
    stage.jobs.runAll();
    expect(stream.isOver).toBe(false);
    resume(joined);
    expect([stream.state, viewer.state]).toEqual(['live', 'streaming']);
    expect(stream.holder.isWatched).toBe(true);
    await pause(joined);
    // Without its last viewer the stream has the usual grace period.
    stage.leave(joined);
    stage.jobs.runAll();
    expect(stream.endReason).toBe('no_viewers');
  });

  it('is reset when another start needs the slot of its stream', async () => {
    stage = await LiveStage.open({ engines: 1, slots: 1 });
    const joined = await stage.live(A);
    await pause(joined);
    const other = await stage.live(B);
    expect(joined.stream.endReason).toBe('reclaimed');
    expect(joined.viewer.leaveReason).toBe('stopped');
    expect(other.stream.state).toBe('live');
  });

  it('does not affect other viewers of its stream', async () => {
    stage = await LiveStage.open({ engines: 1, slots: 1 });
    const joined = await stage.live(A);
    const other = stage.join(A);
    await stage.attach(other);
    await pause(joined);
    expect(joined.stream.state).toBe('live');
    await expect(stage.join(B).ready).rejects.toMatchObject({ code: 'no_capacity' });
    expect(other.viewer.leaveReason).toBeNull();
  });

  it('is disconnected when the memory for all streams is used up, the longest paused first', async () => {
    stage = await LiveStage.open({ env: { PROXY_BUFFER_TOTAL: '1MiB' } });
    const joined = [await stage.live(A), await stage.live(B)];
    const watching = stage.join(B);
    await stage.attach(watching);
    const nowMs = performance.now();
    await pause(joined[1]!, nowMs - 60_000);
    await pause(joined[0]!, nowMs - 30_000);
    const left: (string | null)[][] = [];
    await until(() => {
      const reasons = joined.map(({ viewer }) => viewer.leaveReason);
      if (String(left.at(-1)) !== String(reasons)) left.push(reasons);
      return reasons.every((reason) => reason !== null);
    });
    expect(left).toEqual([
      [null, null],
      [null, 'memory_limit'],
      ['memory_limit', 'memory_limit'],
    ]);
    expect(watching.viewer.leaveReason).toBeNull();
  });
});
