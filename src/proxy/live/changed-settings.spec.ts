import 'reflect-metadata';
import { NULL_PID, pid } from '../mpegts';
import { selector, LiveStage, type Joined } from '../testing/live-stage.spec-support';
import { engineSession, fault } from '../testing/scripted-ace.spec-support';
import { packetsOf, SyntheticStream } from '../testing/synthetic-stream.spec-support';
import { until } from '../testing/until.spec-support';
import { makeViewer } from '../testing/viewers.spec-support';
import { SourceReading } from './sources/source-reading';

const A = selector('a');

/** Each test changes settings while a stream starts or runs. */
describe('a stream', () => {
  let stage: LiveStage;

  afterEach(() => stage.close());

  async function open(env: Record<string, string> = {}, engines = 2): Promise<Joined> {
    stage = await LiveStage.open({ engines, env });
    return stage.live(A);
  }

  it('follows changes of PROXY_GRACE_PERIOD in a grace period that is running too', async () => {
    const joined = await open({ PROXY_GRACE_PERIOD: '1h' });
    stage.leave(joined);
    const delayMs = (): number => [...stage.jobs.pending.values()][0]?.delayMs ?? -1;
    expect(delayMs()).toBe(3_600_000);
    stage.settings.apply({ proxyGracePeriodMs: 5000 });
    expect(delayMs()).toBeLessThanOrEqual(5000);
    stage.settings.apply({ proxyGracePeriodMs: 0 });
    expect(delayMs()).toBe(0);
  });

  it('follows changes of PROXY_BUFFER_SIZE, PROXY_BUFFER_TTL and PROXY_BUFFER_TOTAL', async () => {
    const { stream } = await open({ PROXY_BUFFER_TOTAL: '1GiB' });
    const { history } = stream;
    (await stage.source(1)).play(250);
    await until(() => history.bitrateBps !== null && history.ring.pendingBytes === 0);
    const before = history.ring.maxBytes;
    stage.settings.apply({ proxyBufferTotalBytes: 1024 * 1024 });
    expect(history.ring.maxBytes).toBeLessThan(before);
    stage.settings.apply({ proxyBufferTotalBytes: 1024 ** 3, proxyBufferSizeBytes: 300_000 });
    expect(history.ring.maxBytes).toBe(300_000);
    stage.settings.apply({ proxyBufferTtlMs: 1000 });
    expect(history.capacityMs).toBeLessThanOrEqual(1000);
  });

  it('follows changes of PROXY_JOIN_BEHIND, PROXY_CLIENT_MAX_LAG and PROXY_CLIENT_STALL_TIMEOUT', async () => {
    const joined = await open();
    const { viewer, stream } = joined;
    await stage.attach(joined);
    const fanout = stream['fanout'];
    stage.settings.apply({ proxyJoinBehindMs: 1234, proxyClientMaxLagMs: 700 });
    expect(fanout['settings'].joinBehindMs).toBe(1234);
    expect(fanout.maxLagMs).toBeLessThanOrEqual(700);
    await until(() => viewer.isDrained && viewer.cursor === stream.history.ring.head);
    Object.assign(viewer, { unsentBytes: () => 1000 });
    const nowMs = performance.now();
    fanout.sweep(nowMs, false);
    fanout.sweep(nowMs + 60_000, false);
    expect(viewer.leaveReason).toBeNull();
    stage.settings.apply({ proxyClientStallTimeoutMs: 50_000 });
    fanout.sweep(nowMs + 60_000, false);
    expect(viewer.leaveReason).toBe('stalled');
  });

  it('follows changes of PROXY_KEEPALIVE_AFTER, PROXY_KEEPALIVE_INTERVAL, PROXY_STALL_TIMEOUT and PROXY_OUTAGE_BUDGET', async () => {
    const joined = await open({ PROXY_KEEPALIVE_INTERVAL: '1m' });
    const { stream } = joined;
    const pair = await stage.attach(joined);
    const nulls = (): number =>
      packetsOf(pair.received()).filter((packet) => pid(packet, 0) === NULL_PID).length;
    stage.settings.apply({ proxyKeepaliveAfterMs: 50 });
    await until(() => stream.state === 'stalled');
    stage.settings.apply({ proxyKeepaliveIntervalMs: 50 });
    await until(() => nulls() >= 14);
    stage.settings.apply({ proxyStallTimeoutMs: 100 });
    await stage.source(2);
    expect(stage.engines.complaints).toEqual(['e1: silence']);
    stage.settings.apply({ proxyOutageBudgetMs: 100 });
    await until(() => stream.isOver);
    expect(stream.state).toBe('failed');
  });

  it('follows changes of PROXY_INIT_TIMEOUT', async () => {
    stage = await LiveStage.open();
    stage.settings.apply({ proxyInitTimeoutMs: 100 });
    await expect(stage.join(A).ready).rejects.toMatchObject({ code: 'start_timeout' });
  });

  it('follows changes of PROXY_SAME_ENGINE_TIMEOUT', async () => {
    const { stream } = await open({ PROXY_SAME_ENGINE_TIMEOUT: '1m' });
    stage.settings.apply({ proxySameEngineTimeoutMs: 50 });
    let stopped: () => void = () => undefined;
    stage.ace.onStop = () => new Promise<void>((resolve) => (stopped = resolve));
    (await stage.source(1)).end();
    (await stage.source(2)).play(30);
    await until(() => stream.failovers === 1);
    stage.ace.onStop = () => Promise.resolve();
    stopped();
  });

  it('follows changes of PROXY_RETRY_BASE and PROXY_RETRY_MAX', async () => {
    stage = await LiveStage.open({
      engines: 4,
      env: { PROXY_RETRY_BASE: '10m', PROXY_RETRY_MAX: '10m', PROXY_INIT_TIMEOUT: '1h' },
    });
    stage.settings.apply({ proxyRetryBaseMs: 10, proxyRetryMaxMs: 20 });
    stage.ace.onStart = ({ number }) =>
      number < 4 ? Promise.reject(fault('engine', 'http_500')) : engineSession(number);
    const { ready } = stage.join(A);
    (await stage.source(1)).play(30);
    await ready;
  });

  it('follows changes of PROXY_STABLE_AFTER', async () => {
    const { stream } = await open();
    const reading = new SourceReading(stream.ingest, stream['report'], stage.config);
    const isRecoveredAfter = (ms: number): boolean => {
      reading['flowingSinceMs'] = performance.now() - ms;
      return reading.takeRecovered();
    };
    stage.settings.apply({ proxyStableAfterMs: 60_000 });
    expect(isRecoveredAfter(30_000)).toBe(false);
    stage.settings.apply({ proxyStableAfterMs: 20_000 });
    expect(isRecoveredAfter(30_000)).toBe(true);
  });

  it('follows changes of PROXY_FAILOVER_LIMIT and PROXY_FAILOVER_WINDOW', async () => {
    const { stream } = await open({ PROXY_FAILOVER_LIMIT: '5', PROXY_FAILOVER_WINDOW: '5m' });
    const reading = new SourceReading(stream.ingest, stream['report'], stage.config);
    const { limit } = reading as unknown as {
      readonly limit: { excess(nowMs: number): string | null; note(failover: object): unknown };
    };
    limit.note({ atMs: 0, isEngineGone: false, join: null });
    expect(limit.excess(60_000)).toBeNull();
    stage.settings.apply({ proxyFailoverLimit: 1 });
    expect(limit.excess(60_000)).toContain('lost once within 300 s');
    stage.settings.apply({ proxyFailoverWindowMs: 30_000 });
    expect(limit.excess(60_000)).toBeNull();
  });

  it('follows changes of LOOP_DETECTION and LOOP_DETECTION_AFTER', async () => {
    // 12 s of media.
    const loop = (): Buffer => new SyntheticStream({ startMs: 5_000_000 }).take(300);
    stage = await LiveStage.open({ env: { LOOP_DETECTION: 'off', LOOP_DETECTION_AFTER: '10m' } });
    const { stream, ready } = stage.join(A);
    const source = await stage.source(1);
    source.send(loop());
    await ready;
    source.send(loop()).send(loop());
    await until(() => source.body.readableLength === 0);
    stream.observation['tick'](performance.now() + 10_000);
    expect(stream.observation.finding).toBeNull();
    stage.settings.apply({ loopDetection: 'report', loopDetectionAfterMs: 5000 });
    source.send(loop());
    await until(() => stage.events.some(({ type }) => type === 'stream_looping'));
    expect(stream.observation.finding).toMatchObject({ cause: 'media_repeats' });
    stage.settings.apply({ loopDetection: 'off' });
    stream.observation['tick'](performance.now() + 20_000);
    expect(stream.observation.finding).toBeNull();
  });

  it('follows changes of LOOP_STALE_AFTER and LOOP_STALE_BEHIND', async () => {
    const { stream } = await open({ LOOP_STALE_AFTER: '1h', LOOP_STALE_BEHIND: '2d' });
    const { loops } = stream.observation as unknown as {
      readonly loops: { lookAtPosition(position: object, nowMs: number): void; finding: unknown };
    };
    const look = (lastTs: number, nowMs: number): unknown => {
      loops.lookAtPosition({ lastTs: String(lastTs) }, nowMs);
      return loops.finding;
    };
    const pieces = 5;
    for (let s = 0; s < 40; s += 2) expect(look(pieces, s * 1000)).toBeNull();
    stage.settings.apply({ loopStaleAfterMs: 10_000 });
    expect(look(pieces, 40_000)).toMatchObject({ cause: 'position_stands_still' });
    const hourAgo = Math.floor(Date.now() / 1000) - 3600;
    expect(look(hourAgo, 42_000)).toBeNull();
    stage.settings.apply({ loopStaleBehindMs: 60_000 });
    expect(look(hourAgo + 2, 44_000)).toMatchObject({ cause: 'position_behind' });
  });

  it('follows changes of NEGATIVE_CACHE_TTL, also for a failure that is remembered already', async () => {
    stage = await LiveStage.open({ env: { NEGATIVE_CACHE_TTL: '30s' } });
    stage.ace.onStart = () => Promise.reject(fault('content', 'unknown_content'));
    const { ready } = stage.join(A);
    await expect(ready).rejects.toMatchObject({ code: 'content_not_found' });
    expect(() => stage.join(A)).toThrow();
    stage.settings.apply({ negativeCacheTtlMs: 0 });
    await expect(stage.join(A).ready).rejects.toMatchObject({ code: 'content_not_found' });
    expect(stage.ace.count('start')).toBeGreaterThan(1);
  });

  it('follows changes of PROXY_MAX_SESSIONS', async () => {
    await open({}, 3);
    stage.settings.apply({ proxyMaxSessions: 1 });
    expect(() => stage.join(selector('b'))).toThrow('The limit of 1 streams is reached.');
    stage.settings.apply({ proxyMaxSessions: 2 });
    expect(stage.join(selector('b')).stream.state).toBe('starting');
  });

  it('follows changes of PROXY_MAX_CLIENTS, PROXY_MAX_CLIENTS_PER_STREAM and PROXY_MAX_CLIENTS_PER_IP', async () => {
    stage = await LiveStage.open();
    const { limits } = stage.streams;
    limits.add(makeViewer('192.0.2.1'));
    const check = (): void => limits.check('192.0.2.1', 1);
    check();
    stage.settings.apply({ proxyMaxClients: 1 });
    expect(check).toThrow('The limit of 1 viewers is reached.');
    stage.settings.apply({ proxyMaxClients: 9, proxyMaxClientsPerStream: 1 });
    expect(check).toThrow('The limit of 1 viewers of this stream is reached.');
    stage.settings.apply({ proxyMaxClientsPerStream: 9, proxyMaxClientsPerIp: 1 });
    expect(check).toThrow('The limit of 1 viewers from one address is reached.');
  });
});
