import type { IncomingMessage } from 'node:http';
import { PassThrough, Writable } from 'node:stream';
import { EngineFault } from '../../ace';
import { AppError } from '../../kernel/errors';
import { Deferred } from '../../kernel/deferred';
import { fault, session } from '../testing/scripted-ace.spec-support';
import { selector, SessionStage, type StageOptions } from '../testing/session-stage.spec-support';
import { never, until } from '../testing/until.spec-support';
import { someViewer } from '../testing/viewers.spec-support';
import type { Viewer } from '../viewers';
import type { RecordedContent } from './recorded-contents';
import { RecordedPlaybacks } from './recorded-playbacks';

const FILM = selector('a', 'infohash');
const BYTES = 1000;
const PLAYLIST = new EngineFault('unsupported', 'playlist', 'application/x-mpegurl');

/** An engine's answer: all of the file, of which nothing comes unless it is `whole`. */
function file(isWhole = false): IncomingMessage {
  const body = new PassThrough();
  const headers = { 'content-length': String(BYTES), 'accept-ranges': 'bytes', etag: '"x"' };
  if (isWhole) body.end(Buffer.alloc(BYTES));
  return Object.assign(body, { statusCode: 200, headers, complete: isWhole }) as never;
}

interface Asked {
  readonly viewer: Viewer;
  /** Null when it was answered, or nobody was there to be told; else what was thrown. */
  readonly outcome: Promise<unknown>;
  hasHead: boolean;
}

