import type { IncomingMessage } from 'node:http';
import { PassThrough, Writable } from 'node:stream';
import type { StreamUser } from '../../access';
import { EngineFault } from '../../ace';
import { AppError } from '../../kernel/errors';
import { Deferred } from '../../kernel/deferred';
import { engineSession, fault } from '../testing/scripted-ace.spec-support';
import { selector, LiveStage, type StageOptions } from '../testing/live-stage.spec-support';
import { until, untilAborted } from '../testing/until.spec-support';
import { makeUser, makeViewer } from '../testing/viewers.spec-support';
import type { Viewer } from '../viewers';
import type { FileContent } from './file-contents';
import { FilePlaybacks } from './file-playbacks';

const FILM = selector('a', 'infohash');
const BYTES = 1000;
const PLAYLIST = new EngineFault('unsupported', 'playlist', 'application/x-mpegurl');

/** An engine's answer with the headers of the whole file. It sends the body only if `isWhole`. */
function file(isWhole = false): IncomingMessage {
  const body = new PassThrough();
  const headers = { 'content-length': String(BYTES), 'accept-ranges': 'bytes', etag: '"x"' };
  if (isWhole) body.end(Buffer.alloc(BYTES));
  return Object.assign(body, { statusCode: 200, headers, complete: isWhole }) as never;
}

const TV = '192.0.2.1';
const BOX = '192.0.2.2';

interface Asking {
  readonly ip?: string;
  readonly range?: string | null;
  readonly token?: string | null;
  readonly user?: StreamUser;
}

interface Asked {
  readonly viewer: Viewer;
  /** Null if the request was answered, or its client was gone; else the error. */
  readonly outcome: Promise<unknown>;
  hasHead: boolean;
}

