import 'reflect-metadata';
import { selector, LiveStage, type Joined } from '../testing/live-stage.spec-support';
import { until } from '../testing/until.spec-support';
import { makeViewer } from '../testing/viewers.spec-support';
import { longestPaused } from './stream-memory';

describe('longestPaused', () => {
  const viewer = (pausedSinceMs: number | null) => Object.assign(makeViewer(), { pausedSinceMs });

  it('is who was paused first, over all sessions', () => {
    const first = viewer(100);
    const sessions = [
      { viewers: [viewer(null), viewer(300)] },
      { viewers: [] },
      { viewers: [viewer(200), first] },
    ];
    expect(longestPaused(sessions)).toBe(first);
  });

  it('is nobody when all watch', () => {
    expect(longestPaused([{ viewers: [viewer(null)] }, { viewers: [] }])).toBeNull();
  });
});

describe('a paused viewer', () => {
  const [A, B] = [selector('a'), selector('b')];
  let stage: LiveStage;

  afterEach(() => stage.close());

  /** A viewer who takes nothing from now on, and is found out. */
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

  function goOn({ viewer, stream }: Joined): void {
    Reflect.deleteProperty(viewer, 'isDrained');
    Reflect.deleteProperty(viewer, 'unsentBytes');
    stream['fanout'].sweep(performance.now() + 20_000, false);
  }

  it('keeps its stream, which counts as one that nobody watches', async () => {
    stage = await LiveStage.open();
    const joined = await stage.live(A);
    const { stream, viewer } = joined;
    await pause(joined);
    expect([stream.state, stream.isOver, viewer.leaveReason]).toEqual(['grace', false, null]);
    expect(stream.current?.lease.isWatched).toBe(false);
    stage.jobs.runAll();
    expect(stream.isOver).toBe(false);
    goOn(joined);
    expect([stream.state, viewer.state]).toEqual(['live', 'streaming']);
    expect(stream.current?.lease.isWatched).toBe(true);
    await pause(joined);
    // The last one is gone: from now on it is the grace period as ever.
    stage.leave(joined);
    stage.jobs.runAll();
    expect(stream.endReason).toBe('no_viewers');
  });

  it('is reset when somebody else wants the slot of its stream', async () => {
    stage = await LiveStage.open({ engines: 1, slots: 1 });
    const joined = await stage.live(A);
    await pause(joined);
    const other = await stage.live(B);
    expect(joined.stream.endReason).toBe('reclaimed');
    expect(joined.viewer.leaveReason).toBe('stopped');
    expect(other.stream.state).toBe('live');
  });

  it('does not end the watching of others', async () => {
    stage = await LiveStage.open({ engines: 1, slots: 1 });
    const joined = await stage.live(A);
    const other = stage.join(A);
    await stage.attach(other);
    await pause(joined);
    expect(joined.stream.state).toBe('live');
    await expect(stage.join(B).ready).rejects.toMatchObject({ code: 'no_capacity' });
    expect(other.viewer.leaveReason).toBeNull();
  });

  it('is cut when the memory for all streams is used up, the longest paused first', async () => {
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
