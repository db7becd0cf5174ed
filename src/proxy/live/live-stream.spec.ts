import 'reflect-metadata';
import { pid, TS_PACKET } from '../mpegts';
import { engineSession, fault } from '../testing/scripted-ace.spec-support';
import { selector, LiveStage } from '../testing/live-stage.spec-support';
import { packetsOf, SyntheticStream } from '../testing/synthetic-stream.spec-support';
import { eventLoopTurns, until, untilAborted } from '../testing/until.spec-support';

const A = selector('a');

let stage: LiveStage;

beforeEach(async () => {
  stage = await LiveStage.open();
});

afterEach(() => stage.close());

describe('the start of a stream', () => {
  it('resolves answered when the engine answers, and ready at the first random access point', async () => {
    await stage.close();
    // A slow machine may pause between two packets, which must not be published as a stall.
    stage = await LiveStage.open({ env: { PROXY_KEEPALIVE_AFTER: '5s' } });
    const { stream, ready } = stage.join(A);
    let isReady = false;
    void ready.then(() => (isReady = true));
    expect(stream.state).toBe('starting');
    expect(await stream.answered).toBe(stream);
    const source = await stage.source(1);
    const media = new SyntheticStream().take(10);
    source.send(media.subarray(0, 2 * TS_PACKET));
    await until(() => stream.ingest.bytesIn > 0);
    await eventLoopTurns();
    expect(isReady).toBe(false);
    expect(stream.state).toBe('starting');
    source.send(media.subarray(2 * TS_PACKET));
    await ready;
    expect(stream.state).toBe('live');
    const { timeline } = stream;
    const times = [
      timeline.requestedAt,
      timeline.engineAnsweredAt,
      timeline.firstByteAt,
      timeline.firstPatAt,
      timeline.firstKeyframeAt,
    ];
    for (const time of times) expect(time).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
    expect(await stage.publishedTypes()).toEqual(['stream_requested', 'stream_started']);
  });

  it('sends the whole history to a viewer who waited, and the last seconds to a later one', async () => {
    const first = stage.join(A);
    (await stage.source(1)).play(250);
    const early = await stage.attach(first);
    const { history } = first.stream;
    await until(() => first.viewer.cursor === history.ring.head);
    await until(() => early.receivedBytes() === first.viewer.queuedBytes);
    expect(first.viewer.queuedBytes).toBe(history.ring.head);

    const second = stage.join(A);
    const late = await stage.attach(second);
    await until(() => late.receivedBytes() === second.viewer.queuedBytes);
    // The history has 10 s with a key frame each second, and PROXY_JOIN_BEHIND is 3 s.
    const share = late.receivedBytes() / early.receivedBytes();
    expect(share).toBeGreaterThan(0.29);
    expect(share).toBeLessThan(0.41);
    expect(
      packetsOf(late.received())
        .map((packet) => pid(packet, 0))
        .slice(0, 2),
    ).toEqual([0, 0x1000]);
    expect(await stage.publishedTypes()).toContain('viewer_joined');
  });

  it.each<[string, () => void]>([
    [
      'while it waits for an engine',
      () => {
        stage.engines.close();
      },
    ],
    [
      'while it waits for the answer of the engine',
      () => {
        stage.ace.onStart = ({ signal }) => untilAborted(signal);
      },
    ],
  ])('releases everything when its last viewer leaves %s', async (_, arrange) => {
    arrange();
    const joined = stage.join(A);
    await eventLoopTurns();
    stage.leave(joined);
    expect(joined.stream.state).toBe('grace');
    stage.jobs.runAll();
    await joined.stream.end('stopped');
    expect(joined.stream).toMatchObject({ state: 'ended', endReason: 'no_viewers' });
    expect(stage.engines.inUse()).toBe(0);
    expect(stage.ace.count('stop')).toBe(0);
    expect(stage.directory.list()).toEqual([]);
    expect(stage.jobs.pending.size).toBe(0);
  });

  it.each([
    [
      'while the playback is opened',
      () => (stage.ace.onOpen = (_path, signal) => untilAborted(signal)),
    ],
    ['while it waits for media', () => undefined],
  ])('stops its engine session once when its last viewer leaves %s', async (_, arrange) => {
    arrange();
    const joined = stage.join(A);
    await until(() => stage.ace.count('open') === 1);
    stage.leave(joined);
    stage.jobs.runAll();
    await joined.stream.end('stopped');
    await joined.stream.end('stopped');
    expect(stage.ace.count('stop e1 /ace/cmd/1')).toBe(1);
    expect(stage.engines.inUse()).toBe(0);
  });

  it('continues for a viewer who comes back within the grace period', async () => {
    const first = stage.join(A);
    await until(() => stage.ace.count('open') === 1);
    stage.leave(first);
    const second = stage.join(A);
    expect(second.stream).toBe(first.stream);
    expect(stage.jobs.pending.size).toBe(0);
    (await stage.source(1)).play(30);
    expect(await second.ready).toBe(first.stream);
    expect(stage.ace.count('start')).toBe(1);
  });

  it('is not ended by an outdated grace job', async () => {
    const watched = await stage.live(A);
    const ended = stage.join(selector('b'));
    await ended.stream.end('stopped');
    for (const { stream } of [watched, ended]) {
      await stage.directory.endAfterGrace({ streamUid: stream.uid });
    }
    await stage.directory.endAfterGrace({ streamUid: 'of an earlier process' });
    expect(stage.directory.list()).toEqual([watched.stream]);
    expect(watched.stream.state).toBe('live');
  });

  it('keeps its slot until the engine session is stopped', async () => {
    const joined = await stage.live(A);
    let stopped: () => void = () => undefined;
    stage.ace.onStop = () => new Promise<void>((resolve) => (stopped = resolve));
    let isOver = false;
    const ending = joined.stream.end('stopped').then(() => (isOver = true));
    await until(() => stage.ace.count('stop') === 1);
    await eventLoopTurns();
    expect(stage.engines.inUse()).toBe(1);
    expect(isOver).toBe(false);
    stopped();
    await ending;
    expect(stage.engines.inUse()).toBe(0);
  });
});