describe('FilePlaybacks', () => {
  let stage: LiveStage;
  let playbacks: FilePlaybacks;
  let content: FileContent;

  async function open(options: StageOptions): Promise<void> {
    stage = await LiveStage.open(options);
    stage.ace.onStart = ({ number }) => engineSession(number, { isLive: 0 });
    playbacks = new FilePlaybacks(
      stage.config,
      stage.sources,
      stage.reporters,
      stage.jobs,
      stage.streams,
      stage.faults,
      stage.aliases,
    );
    stage.files = playbacks;
    const cause = new EngineFault('unsupported', 'not_mpegts', 'video/mp4');
    playbacks.learn(FILM, null, new AppError('unsupported_content', 'It is MP4.', { cause }));
    content = playbacks.find(FILM)!;
  }

  afterEach(async () => {
    await stage.streams.endAll('shutdown');
    expect(stage.streams.limits.count).toBe(0);
    expect(stage.engines.inUse()).toBe(0);
    await stage.close();
  });

  function ask({ ip = TV, range = null, token = null, user }: Asking = {}): Asked {
    const viewer = makeViewer(ip, user);
    const asked: Asked = { viewer, hasHead: false, outcome: Promise.resolve() };
    const outcome = playbacks.play(content, {
      viewer,
      token,
      part: { range, ifRange: null },
      sendHead: () => {
        asked.hasHead = true;
        return new Writable({ write: (_piece, _encoding, done) => done() });
      },
      isGone: () => viewer.leaveReason === 'hung_up',
    });
    const caught = outcome.then(
      () => null,
      (error: unknown) => error,
    );
    return Object.assign(asked, { outcome: caught });
  }

  function hangUp({ viewer }: Asked): void {
    viewer.leave('hung_up');
  }

  /** An answer of the engines that the test provides later. */
  function gate(): Deferred<IncomingMessage> {
    const answer = new Deferred<IncomingMessage>();
    stage.ace.onFile = (_engine, signal) => Promise.race([answer.promise, untilAborted(signal)]);
    return answer;
  }

  it('keeps its viewer when the request that would replace it is refused', async () => {
    await open({ engines: 3, env: { PROXY_MAX_CLIENTS_PER_IP: '1' } });
    gate();
    const reader = ask({ token: 'shared' });
    const other = ask({ ip: BOX });
    await until(() => stage.ace.count('file') === 2);
    const refused = ask({ ip: BOX, token: 'shared' });
    expect(await refused.outcome).toMatchObject({ code: 'client_limit' });
    expect([reader.viewer.leaveReason, other.viewer.leaveReason]).toEqual([null, null]);
  });

  it('replaces what its user watches, but not if the request is refused', async () => {
    await open({ engines: 2, slots: 1, env: { PROXY_MAX_STARTS_PER_IP: '1' } });
    stage.ace.onStart = ({ number }) => engineSession(number);
    const user = makeUser(1);
    const live = await stage.live(selector('b'), user);
    expect(await ask({ ip: live.viewer.ip, user }).outcome).toMatchObject({ code: 'rate_limited' });
    expect(live.viewer.leaveReason).toBeNull();
    stage.settings.apply({ proxyMaxStartsPerIp: 0 });
    gate();
    ask({ ip: live.viewer.ip, user });
    expect(live.viewer.leaveReason).toBe('user_limit');
  });

  it('is ended by its grace job only without a viewer', async () => {
    await open({ engines: 1, slots: 3 });
    gate();
    const reader = ask();
    await until(() => stage.ace.count('file') === 1);
    const [playback] = playbacks.list();
    const over = { playbackUid: playback!.uid };
    await playbacks.endAfterGrace(over);
    await playbacks.endAfterGrace({ playbackUid: 'of an earlier process' });
    expect(playbacks.list()).toEqual([playback]);
    hangUp(reader);
    await reader.outcome;
    expect(playbacks.list()).toEqual([playback]);
    await playbacks.endAfterGrace(over);
    expect(playback).toMatchObject({ endReason: 'no_viewers' });
    expect(playbacks.list()).toEqual([]);
  });

  it('is refused when it is not media, also for a request that waits for a playback', async () => {
    await open({ engines: 1, slots: 3 });
    const answer = gate();
    const asked = [ask(), ask({ ip: BOX })];
    await until(() => stage.ace.count('file') === 1 && playbacks.list().length === 2);
    expect(stage.streams.limits.count).toBe(2);
    answer.reject(PLAYLIST);
    for (const { outcome } of asked) {
      expect(await outcome).toMatchObject({ code: 'unsupported_content', status: 501 });
    }
    expect(stage.ace.count('start')).toBe(1);
    expect(playbacks.find(FILM)).toBeNull();
    expect(stage.directory.knownFault(FILM)).toMatchObject({ code: 'unsupported_content' });
  });

  it('plays for each new viewer on another engine, and refuses viewers without an engine', async () => {
    await open({ engines: 2, slots: 3 });
    stage.ace.onFile = () => Promise.resolve(file());
    const [first, second] = [ask(), ask()];
    await until(() => first.hasHead && second.hasHead);
    expect(stage.ace.count('start')).toBe(2);
    const third = ask();
    expect(await third.outcome).toMatchObject({ code: 'no_capacity', status: 503 });
    expect([first, second].map(({ viewer }) => viewer.leaveReason)).toEqual([null, null]);
    hangUp(first);
    hangUp(second);
  });

  it('lets a waiting request continue the playback of a viewer that leaves', async () => {
    await open({ engines: 1, slots: 3 });
    gate();
    const first = ask();
    await until(() => stage.ace.count('file') === 1);
    const next = ask({ ip: BOX, range: 'bytes=5-' });
    await until(() => playbacks.list().length === 2);
    hangUp(first);
    await until(() => stage.ace.count('file') === 2);
    expect(stage.ace.count('start')).toBe(1);
    expect(playbacks.list()).toHaveLength(1);
    expect(stage.streams.listPast()).toEqual([]);
    hangUp(next);
    expect([await first.outcome, await next.outcome]).toEqual([null, null]);
  });

  it('ends the wait of a request whose client hangs up', async () => {
    await open({ engines: 1, slots: 3 });
    gate();
    const first = ask();
    await until(() => stage.ace.count('file') === 1);
    const next = ask({ ip: BOX });
    await until(() => playbacks.list().length === 2);
    hangUp(next);
    expect(await next.outcome).toBeNull();
    expect(stage.streams.limits.count).toBe(1);
    expect(first.viewer.leaveReason).toBeNull();
    hangUp(first);
  });

  it('answers 409 to a request that a newer one with the same token replaces', async () => {
    await open({ engines: 2, slots: 3 });
    gate();
    const older = ask({ token: 'mine' });
    await until(() => stage.ace.count('file') === 1);
    stage.ace.onFile = () => Promise.resolve(file(true));
    const newer = ask({ token: 'mine', ip: BOX });
    expect(await older.outcome).toMatchObject({
      code: 'conflict',
      status: 409,
      detail: expect.stringContaining('newer request'),
    });
    expect(await newer.outcome).toBeNull();
    expect([older.hasHead, newer.hasHead]).toEqual([false, true]);
    expect(stage.ace.count('start')).toBe(1);
  });

  it.each([
    ['at its media', 1, 'http_500'],
    ['at its media, the next one at its start', 2, 'answer_timeout'],
  ])('names the fault of the last engine %s', async (_where, engines, reason) => {
    await open({ engines, slots: 3 });
    stage.ace.onStart = ({ number }) => {
      if (number > 1) throw fault('engine', 'answer_timeout');
      return engineSession(number, { isLive: 0 });
    };
    stage.ace.onFile = () => Promise.reject(fault('engine', 'http_500'));
    expect(await ask().outcome).toMatchObject({
      code: 'engine_failed',
      detail: `Every engine that was tried has failed, the last one with ${reason}: said the engine.`,
    });
  });

  it('keeps the slot of a broadcast start for its viewer, even if others wait for a slot', async () => {
    await open({ engines: 1, slots: 1 });
    const { ready } = stage.join(selector('c', 'infohash'));
    const other = stage.join(selector('d', 'infohash')).ready;
    await expect(ready).rejects.toMatchObject({ code: 'unsupported_content' });
    expect(playbacks.list().map(({ engineId }) => engineId)).toEqual(['e1']);
    await expect(other).rejects.toMatchObject({ code: 'no_capacity' });
  });

  it('acquires no other slot after its start was preempted', async () => {
    await open({ engines: 2, slots: 1 });
    gate();
    const { outcome } = ask();
    await until(() => stage.ace.count('file') === 1);
    const { scheduler } = stage.engines;
    const failover = scheduler.acquire({
      holder: scheduler.holder('running'),
      class: 'failover',
      excluded: new Set(['e2']),
      signal: new AbortController().signal,
    });
    expect(await outcome).toMatchObject({ code: 'no_capacity' });
    expect(stage.ace.count('start')).toBe(1);
    (await failover).release();
  });

  it('waits for another engine no longer than the start budget', async () => {
    await open({ engines: 2, slots: 1, env: { PROXY_INIT_TIMEOUT: '1s' } });
    stage.ace.onFile = () => {
      stage.engines.close();
      return Promise.reject(fault('engine', 'http_500'));
    };
    expect(await ask().outcome).toMatchObject({
      code: 'start_timeout',
      detail: expect.stringContaining('http_500'),
    });
  });

  it('does not treat content that is refused for another reason as a file', async () => {
    await open({ engines: 1 });
    const playlist = new EngineFault('unsupported', 'playlist', 'application/x-mpegurl');
    for (const cause of [playlist, undefined]) {
      const error = new AppError('unsupported_content', 'It cannot be played.', { cause });
      expect(playbacks.learn(selector('b'), null, error)).toBe(false);
      expect(playbacks.find(selector('b'))).toBeNull();
    }
  });
});