describe('RecordedPlaybacks', () => {
  let stage: SessionStage;
  let playbacks: RecordedPlaybacks;
  let content: RecordedContent;

  async function open(options: StageOptions): Promise<void> {
    stage = await SessionStage.open(options);
    stage.ace.onStart = ({ number }) => session(number, { isLive: 0 });
    playbacks = new RecordedPlaybacks(stage.services, stage.streams, stage.faults, stage.aliases);
    stage.recordings = playbacks;
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

  function ask(owner: string): Asked {
    const viewer = someViewer();
    const asked: Asked = { viewer, hasHead: false, outcome: Promise.resolve() };
    const outcome = playbacks.play(content, {
      viewer,
      owner,
      part: { range: null, ifRange: null },
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
    viewer.host?.removeViewer(viewer, 'hung_up');
  }

  /** What engines say to the file: nothing before it is told. */
  function gate(): Deferred<IncomingMessage> {
    const answer = new Deferred<IncomingMessage>();
    stage.ace.onFile = (_engine, signal) => Promise.race([answer.promise, never(signal)]);
    return answer;
  }

  /** Somebody has seen it play. */
  async function proven(): Promise<void> {
    stage.ace.onFile = () => Promise.resolve(file(true));
    expect(await ask('somebody').outcome).toBeNull();
    await stage.streams.endAll('stopped');
  }

  it('is ended by its grace job only when nobody reads it', async () => {
    await open({ engines: 1, slots: 3 });
    gate();
    const reader = ask('tv');
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

  describe('while nobody knows what the content is', () => {
    it.each([
      ['of one player', ['tv', 'tv', 'tv']],
      ['of several', ['tv', 'box', 'phone']],
    ])('tells all requests %s that it is no media, by one start', async (_whose, owners) => {
      await open({ engines: 1, slots: 3 });
      const answer = gate();
      const asked = owners.map(ask);
      await until(() => stage.ace.count('file') === 1);
      expect(stage.streams.limits.count).toBe(3);
      answer.reject(PLAYLIST);
      for (const { outcome } of asked) {
        expect(await outcome).toMatchObject({ code: 'unsupported_content', status: 501 });
      }
      expect(stage.ace.count('start')).toBe(1);
      expect(playbacks.find(FILM)).toBeNull();
      expect(stage.directory.knownFault(FILM)).toMatchObject({ code: 'unsupported_content' });
    });

    it('asks no other engine; once it plays, each goes its own way', async () => {
      await open({ engines: 2, slots: 3 });
      const answer = gate();
      const [first, second] = [ask('tv'), ask('box')];
      await until(() => stage.ace.count('file') === 1);
      expect(stage.ace.count('start')).toBe(1);
      stage.ace.onFile = () => Promise.resolve(file());
      answer.resolve(file());
      await until(() => first.hasHead && second.hasHead);
      expect(stage.ace.count('start')).toBe(2);
      hangUp(first);
      hangUp(second);
      expect([await first.outcome, await second.outcome]).toEqual([null, null]);
    });

    it('says that there is no engine for one more, when there is none', async () => {
      await open({ engines: 1, slots: 3 });
      const answer = gate();
      const [first, second] = [ask('tv'), ask('box')];
      await until(() => stage.ace.count('file') === 1);
      answer.resolve(file());
      expect(await second.outcome).toMatchObject({ code: 'no_capacity' });
      expect(first.viewer.leaveReason).toBeNull();
      hangUp(first);
    });

    it('lets the next one find it out when the first fails otherwise or leaves', async () => {
      await open({ engines: 1, slots: 3 });
      gate();
      const asked = ['tv', 'box', 'phone'].map(ask);
      await until(() => stage.ace.count('file') === 1);
      const second = gate();
      hangUp(asked[0]!);
      await until(() => stage.ace.count('file') === 2);
      stage.ace.onFile = () => Promise.resolve(file(true));
      second.reject(fault('engine', 'http_500'));
      expect(await asked[0]!.outcome).toBeNull();
      expect(await asked[1]!.outcome).toMatchObject({ code: 'engine_failed' });
      expect(await asked[2]!.outcome).toBeNull();
      expect(asked.map(({ hasHead }) => hasHead)).toEqual([false, false, true]);
    });

    it('forgets a request that leaves while it waits', async () => {
      await open({ engines: 1, slots: 3 });
      gate();
      const [first, second] = [ask('tv'), ask('tv')];
      await until(() => stage.ace.count('file') === 1);
      hangUp(second);
      expect(await second.outcome).toBeNull();
      expect(stage.streams.limits.count).toBe(1);
      expect(first.viewer.leaveReason).toBeNull();
      hangUp(first);
    });

    it('counts those who wait, and gives the only place of a player to its newer request', async () => {
      await open({ engines: 1, slots: 3, env: { PROXY_MAX_CLIENTS: '1' } });
      gate();
      const first = ask('tv');
      await until(() => stage.ace.count('file') === 1);
      expect(await ask('box').outcome).toMatchObject({ code: 'client_limit' });
      const newer = ask('tv');
      expect(await first.outcome).toMatchObject({ code: 'conflict' });
      hangUp(newer);
    });

    it('waits for no longer than a start may take, and is told even then', async () => {
      await open({ engines: 2, slots: 3, env: { PROXY_INIT_TIMEOUT: '1s' } });
      const answer = gate();
      const first = ask('tv');
      await until(() => stage.ace.count('file') === 1);
      stage.engines.close();
      const second = ask('box');
      await until(() => playbacks.list().length === 2);
      answer.reject(PLAYLIST);
      for (const { outcome } of [first, second]) {
        expect(await outcome).toMatchObject({ code: 'unsupported_content' });
      }
    });
  });

  it('answers a request whose place a newer one of its player takes', async () => {
    await open({ engines: 1, slots: 3 });
    await proven();
    gate();
    const older = ask('tv');
    await until(() => stage.ace.count('file') === 2);
    stage.ace.onFile = () => Promise.resolve(file(true));
    const newer = ask('tv');
    expect(await older.outcome).toMatchObject({
      code: 'conflict',
      status: 409,
      detail: expect.stringContaining('newer request of the same player'),
    });
    expect(await newer.outcome).toBeNull();
    expect([older.hasHead, newer.hasHead]).toEqual([false, true]);
  });

  it.each([
    ['at its media', 1, 'http_500'],
    ['at its media, the next one at its start', 2, 'answer_timeout'],
  ])('names what the last engine failed with %s', async (_where, engines, reason) => {
    await open({ engines, slots: 3 });
    stage.ace.onStart = ({ number }) => {
      if (number > 1) throw fault('engine', 'answer_timeout');
      return session(number, { isLive: 0 });
    };
    stage.ace.onFile = () => Promise.reject(fault('engine', 'http_500'));
    expect(await ask('tv').outcome).toMatchObject({
      code: 'engine_failed',
      detail: `Every engine tried failed; the last with ${reason}: said the engine.`,
    });
  });

  it('keeps what a start as a broadcast found for its viewer, whoever waits for a slot', async () => {
    await open({ engines: 1, slots: 1 });
    const { ready } = stage.join(selector('c', 'infohash'));
    const other = stage.join(selector('d', 'infohash')).ready;
    await expect(ready).rejects.toMatchObject({ code: 'unsupported_content' });
    expect(playbacks.list().map(({ engineId }) => engineId)).toEqual(['e1']);
    await expect(other).rejects.toMatchObject({ code: 'no_capacity' });
  });

  it('gives its place to another stream without going for another one', async () => {
    await open({ engines: 2, slots: 1 });
    gate();
    const { outcome } = ask('tv');
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

  it('waits for another engine no longer than the start may take', async () => {
    await open({ engines: 2, slots: 1, env: { PROXY_INIT_TIMEOUT: '1s' } });
    stage.ace.onFile = () => {
      stage.engines.close();
      return Promise.reject(fault('engine', 'http_500'));
    };
    expect(await ask('tv').outcome).toMatchObject({
      code: 'start_timeout',
      detail: expect.stringContaining('http_500'),
    });
  });

  it('does not take for a file what is refused for another reason', async () => {
    await open({ engines: 1 });
    const playlist = new EngineFault('unsupported', 'playlist', 'application/x-mpegurl');
    for (const cause of [playlist, undefined]) {
      const error = new AppError('unsupported_content', 'It can not be played.', { cause });
      expect(playbacks.learn(selector('b'), null, error)).toBe(false);
      expect(playbacks.find(selector('b'))).toBeNull();
    }
  });
});
