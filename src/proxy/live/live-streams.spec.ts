import 'reflect-metadata';
import { AppError } from '../../kernel/errors';
import { engineSession, fault } from '../testing/scripted-ace.spec-support';
import { selector, LiveStage } from '../testing/live-stage.spec-support';
import { eventLoopTurns, until } from '../testing/until.spec-support';

const A = selector('a');
const B = selector('b');
const C = selector('c');

let stage: LiveStage;

afterEach(() => stage.close());

describe('single flight', () => {
  beforeEach(async () => {
    stage = await LiveStage.open();
  });

  it('starts a content once, however many ask for it', async () => {
    const first = stage.join(A);
    const others = [stage.join(A), stage.join(A)];
    (await stage.source(1)).play(30);
    for (const { ready } of [first, ...others]) expect(await ready).toBe(first.stream);
    const late = stage.join(A);
    expect(await late.ready).toBe(first.stream);
    expect(stage.ace.log).toEqual(['start e1 content_id', 'open e1 /ace/r/1']);
    expect(first.stream.viewers.size).toBe(4);
    expect(stage.streams.limits.count).toBe(4);
    expect(stage.engines.inUse()).toBe(1);
  });

  it('keeps contents and files apart', () => {
    const sessions = [A, B, selector('a', 'infohash'), selector('a', 'content_id', 1)];
    const made = sessions.map((content) => stage.join(content).stream);
    expect(new Set(made).size).toBe(4);
    expect(stage.directory.list()).toEqual(made);
    expect(stage.directory.find(`${'a'.repeat(40)}-1`)).toBe(made[3]);
  });

  it('releases all who wait at once, with the same error', async () => {
    stage.ace.onStart = () => Promise.reject(fault('content', 'unknown'));
    const waiting = [stage.join(A), stage.join(A), stage.join(A)];
    const errors: unknown[] = [];
    for (const { ready } of waiting) ready.catch((error: unknown) => errors.push(error));
    await until(() => waiting[0]?.stream.isOver);
    await eventLoopTurns(1);
    expect(errors).toHaveLength(3);
    expect(errors[0]).toMatchObject({ code: 'content_not_found', status: 404 });
    expect(new Set(errors).size).toBe(1);
    expect(stage.streams.limits.count).toBe(0);
    expect(stage.directory.list()).toEqual([]);
    await until(() => stage.engines.inUse() === 0);
  });

  it('remembers a fault of the content, and starts nothing for who asks next', async () => {
    stage.ace.onStart = () => Promise.reject(fault('content', 'unknown'));
    await expect(stage.join(A).ready).rejects.toThrow(AppError);
    const starts = stage.ace.count('start');
    expect(() => stage.join(A)).toThrow(
      expect.objectContaining({ code: 'content_not_found', retryAfterS: expect.any(Number) }),
    );
    expect(() => stage.directory.hold(A, {}, 'client', '192.0.2.1')).toThrow(AppError);
    expect(stage.ace.count('start')).toBe(starts);
    stage.join(B);
    expect(stage.streams.limits.count).toBe(1);
  });

  it('keeps what is left of a failed stream: its error, and nobody watching', async () => {
    stage.ace.onStart = () => Promise.reject(fault('content', 'unknown'));
    await expect(stage.join(A).ready).rejects.toThrow(AppError);
    expect(stage.directory.find(A.value)).toBeNull();
    expect(stage.streams.findPast(A.value)).toMatchObject({
      state: 'failed',
      endReason: 'content_not_found',
      error: { code: 'content_not_found' },
      clientCount: 0,
    });
  });

  it('does not remember a fault of the engines', async () => {
    stage.ace.onStart = () => Promise.reject(fault('engine', 'connect_refused'));
    await expect(stage.join(A).ready).rejects.toMatchObject({ code: 'engine_failed' });
    expect(stage.join(A).stream.isOver).toBe(false);
  });
});

describe('one content under two names', () => {
  const HASH = selector('d', 'infohash');

  beforeEach(async () => {
    stage = await LiveStage.open();
    stage.ace.onStart = ({ number }) => engineSession(number, { infohash: HASH.value });
  });

  it('is one stream once an engine has said so', async () => {
    const first = await stage.live(A);
    expect(stage.aliases.infohashOf(A.value)).toBe(HASH.value);
    expect(stage.join(HASH).stream).toBe(first.stream);
    expect(stage.directory.find(HASH.value)).toBe(first.stream);
    expect(first.stream.id).toBe(A.value);
    expect(stage.ace.count('start')).toBe(1);
  });

  it('is one stream before a start, when it is remembered', () => {
    stage.aliases.remember(A.value, HASH.value);
    const first = stage.join(A);
    expect(stage.join(HASH).stream).toBe(first.stream);
    expect(stage.directory.lookup(HASH)).toBe(first.stream);
  });

  it('the other way round as well', () => {
    stage.aliases.remember(A.value, HASH.value);
    const first = stage.join(HASH);
    expect(stage.join(A).stream).toBe(first.stream);
    expect(stage.directory.lookup(B)).toBeNull();
  });

  it('is two when what is remembered is no longer so', async () => {
    const was = selector('e', 'infohash');
    stage.aliases.remember(A.value, was.value);
    const first = stage.join(A);
    await first.stream.answered;
    expect(stage.directory.lookup(was)).toBeNull();
    expect(stage.directory.lookup(HASH)).toBe(first.stream);
  });

  it('is forgotten with the session', async () => {
    const first = await stage.live(A);
    await first.stream.end('stopped');
    expect(stage.directory.lookup(A)).toBeNull();
    expect(stage.directory.lookup(HASH)).toBeNull();
    expect(stage.streams.findPast(HASH.value)?.id).toBe(A.value);
  });
});

