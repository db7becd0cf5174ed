import 'reflect-metadata';
import { NULL_PID, nullPackets, pid } from '../../mpegts';
import { continuityFaults, pidsOf } from '../../testing/continuity.spec-support';
import { engineSession, fault } from '../../testing/scripted-ace.spec-support';
import { ScriptedSource } from '../../testing/scripted-source.spec-support';
import {
  SHORT_SILENCE_LIMITS,
  selector,
  LiveStage,
  type Joined,
} from '../../testing/live-stage.spec-support';
import { packetsOf } from '../../testing/synthetic-stream.spec-support';
import { until, untilAborted } from '../../testing/until.spec-support';

const A = selector('a');

let stage: LiveStage;

afterEach(() => stage.close());

async function open(env: Record<string, string> = {}, engines = 2): Promise<Joined> {
  stage = await LiveStage.open({ engines, env });
  return stage.live(A);
}

/** Calls to the engines in order, without those that open a playback. */
const calls = (): string[] => stage.ace.log.filter((line) => !line.startsWith('open'));

describe('a running stream whose source ends', () => {
  it.each<[string, (source: ScriptedSource) => void]>([
    ['ends', (source) => source.end()],
    ['is reset', (source) => source.reset()],
  ])(
    'stops the engine session whose source %s, and starts a new one on the same engine',
    async (_, cut) => {
      const { stream, viewer } = await open();
      cut(await stage.source(1));
      (await stage.source(2)).play(30);
      await until(() => stream.ingest.totalResyncs === 0 && stream.failovers === 1);
      expect(calls()).toEqual(['start e1 content_id', 'stop e1 /ace/cmd/1', 'start e1 content_id']);
      expect(stage.engines.complaints).toEqual([]);
      expect(stage.engines.inUse()).toBe(1);
      expect(viewer.leaveReason).toBeNull();
    },
  );

  it('gives its viewers continuous packets over the change of the source', async () => {
    const joined = await open();
    const pair = await stage.attach(joined);
    (await stage.source(1)).play(30).reset();
    (await stage.source(2)).play(30);
    const { ring } = joined.stream.history;
    await until(() => joined.stream.ingest.isJoinable && stage.ace.sources.length === 2);
    await until(() => joined.viewer.cursor === ring.head && ring.pendingBytes === 0);
    await until(() => pair.receivedBytes() === joined.viewer.queuedBytes);
    expect(continuityFaults(pair.received())).toEqual([]);
    expect(joined.stream.history.points.count).toBeGreaterThanOrEqual(4);
  });

  it('goes to another engine when the same engine fails to start it again', async () => {
    const { stream } = await open();
    stage.ace.onStart = ({ engineId, number }) =>
      engineId === 'e1' ? Promise.reject(fault('engine', 'http_500')) : engineSession(number);
    (await stage.source(1)).end();
    (await stage.source(2)).play(30);
    await until(() => stream.current?.engine.id === 'e2');
    expect(stage.engines.complaints).toEqual(['e1: bad_answer']);
    await until(() => stage.engines.inUse('e1') === 0);
  });

  it('goes to another engine when the new source on the same engine ends at once', async () => {
    const { stream } = await open();
    (await stage.source(1)).end();
    (await stage.source(2)).end();
    (await stage.source(3)).play(30);
    expect(stream.current?.engine.id).toBe('e2');
    expect(stream.failovers).toBe(2);
  });

  it('opens a later engine session when the new one does not deliver in time', async () => {
    const { stream } = await open({ PROXY_STALL_TIMEOUT: '200ms' });
    stage.ace.onOpen = (path) =>
      path === '/ace/r/2'
        ? Promise.reject(fault('warming', 'http_500'))
        : new ScriptedSource().play(30);
    const { ring } = stream.history;
    const end = ring.end;
    (await stage.source(1)).end();
    await until(() => ring.end > end, 'media of a later engine session');
    expect(stream.isOver).toBe(false);
  });
});

