import 'reflect-metadata';
import { selector, SessionStage, type Joined } from '../testing/session-stage.spec-support';
import { until } from '../testing/until.spec-support';
import { someViewer } from '../testing/viewers.spec-support';
import { longestPaused } from './stream-memory';

describe('longestPaused', () => {
  const viewer = (pausedSinceMs: number | null) => Object.assign(someViewer(), { pausedSinceMs });

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
  let stage: SessionStage;

  afterEach(() => stage.close());

  /** A viewer who takes nothing from now on, and is found out. */
  async function pause(joined: Joined, atMs = performance.now()): Promise<void> {
    const { viewer, session } = joined;
    if (viewer.socket === null) await stage.attach(joined);
    await until(() => viewer.isDrained && viewer.cursor === session.history.ring.head);
    Object.defineProperty(viewer, 'isDrained', { value: false, configurable: true });
    Object.assign(viewer, { unsentBytes: () => 1000 });
    session['fanout'].sweep(atMs, false);
    session['fanout'].sweep(atMs + 15_001, false);
    expect(viewer.state).toBe('paused');
  }

  function goOn({ viewer, session }: Joined): void {
    Reflect.deleteProperty(viewer, 'isDrained');
    Reflect.deleteProperty(viewer, 'unsentBytes');
    session['fanout'].sweep(performance.now() + 20_000, false);
  }

  it('keeps its stream, which counts as one that nobody watches', async () => {
    stage = await SessionStage.open();
    const joined = await stage.live(A);
    const { session, viewer } = joined;
    await pause(joined);
    expect([session.state, session.isOver, viewer.leaveReason]).toEqual(['grace', false, null]);
    expect(session.current?.lease.isWatched).toBe(false);
    stage.jobs.runAll();
    expect(session.isOver).toBe(false);
    goOn(joined);
    expect([session.state, viewer.state]).toEqual(['live', 'streaming']);
    expect(session.current?.lease.isWatched).toBe(true);
    await pause(joined);
    // The last one is gone: from now on it is the grace period as ever.
    stage.leave(joined);
    stage.jobs.runAll();
    expect(session.endReason).toBe('no_viewers');
  });

  it('is reset when somebody else wants the slot of its stream', async () => {
    stage = await SessionStage.open({ engines: 1, slots: 1 });
    const joined = await stage.live(A);
    await pause(joined);
    const other = await stage.live(B);
    expect(joined.session.endReason).toBe('reclaimed');
    expect(joined.viewer.leaveReason).toBe('stopped');
    expect(other.session.state).toBe('live');
  });

  it('does not end the watching of others', async () => {
    stage = await SessionStage.open({ engines: 1, slots: 1 });
    const joined = await stage.live(A);
    const other = stage.join(A);
    await stage.attach(other);
    await pause(joined);
    expect(joined.session.state).toBe('live');
    await expect(stage.join(B).ready).rejects.toMatchObject({ code: 'no_capacity' });
    expect(other.viewer.leaveReason).toBeNull();
  });

  it('is cut when the memory for all streams is used up, the longest paused first', async () => {
    stage = await SessionStage.open({ env: { PROXY_BUFFER_TOTAL: '1MiB' } });
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