describe('limits', () => {
  it('refuses a viewer too many before anything is started', async () => {
    stage = await LiveStage.open({
      env: { PROXY_MAX_CLIENTS: '3', PROXY_MAX_CLIENTS_PER_STREAM: '2' },
    });
    stage.join(A);
    const second = stage.join(A);
    expect(() => stage.join(A)).toThrow(expect.objectContaining({ code: 'client_limit' }));
    stage.join(B);
    expect(() => stage.join(C)).toThrow(expect.objectContaining({ code: 'client_limit' }));
    expect(stage.directory.list()).toHaveLength(2);
    stage.leave(second);
    expect(stage.join(C).stream.isOver).toBe(false);
  });

  it('exempts loopback and trusted proxies from the one per address', async () => {
    stage = await LiveStage.open({
      env: { PROXY_MAX_CLIENTS_PER_IP: '1', TRUSTED_PROXIES: '10.0.0.0/8,2001:db8::1' },
    });
    for (const ip of ['127.0.0.1', '::1', '10.1.2.3', '2001:db8::1']) {
      stage.join(A, ip);
      expect(stage.join(A, ip).stream.isOver).toBe(false);
    }
    stage.join(A, '192.0.2.1');
    expect(() => stage.join(A, '192.0.2.1')).toThrow(AppError);
  });

  it('lets nobody in once it is closing, and ends all with the reason', async () => {
    stage = await LiveStage.open();
    const waiting = stage.join(A);
    stage.streams.close();
    expect(() => stage.join(A)).toThrow(expect.objectContaining({ code: 'shutting_down' }));
    await stage.streams.endAll('shutdown');
    await expect(waiting.ready).rejects.toMatchObject({ code: 'shutting_down' });
    expect(stage.engines.inUse()).toBe(0);
    expect(stage.directory.list()).toEqual([]);
  });

  it('shares the memory for histories', async () => {
    stage = await LiveStage.open({ env: { PROXY_BUFFER_TOTAL: '1MiB' } });
    const { stream } = await stage.live(A);
    const { ring } = stream.history;
    (await stage.source(1)).play(1000);
    await until(() => ring.allocatedBytes > 1024 * 1024);
    await until(() => ring.allocatedBytes <= 1024 * 1024);
    expect(ring.head - ring.tail).toBeGreaterThan(300_000);
  });
});

describe('when there is no room', () => {
  it('the stream that nobody has watched for longest gives its slot', async () => {
    stage = await LiveStage.open({ engines: 2, slots: 1 });
    const [a, b] = [await stage.live(A), await stage.live(B)];
    stage.leave(b);
    await eventLoopTurns();
    stage.leave(a);
    const c = await stage.live(C);
    expect(b.stream.isOver).toBe(true);
    expect(b.stream.endReason).toBe('reclaimed');
    expect(a.stream.state).toBe('grace');
    expect(c.stream.current?.lease.engine.id).toBe('e2');
    expect(stage.ace.log).toContain('stop e2 /ace/cmd/2');
    expect(stage.engines.inUse()).toBe(2);
  });

  it('fails at once when everybody is watched', async () => {
    stage = await LiveStage.open({ engines: 1, slots: 1 });
    const a = await stage.live(A);
    await expect(stage.join(B).ready).rejects.toMatchObject({ code: 'no_capacity' });
    expect(a.stream.isOver).toBe(false);
  });

  it('gives up a stream in grace for a new one beyond the most sessions', async () => {
    stage = await LiveStage.open({ env: { PROXY_MAX_SESSIONS: '1' } });
    const a = await stage.live(A);
    expect(() => stage.join(B)).toThrow(expect.objectContaining({ code: 'no_capacity' }));
    expect(stage.streams.limits.count).toBe(1);
    stage.leave(a);
    const b = stage.join(B);
    expect(a.stream.endReason).toBe('reclaimed');
    expect(stage.directory.list()).toEqual([b.stream]);
  });

  it('does not take a stream that has no slot to give', async () => {
    stage = await LiveStage.open({ engines: 1, slots: 1, env: { PROXY_MAX_SESSIONS: '1' } });
    stage.engines.close();
    const a = stage.join(A);
    stage.leave(a);
    await eventLoopTurns();
    expect(() => stage.join(B)).toThrow(expect.objectContaining({ code: 'no_capacity' }));
    expect(a.stream.isOver).toBe(false);
  });
});