describe('a running stream that falls silent', () => {
  /** True also when the stream has stalled again since. */
  const hasResumed = (): boolean => stage.events.some(({ type }) => type === 'stream_resumed');

  it('goes to another engine, and complains about the silent one', async () => {
    const { stream } = await open(SHORT_SILENCE_LIMITS);
    (await stage.source(2)).play(30);
    expect(stream.current?.engine.id).toBe('e2');
    expect(stage.engines.complaints).toEqual(['e1: silence']);
    await until(() => calls().includes('stop e1 /ace/cmd/1'));
    expect(stream.failovers).toBe(1);
  });

  it('goes to another engine within seconds when its own does not answer the probe', async () => {
    const { stream } = await open();
    stage.engines.frozen.add('e1');
    (await stage.source(2)).play(30);
    expect(stream.attempts.map(({ outcome }) => outcome)).toEqual([
      'engine_unresponsive',
      'playing',
    ]);
    expect(stage.engines.complaints).toEqual(['e1: unresponsive']);
    expect(stage.engines.inUse('e1')).toBe(0);
  });

  it('sends null packets during the silence to viewers who have received media', async () => {
    const joined = await open(SHORT_SILENCE_LIMITS);
    const pair = await stage.attach(joined);
    await until(() => joined.stream.state === 'stalled');
    const nulls = (): number =>
      packetsOf(pair.received()).filter((packet) => pid(packet, 0) === NULL_PID).length;
    await until(() => nulls() >= 14);
    const { history } = joined.stream;
    expect(history.scanner.nullPackets).toBe(0);
    (await stage.source(2)).play(30);
    await until(hasResumed);
    await until(() => joined.viewer.cursor === history.ring.head);
    await until(() => pair.receivedBytes() === joined.viewer.queuedBytes);
    expect(continuityFaults(pair.received())).toEqual([]);
  });

  it('publishes one stall and one resumption, and does not take null packets for media', async () => {
    const { stream } = await open({ ...SHORT_SILENCE_LIMITS, PROXY_STALL_TIMEOUT: '1m' });
    const source = await stage.source(1);
    await until(() => stream.state === 'stalled');
    const lastMediaMs = stream.ingest.lastMediaMs!;
    for (let i = 0; i < 5; i++) {
      const before = stream.ingest.bytesIn;
      source.send(nullPackets(10));
      await until(() => stream.ingest.bytesIn > before);
      expect(stream.state).toBe('stalled');
    }
    const silentMs = performance.now() - lastMediaMs;
    source.play(5);
    await until(hasResumed);
    const published = (await stage.publishedTypes()).filter((type) => /stalled|resumed/.test(type));
    // The source falls silent again after these media, so that further events may follow.
    expect(published.slice(0, 2)).toEqual(['stream_stalled', 'stream_resumed']);
    const resumed = stage.events.find(({ type }) => type === 'stream_resumed');
    expect(resumed?.payload).toMatchObject({ stream_id: A.value, engine_id: 'e1' });
    // The outage is counted from the last media, not from the moment when the silence was noticed.
    expect(resumed?.payload).toHaveProperty('outage_ms', expect.any(Number));
    const { outage_ms: outageMs } = resumed!.payload as { outage_ms: number };
    expect(outageMs).toBeGreaterThanOrEqual(Math.floor(silentMs));
  });

  it('fails when the outage budget is spent, and resets its viewers', async () => {
    const joined = await open({ ...SHORT_SILENCE_LIMITS, PROXY_OUTAGE_BUDGET: '700ms' });
    const pair = await stage.attach(joined);
    let error = '';
    pair.far.on('error', ({ message }) => (error = message));
    stage.ace.onStart = () => Promise.reject(fault('engine', 'connect_refused'));
    await until(() => joined.stream.isOver);
    expect(joined.stream).toMatchObject({ state: 'failed', error: { code: 'engine_failed' } });
    expect(joined.viewer.leaveReason).toBe('stream_failed');
    await until(() => pair.far.destroyed);
    expect(error).toContain('ECONNRESET');
    expect(stage.streams.limits.count).toBe(0);
    await until(() => stage.engines.inUse() === 0);
    expect(stage.streams.findPast(A.value)).toMatchObject({ error: { code: 'engine_failed' } });
    // The engines failed, not the content, so that a new request starts it again.
    expect(stage.join(A).stream.isOver).toBe(false);
  });

  it('retries failed engines while its viewers wait', async () => {
    await open(SHORT_SILENCE_LIMITS, 1);
    let failures = 0;
    stage.ace.onStart = ({ number }) =>
      ++failures < 4 ? Promise.reject(fault('engine', 'connect_refused')) : engineSession(number);
    (await stage.source(2)).play(30);
    await until(hasResumed);
    expect(failures).toBe(4);
  });
});

