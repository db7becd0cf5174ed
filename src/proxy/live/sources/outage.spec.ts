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

/** The order of things on the engines, `open` left out. */
const calls = (): string[] => stage.ace.log.filter((line) => !line.startsWith('open'));

describe('a running stream whose source ends', () => {
  it.each<[string, (source: ScriptedSource) => void]>([
    ['is ended', (source) => source.end()],
    ['is reset', (source) => source.reset()],
  ])(
    'and %s goes on with a new stream on the same engine, after the old one is stopped',
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

  it('gives its viewers one stream without a gap that is not flagged', async () => {
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

  it('leaves an engine on which it could not be started again', async () => {
    const { stream } = await open();
    stage.ace.onStart = ({ engineId, number }) =>
      engineId === 'e1' ? Promise.reject(fault('engine', 'http_500')) : engineSession(number);
    (await stage.source(1)).end();
    (await stage.source(2)).play(30);
    await until(() => stream.current?.lease.engine.id === 'e2');
    expect(stage.engines.complaints).toEqual(['e1: bad_answer']);
    await until(() => stage.engines.inUse('e1') === 0);
  });

  it('moves on when a source on the same engine ends again at once', async () => {
    const { stream } = await open();
    (await stage.source(1)).end();
    (await stage.source(2)).end();
    (await stage.source(3)).play(30);
    expect(stream.current?.lease.engine.id).toBe('e2');
    expect(stream.failovers).toBe(2);
  });

  it('moves on when a new stream does not get warm', async () => {
    const { stream } = await open({ PROXY_STALL_TIMEOUT: '200ms' });
    stage.ace.onOpen = (path) =>
      path === '/ace/r/2'
        ? Promise.reject(fault('warming', 'http_500'))
        : new ScriptedSource().play(30);
    const { ring } = stream.history;
    const end = ring.end;
    (await stage.source(1)).end();
    await until(() => ring.end > end, 'media of a later session');
    expect(stream.isOver).toBe(false);
  });
});

describe('a running stream that falls silent', () => {
  /** Also when it has stalled again since. */
  const hasResumed = (): boolean => stage.events.some(({ type }) => type === 'stream_resumed');

  it('goes to another engine at once, and complains of the one that is silent', async () => {
    const { stream } = await open(SHORT_SILENCE_LIMITS);
    (await stage.source(2)).play(30);
    expect(stream.current?.lease.engine.id).toBe('e2');
    expect(stage.engines.complaints).toEqual(['e1: silence']);
    await until(() => calls().includes('stop e1 /ace/cmd/1'));
    expect(stream.failovers).toBe(1);
  });

  it('goes to another engine after seconds when its own answers no probe', async () => {
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

  it('bridges the silence with null packets, for those who have had media', async () => {
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

  it('says once that it stalled and once that it is back, padding or not', async () => {
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
    const told = (await stage.publishedTypes()).filter((type) => /stalled|resumed/.test(type));
    // Silence goes on after these media.
    expect(told.slice(0, 2)).toEqual(['stream_stalled', 'stream_resumed']);
    const resumed = stage.events.find(({ type }) => type === 'stream_resumed');
    expect(resumed?.payload).toMatchObject({ stream_id: A.value, engine_id: 'e1' });
    // The outage began with the last media, and not when it was noticed.
    expect(resumed?.payload).toHaveProperty('outage_ms', expect.any(Number));
    const { outage_ms: outageMs } = resumed!.payload as { outage_ms: number };
    expect(outageMs).toBeGreaterThanOrEqual(Math.floor(silentMs));
  });

  it('fails when the outage budget is spent, and resets everybody', async () => {
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
    // It was the engines' fault: who asks again is let in.
    expect(stage.join(A).stream.isOver).toBe(false);
  });

  it('tries engines that have failed again while its viewers wait', async () => {
    await open(SHORT_SILENCE_LIMITS, 1);
    let failures = 0;
    stage.ace.onStart = ({ number }) =>
      ++failures < 4 ? Promise.reject(fault('engine', 'connect_refused')) : engineSession(number);
    (await stage.source(2)).play(30);
    await until(hasResumed);
    expect(failures).toBe(4);
  });
});

describe('a running stream that becomes another programme', () => {
  it('of the same types on other PIDs goes on for its viewers', async () => {
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

  it('resets its viewers, who come back to the new one', async () => {
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

describe('the burst that a source begins with', () => {
  it('waits for its first viewer, and for no longer than an upstream bears', async () => {
    stage = await LiveStage.open({ env: { ...SHORT_SILENCE_LIMITS, PROXY_STALL_TIMEOUT: '10s' } });
    const joined = stage.join(A);
    const source = await stage.source(1);
    source.play(100);
    await joined.ready;
    const pair = await stage.attach(joined);
    pair.far.pause();
    // 40 s of media in no time, for a viewer whose kernel takes a little of it.
    Object.defineProperty(joined.viewer.socket, 'writableLength', { value: 1, configurable: true });
    for (let i = 0; i < 40 && !source.body.isPaused(); i++) source.play(25);
    expect(source.body.isPaused()).toBe(true);
    // Our own pause is no silence of the engine's, unlike the time before.
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
  it('continues on the next engine without a wait each time', async () => {
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
      await until(() => stream.current?.lease.engine.id === `e${n}`);
      dead.add(`e${n}`);
      source.reset();
    }
    (await stage.source(6)).play(5);
    await until(() => stream.failovers === 5);
    expect(joined.viewer.leaveReason).toBeNull();
  });
});

describe('a stream whose engine is taken away', () => {
  it('goes on at another engine at once: the old stream is stopped, its slot is free', async () => {
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

  it('is no failure: it may be taken away many times', async () => {
    const { stream } = await open({ PROXY_FAILOVER_LIMIT: '0' }, 9);
    for (let n = 1; n <= 8; n += 1) {
      await until(() => stream.current?.lease.engine.id === `e${n}`);
      (await stage.source(n)).play(5);
      stage.engines.withdraw(`e${n}`, 'drained');
    }
    (await stage.source(9)).play(5);
    await until(() => stream.failovers === 8);
    await until(() => stage.engines.inUse() === 1);
    expect(stream.current?.lease.engine.id).toBe('e9');
  });

  it('starts elsewhere when that happens during the start', async () => {
    stage = await LiveStage.open({ engines: 2, env: {} });
    stage.ace.onStart = ({ engineId, number, signal }) =>
      engineId === 'e1' ? untilAborted(signal) : engineSession(number);
    const joined = stage.join(A);
    await until(() => stage.engines.inUse('e1') === 1 && calls().length === 1);
    stage.engines.withdraw('e1', 'VPN is down');
    (await stage.source(1)).play(30);
    const stream = await joined.ready;
    expect(stream.current?.lease.engine.id).toBe('e2');
    await until(() => stage.engines.inUse('e1') === 0);
  });
});
