import 'reflect-metadata';
import { getEventListeners } from 'node:events';
import { AppError } from '../../kernel/errors';
import { engineSession, fault } from '../testing/scripted-ace.spec-support';
import { selector, LiveStage } from '../testing/live-stage.spec-support';
import { eventLoopTurns, until } from '../testing/until.spec-support';
import { makeUser, makeViewer } from '../testing/viewers.spec-support';

const A = selector('a');
const B = selector('b');
const C = selector('c');

let stage: LiveStage;

afterEach(() => stage.close());

describe('requests for one content', () => {
  beforeEach(async () => {
    stage = await LiveStage.open();
  });

  it('start the content once, however many viewers request it', async () => {
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

  it('for other contents or file indexes get streams of their own', () => {
    const contents = [A, B, selector('a', 'infohash'), selector('a', 'content_id', 1)];
    const made = contents.map((content) => stage.join(content).stream);
    expect(new Set(made).size).toBe(4);
    expect(stage.directory.list()).toEqual(made);
    expect(stage.directory.find(`${'a'.repeat(40)}-1`)).toBe(made[3]);
  });

  it('all fail at once with the same error when the start fails', async () => {
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

  it('fail without a start while a fault of the content is remembered', async () => {
    stage.ace.onStart = () => Promise.reject(fault('content', 'unknown'));
    await expect(stage.join(A).ready).rejects.toThrow(AppError);
    const starts = stage.ace.count('start');
    expect(() => stage.join(A)).toThrow(
      expect.objectContaining({ code: 'content_not_found', retryAfterS: expect.any(Number) }),
    );
    expect(() => stage.directory.hold(A, makeViewer())).toThrow(AppError);
    expect(stage.ace.count('start')).toBe(starts);
    stage.join(B);
    expect(stage.streams.limits.count).toBe(1);
  });

  it('find a failed stream only among past streams, with its error and without viewers', async () => {
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

  it('start again after a fault of the engines', async () => {
    stage.ace.onStart = () => Promise.reject(fault('engine', 'connect_refused'));
    await expect(stage.join(A).ready).rejects.toMatchObject({ code: 'engine_failed' });
    expect(stage.join(A).stream.isOver).toBe(false);
  });
});

describe('a content with two ids', () => {
  const HASH = selector('d', 'infohash');

  beforeEach(async () => {
    stage = await LiveStage.open();
    stage.ace.onStart = ({ number }) => engineSession(number, { infohash: HASH.value });
  });

  it('has one stream as soon as an engine has reported the infohash', async () => {
    const first = await stage.live(A);
    expect(stage.aliases.infohashOf(A.value)).toBe(HASH.value);
    expect(stage.join(HASH).stream).toBe(first.stream);
    expect(stage.directory.find(HASH.value)).toBe(first.stream);
    expect(first.stream.id).toBe(A.value);
    expect(stage.ace.count('start')).toBe(1);
  });

  it('has one stream before any answer when its infohash is remembered', () => {
    stage.aliases.remember(A.value, HASH.value);
    const first = stage.join(A);
    expect(stage.join(HASH).stream).toBe(first.stream);
    expect(stage.directory.lookup(HASH)).toBe(first.stream);
  });

  it('has one stream when the infohash is requested before the content id', () => {
    stage.aliases.remember(A.value, HASH.value);
    const first = stage.join(HASH);
    expect(stage.join(A).stream).toBe(first.stream);
    expect(stage.directory.lookup(B)).toBeNull();
  });

  it('moves its stream to the new infohash when the remembered one is outdated', async () => {
    const outdated = selector('e', 'infohash');
    stage.aliases.remember(A.value, outdated.value);
    const first = stage.join(A);
    await first.stream.answered;
    expect(stage.directory.lookup(outdated)).toBeNull();
    expect(stage.directory.lookup(HASH)).toBe(first.stream);
  });

  it('has no stream under either id after the end', async () => {
    const first = await stage.live(A);
    await first.stream.end('stopped');
    expect(stage.directory.lookup(A)).toBeNull();
    expect(stage.directory.lookup(HASH)).toBeNull();
    expect(stage.streams.findPast(HASH.value)?.id).toBe(A.value);
  });
});

describe('LiveStreams', () => {
  it('refuses a viewer beyond the limit before it starts anything', async () => {
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

  it('exempts loopback and trusted proxies from the limit per address', async () => {
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

  it('follows changes of PROXY_MAX_STARTS_PER_IP, and does not count viewers who join', async () => {
    stage = await LiveStage.open();
    stage.settings.apply({ proxyMaxStartsPerIp: 2 });
    const contents = ['a', 'b', 'c'].map((digit) => ({ ...A, value: digit.repeat(40) }));
    const [first = A, second = A, third = A] = contents;
    const tooMany = expect.objectContaining({ code: 'rate_limited' });
    const { directory } = stage;
    stage.join(first, '192.0.2.1');
    directory.countCheck(first, '192.0.2.1');
    directory.countCheck(second, '192.0.2.1');
    expect(() => stage.join(third, '192.0.2.1')).toThrow(tooMany);
    expect(() => directory.hold(third, makeViewer())).toThrow(tooMany);
    expect(() => directory.countCheck(third, '192.0.2.1')).toThrow(tooMany);
    expect(directory.lookup(third)).toBeNull();
    // `countCheck` has counted this start.
    directory.holdForCheck(second, {}, '192.0.2.1');
    stage.join(first, '192.0.2.1');
    for (const ip of ['192.0.2.2', '127.0.0.1', '127.0.0.1']) stage.join(third, ip);
    stage.join(third, '192.0.2.1');
  });

  it('refuses viewers once shutdown has begun, and ends all streams with that reason', async () => {
    stage = await LiveStage.open();
    const waiting = stage.join(A);
    stage.streams.close();
    expect(() => stage.join(A)).toThrow(expect.objectContaining({ code: 'shutting_down' }));
    await stage.streams.endAll('shutdown');
    await expect(waiting.ready).rejects.toMatchObject({ code: 'shutting_down' });
    expect(stage.engines.inUse()).toBe(0);
    expect(stage.directory.list()).toEqual([]);
  });

  it('keeps the histories within the total memory', async () => {
    stage = await LiveStage.open({ env: { PROXY_BUFFER_TOTAL: '1MiB' } });
    const { stream } = await stage.live(A);
    const { ring } = stream.history;
    (await stage.source(1)).play(1000);
    await until(() => ring.allocatedBytes > 1024 * 1024);
    await until(() => ring.allocatedBytes <= 1024 * 1024);
    expect(ring.head - ring.tail).toBeGreaterThan(300_000);
  });
});

describe('a start without a free slot', () => {
  it('preempts the stream that has had no viewers for longest', async () => {
    stage = await LiveStage.open({ engines: 2, slots: 1 });
    const [a, b] = [await stage.live(A), await stage.live(B)];
    stage.leave(b);
    await eventLoopTurns();
    stage.leave(a);
    const c = await stage.live(C);
    expect(b.stream.isOver).toBe(true);
    expect(b.stream.endReason).toBe('reclaimed');
    expect(a.stream.state).toBe('grace');
    expect(c.stream.current?.engine.id).toBe('e2');
    expect(stage.ace.log).toContain('stop e2 /ace/cmd/2');
    expect(stage.engines.inUse()).toBe(2);
  });

  it('fails at once when all streams have viewers', async () => {
    stage = await LiveStage.open({ engines: 1, slots: 1 });
    const a = await stage.live(A);
    await expect(stage.join(B).ready).rejects.toMatchObject({ code: 'no_capacity' });
    expect(a.stream.isOver).toBe(false);
  });

  it('ends a stream in its grace period when the number of streams is at the limit', async () => {
    stage = await LiveStage.open({ env: { PROXY_MAX_SESSIONS: '1' } });
    const a = await stage.live(A);
    expect(() => stage.join(B)).toThrow(expect.objectContaining({ code: 'no_capacity' }));
    expect(stage.streams.limits.count).toBe(1);
    stage.leave(a);
    const b = stage.join(B);
    expect(a.stream.endReason).toBe('reclaimed');
    expect(stage.directory.list()).toEqual([b.stream]);
  });

  it('does not end a stream that holds no slot', async () => {
    stage = await LiveStage.open({ engines: 1, slots: 1, env: { PROXY_MAX_SESSIONS: '1' } });
    stage.engines.close();
    const a = stage.join(A);
    stage.leave(a);
    await eventLoopTurns();
    expect(() => stage.join(B)).toThrow(expect.objectContaining({ code: 'no_capacity' }));
    expect(a.stream.isOver).toBe(false);
  });
});

it('starts parts of a content that waited together on different engines', async () => {
  stage = await LiveStage.open({ engines: 2 });
  stage.engines.close();
  const parts = [stage.join(A), stage.join(selector('a', 'content_id', 1))];
  await eventLoopTurns();
  stage.engines.open();
  await stage.source(2);
  expect(parts.map(({ stream }) => stream.engineId)).toEqual(['e1', 'e2']);
  expect(stage.ace.count('start')).toBe(2);
});

describe('another part of a content on the only engine', () => {
  const PART = selector('a', 'content_id', 1);
  const user = makeUser(1);

  beforeEach(async () => {
    stage = await LiveStage.open({ engines: 1 });
  });

  it('is refused while the first part is watched', async () => {
    const first = await stage.live(A);
    await expect(stage.join(PART).ready).rejects.toMatchObject({ code: 'no_capacity' });
    expect(first.stream.state).toBe('live');
  });

  it('ends the first part if nobody watches it, and begins after its engine session was stopped', async () => {
    const first = await stage.live(A);
    stage.leave(first);
    const second = await stage.live(PART);
    expect(first.stream.endReason).toBe('reclaimed');
    expect(second.stream.state).toBe('live');
    const calls = stage.ace.log.filter((call) => /^(start|stop) /.test(call));
    expect(calls.map((call) => call.split(' ')[0])).toEqual(['start', 'stop', 'start']);
  });

  it('replaces the first part for the user whose limit is reached', async () => {
    const first = await stage.live(A, user);
    const second = await stage.live(PART, user);
    expect(first.viewer.leaveReason).toBe('user_limit');
    expect(second.viewer.leaveReason).toBeNull();
  });
});

describe('a user whose limit is reached', () => {
  const user = makeUser(1);

  it('gets the next stream in the only slot and in place of the only stream', async () => {
    stage = await LiveStage.open({ engines: 1, slots: 1, env: { PROXY_MAX_SESSIONS: '1' } });
    const a = await stage.live(A, user);
    const b = await stage.live(B, user);
    expect(a.viewer.leaveReason).toBe('user_limit');
    expect(a.stream.endReason).toBe('reclaimed');
    expect(stage.directory.list()).toEqual([b.stream]);
    expect(stage.engines.inUse()).toBe(1);
  });

  it('gets the next stream in the only slot while the last one may stay', async () => {
    stage = await LiveStage.open({ engines: 1, slots: 1 });
    const a = await stage.live(A, user);
    const b = await stage.live(B, user);
    expect(a.viewer.leaveReason).toBe('user_limit');
    expect(a.stream.endReason).toBe('reclaimed');
    expect(b.stream.state).toBe('live');
  });

  it.each([
    ['too many starts', 'rate_limited', { PROXY_MAX_STARTS_PER_IP: '1' }],
    ['too many viewers', 'client_limit', { PROXY_MAX_CLIENTS: '1' }],
    ['no place for a stream', 'no_capacity', { PROXY_MAX_SESSIONS: '1' }],
  ])('keeps the present stream when the next is refused for %s', async (_why, code, env) => {
    stage = await LiveStage.open({ env });
    const a = await stage.live(A, user);
    // Another viewer, so that the end of the user's own stream would not help.
    const other = makeViewer('192.0.2.9');
    stage.streams.viewerJoined(other);
    a.stream.addViewer(other);
    const refusal = expect.objectContaining({ code });
    expect(() => stage.join(B, undefined, user)).toThrow(refusal);
    expect(() => stage.directory.hold(B, makeViewer(undefined, user))).toThrow(refusal);
    expect(a.viewer.leaveReason).toBeNull();
  });

  it('keeps the present stream when the next has failed before', async () => {
    stage = await LiveStage.open();
    const a = await stage.live(A, user);
    stage.directory.rememberFault(B, new AppError('content_not_found', 'No engine knows it.'));
    const refusal = expect.objectContaining({ code: 'content_not_found' });
    expect(() => stage.directory.hold(B, makeViewer(undefined, user))).toThrow(refusal);
    expect(() => stage.join(B, undefined, user)).toThrow(refusal);
    expect(a.viewer.leaveReason).toBeNull();
  });

  it('keeps the present stream until the next one has media', async () => {
    stage = await LiveStage.open({ engines: 2, slots: 1 });
    const a = await stage.live(A, user);
    const b = stage.join(B, undefined, user);
    const source = await stage.source(2);
    await eventLoopTurns();
    expect(a.viewer.leaveReason).toBeNull();
    source.play(30);
    await b.ready;
    await eventLoopTurns();
    expect(a.viewer.leaveReason).toBe('user_limit');
    expect(b.viewer.leaveReason).toBeNull();
  });

  it('is not kept in memory by the stream that it has changed to', async () => {
    stage = await LiveStage.open();
    const b = await stage.live(B);
    const a = await stage.live(A, user);
    await stage.join(B, undefined, user).ready;
    await eventLoopTurns();
    expect(a.viewer.leaveReason).toBe('user_limit');
    expect(getEventListeners(b.stream.holder.lacksSlot, 'abort')).toEqual([]);
  });

  it('keeps the present stream when an engine refuses the next one late', async () => {
    stage = await LiveStage.open({ engines: 2, slots: 1 });
    const a = await stage.live(A, user);
    stage.ace.onStart = () => Promise.reject(fault('content', 'unknown'));
    await expect(stage.join(B, undefined, user).ready).rejects.toThrow(AppError);
    await eventLoopTurns();
    expect(a.viewer.leaveReason).toBeNull();
    expect(stage.streams.users.streamsOf(user)).toHaveLength(1);
  });

  it('keeps the present stream when the player has left before the next one has media', async () => {
    stage = await LiveStage.open({ engines: 2, slots: 1 });
    const a = await stage.live(A, user);
    const b = stage.join(B, undefined, user);
    const other = stage.join(B, '192.0.2.9');
    const source = await stage.source(2);
    stage.leave(b);
    source.play(30);
    await other.ready;
    await eventLoopTurns();
    expect(a.viewer.leaveReason).toBeNull();
  });

  it('keeps the older stream when the player closes the last one itself', async () => {
    stage = await LiveStage.open({ engines: 3, slots: 1 });
    const two = makeUser(2);
    const a = await stage.live(A, two);
    const b = await stage.live(B, two);
    const c = stage.join(C, undefined, two);
    const source = await stage.source(3);
    stage.leave(b);
    source.play(30);
    await c.ready;
    await eventLoopTurns();
    expect([a.viewer.leaveReason, c.viewer.leaveReason]).toEqual([null, null]);
  });

  it('gets no further stream while the next one starts', async () => {
    stage = await LiveStage.open({ engines: 3, slots: 1 });
    const a = await stage.live(A, user);
    const b = stage.join(B, undefined, user);
    const c = stage.join(C, undefined, user);
    expect([a, b].map(({ viewer }) => viewer.leaveReason)).toEqual([null, 'user_limit']);
    expect(() => stage.join(C, '192.0.2.9', user)).toThrow(
      expect.objectContaining({ code: 'client_limit' }),
    );
    (await stage.source(3)).play(30);
    await c.ready;
    await eventLoopTurns();
    const reasons = [a, b, c].map(({ viewer }) => viewer.leaveReason);
    expect(reasons).toEqual(['user_limit', 'user_limit', null]);
  });

  it('may replace a stream that takes all the bandwidth', async () => {
    stage = await LiveStage.open();
    const a = await stage.live(A, user);
    await stage.attach(a);
    jest.spyOn(a.stream.history, 'knownBitrateBps', 'get').mockReturnValue(4_000_000);
    stage.settings.apply({ maxEgressBps: 5_000_000 });
    const tooMuch = expect.objectContaining({ code: 'egress_limit' });
    expect(() => stage.join(B, '192.0.2.9')).toThrow(tooMuch);
    expect(() => stage.join(B, undefined, user)).not.toThrow();
    expect(a.viewer.leaveReason).toBe('user_limit');
  });
});