describe('a running stream whose next source has another programme', () => {
  it('continues for its viewers when only the PIDs differ', async () => {
    const joined = await open();
    const pair = await stage.attach(joined);
    (await stage.source(1)).play(30);
    stage.ace.onOpen = () => new ScriptedSource({ videoPid: 0x200, audioPid: 0x100 }).play(60);
    (await stage.source(1)).end();
    const { ring } = joined.stream.history;
    await until(() => joined.stream.failovers === 1);
    await until(() => joined.viewer.cursor === ring.head && ring.pendingBytes === 0);
    await until(() => pair.receivedBytes() === joined.viewer.queuedBytes);
    expect(continuityFaults(pair.received())).toEqual([]);
    const pids = pidsOf(pair.received()).filter((known) => known !== NULL_PID);
    expect(pids).toEqual([0, 0x1000, 0x100, 0x101]);
    expect(joined.viewer.leaveReason).toBeNull();
  });

  it('fails and resets its viewers when the types differ, and a new request is served', async () => {
    const joined = await open();
    stage.ace.onOpen = () => new ScriptedSource({ audioType: 0x03 }).play(60);
    (await stage.source(1)).end();
    await until(() => joined.stream.isOver);
    expect(joined.stream.error).toMatchObject({ code: 'engine_failed' });
    expect(joined.viewer.leaveReason).toBe('stream_failed');
    const again = stage.join(A);
    expect(await again.ready).not.toBe(joined.stream);
  });
});

describe('a source that begins with a burst', () => {
  it('is paused while the first viewer is slow, and no pause counts as a stall', async () => {
    stage = await LiveStage.open({ env: { ...SHORT_SILENCE_LIMITS, PROXY_STALL_TIMEOUT: '10s' } });
    const joined = stage.join(A);
    const source = await stage.source(1);
    source.play(100);
    await joined.ready;
    const pair = await stage.attach(joined);
    pair.far.pause();
    // 40 s of media arrive at once, and the socket of the viewer takes only a little of them.
    Object.defineProperty(joined.viewer.socket, 'writableLength', { value: 1, configurable: true });
    for (let i = 0; i < 40 && !source.body.isPaused(); i++) source.play(25);
    expect(source.body.isPaused()).toBe(true);
    // The time in which the stream itself paused the source is no silence of the engine.
    const { ingest } = joined.stream;
    const stalls = async (): Promise<number> =>
      (await stage.publishedTypes()).filter((type) => type === 'stream_stalled').length;
    const before = await stalls();
    await until(() => performance.now() - (ingest.lastMediaMs ?? 0) > 300);
    expect(await stalls()).toBe(before);
    expect(joined.stream.state).toBe('live');
    Object.defineProperty(joined.viewer.socket, 'writableLength', { value: 0, configurable: true });
    pair.far.resume();
    joined.viewer.socket?.emit('drain');
    await until(() => !source.body.isPaused());
    expect(joined.viewer.jumps).toBe(0);
    expect(joined.viewer.leaveReason).toBeNull();
  });
});