describe('a viewer', () => {
  it('closes the socket of a viewer who hangs up and resets the socket of one who is removed', async () => {
    const [first, second] = [stage.join(A), stage.join(A)];
    (await stage.source(1)).play(30);
    const pairs = [await stage.attach(first), await stage.attach(second)];
    // Node reports a reset that arrives together with data as an end, so all data must have arrived before.
    for (const [i, { viewer }] of [first, second].entries()) {
      await until(() => viewer.cursor === first.stream.history.ring.head);
      await until(() => pairs[i]!.receivedBytes() === viewer.queuedBytes);
    }
    const resets = pairs.map(({ far }) => {
      let isReset = false;
      far.on('error', (error: NodeJS.ErrnoException) => (isReset = error.code === 'ECONNRESET'));
      return () => isReset;
    });
    first.stream.removeViewer(first.viewer, 'hung_up');
    first.stream.removeViewer(second.viewer, 'kicked');
    await until(() => pairs.every(({ far }) => far.destroyed));
    expect(resets.map((isReset) => isReset())).toEqual([false, true]);
    expect(stage.streams.limits.count).toBe(0);
    expect(first.stream.state).toBe('grace');
    await stage.publishedTypes();
    const left = stage.events.filter(({ type }) => type === 'viewer_left');
    expect(left.map(({ payload }) => payload)).toMatchObject([
      { client_id: first.viewer.id, reason: 'hung_up' },
      { client_id: second.viewer.id, reason: 'kicked' },
    ]);
  });

  it('is subtracted from the count once, however often it is removed', async () => {
    const [first, second] = [stage.join(A), stage.join(A)];
    await until(() => stage.ace.count('open') === 1);
    stage.leave(first);
    stage.leave(first);
    first.stream.removeViewer(first.viewer, 'kicked');
    expect(first.viewer.leaveReason).toBe('hung_up');
    expect([...first.stream.viewers]).toEqual([second.viewer]);
    expect(stage.streams.limits.count).toBe(1);
    expect(first.stream.state).toBe('starting');
  });

  it('who left before any media does not cause the event viewer_left', async () => {
    const first = stage.join(A);
    stage.leave(first);
    expect(await stage.publishedTypes()).not.toContain('viewer_left');
  });

  it('is reset when the stream is stopped; one who still waits for the start gets an error', async () => {
    const watching = await stage.live(A);
    const pair = await stage.attach(watching);
    const waiting = stage.join(selector('b'));
    await until(() => stage.ace.count('open') === 2);
    await Promise.all([watching.stream.end('stopped'), waiting.stream.end('stopped')]);
    await expect(waiting.ready).rejects.toMatchObject({ code: 'not_found' });
    await until(() => pair.far.destroyed);
    expect(watching.viewer.leaveReason).toBe('stopped');
    expect(stage.streams.limits.count).toBe(0);
  });
});

describe('the snapshot of a stream', () => {
  it('shows the current state, and after the end the last engine and the reason', async () => {
    const joined = await stage.live(A);
    await stage.attach(joined);
    expect(joined.stream.snapshot()).toMatchObject({
      id: A.value,
      state: 'live',
      isLive: true,
      engine: { id: 'e1', host: 'e1', port: 6878 },
      playbackSessionId: 'session-1',
      clientCount: 1,
      endedAt: null,
      attempts: [{ engineId: 'e1', outcome: 'playing', durationMs: null }],
      buffer: { keyframes: 2 },
      failovers: 0,
    });
    await joined.stream.end('stopped');
    expect(stage.streams.findPast(A.value)).toMatchObject({
      state: 'ended',
      endReason: 'stopped',
      engine: { id: 'e1' },
      clientCount: 0,
      buffer: { bytes: 0, keyframes: 0 },
      error: null,
    });
  });

  it('shows unknown values as null', async () => {
    stage.ace.onStart = ({ number }) => engineSession(number, { isLive: -1 });
    expect((await stage.live(A)).stream.snapshot().isLive).toBeNull();
    stage.ace.onStart = () => Promise.reject(fault('content', 'unknown'));
    await expect(stage.join(selector('b')).ready).rejects.toThrow();
    expect(stage.streams.findPast('b'.repeat(40))).toMatchObject({
      bitrateBps: null,
      startedAt: null,
      buffer: { seconds: null },
    });
  });
});