describe('a stream whose engines die one after the other', () => {
  it('continues on the next engine each time without a backoff', async () => {
    const joined = await open({ PROXY_RETRY_BASE: '20s', PROXY_RETRY_MAX: '60s' }, 6);
    const { stream } = joined;
    const dead = new Set<string>();
    stage.ace.onStart = ({ engineId, number }) => {
      if (dead.has(engineId)) throw fault('engine', 'connect_refused');
      return engineSession(number);
    };
    for (let n = 1; n <= 5; n += 1) {
      const source = await stage.source(n);
      source.play(5);
      await until(() => stream.current?.engine.id === `e${n}`);
      dead.add(`e${n}`);
      source.reset();
    }
    (await stage.source(6)).play(5);
    await until(() => stream.failovers === 5);
    expect(joined.viewer.leaveReason).toBeNull();
  });
});

describe('a stream whose engine dies and whose next engine fails', () => {
  it('leaves the next engine after one retry there', async () => {
    const { stream } = await open({}, 3);
    let isDead = false;
    stage.ace.onStart = ({ engineId, number }) => {
      if (isDead && engineId === 'e1') throw fault('engine', 'connect_refused');
      if (engineId === 'e2') throw fault('session', 'http_403');
      return engineSession(number);
    };
    const source = await stage.source(1);
    source.play(5);
    isDead = true;
    source.reset();
    await until(() => stream.current?.engine.id === 'e3');
    expect(calls().filter((call) => call.startsWith('start e2'))).toHaveLength(2);
  });
});

describe('a stream whose engine is withdrawn', () => {
  it('continues on another engine at once, stops the old engine session and releases its slot', async () => {
    const joined = await open();
    const pair = await stage.attach(joined);
    (await stage.source(1)).play(30);
    stage.engines.withdraw('e1', 'replaced: unhealthy');
    (await stage.source(2)).play(30);
    const { ring } = joined.stream.history;
    await until(() => joined.stream.failovers === 1 && stage.engines.inUse('e1') === 0);
    await until(() => joined.viewer.cursor === ring.head && ring.pendingBytes === 0);
    await until(() => pair.receivedBytes() === joined.viewer.queuedBytes);
    expect(continuityFaults(pair.received())).toEqual([]);
    expect(calls()).toContain('stop e1 /ace/cmd/1');
    expect(stage.engines.complaints).toEqual([]);
    expect(joined.viewer.leaveReason).toBeNull();
    expect(joined.stream.attempts).toMatchObject([
      { outcome: 'engine_withdrawn', detail: 'replaced: unhealthy' },
      { outcome: 'playing', detail: null },
    ]);
  });

  it('continues however many engines are withdrawn, because that is no failure of the stream', async () => {
    const { stream } = await open({ PROXY_FAILOVER_LIMIT: '0' }, 9);
    for (let n = 1; n <= 8; n += 1) {
      await until(() => stream.current?.engine.id === `e${n}`);
      (await stage.source(n)).play(5);
      stage.engines.withdraw(`e${n}`, 'drained');
    }
    (await stage.source(9)).play(5);
    await until(() => stream.failovers === 8);
    await until(() => stage.engines.inUse() === 1);
    expect(stream.current?.engine.id).toBe('e9');
  });

  it('starts on another engine when that happens during the start', async () => {
    stage = await LiveStage.open({ engines: 2, env: {} });
    stage.ace.onStart = ({ engineId, number, signal }) =>
      engineId === 'e1' ? untilAborted(signal) : engineSession(number);
    const joined = stage.join(A);
    await until(() => stage.engines.inUse('e1') === 1 && calls().length === 1);
    stage.engines.withdraw('e1', 'VPN is down');
    (await stage.source(1)).play(30);
    const stream = await joined.ready;
    expect(stream.current?.engine.id).toBe('e2');
    await until(() => stage.engines.inUse('e1') === 0);
  });
});
