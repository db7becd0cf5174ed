import 'reflect-metadata';
import { engineSession, fault } from '../testing/scripted-ace.spec-support';
import { selector, LiveStage } from '../testing/live-stage.spec-support';
import { until, untilAborted } from '../testing/until.spec-support';

const A = selector('a');
const B = selector('b');
const HASH = selector('d', 'infohash');

let stage: LiveStage;

/** Every engine answers every start with the same infohash, so that all requests are for one content. */
async function open(engines: number, slots: number): Promise<void> {
  stage = await LiveStage.open({ engines, slots });
  stage.ace.onStart = ({ number }) => engineSession(number, { infohash: HASH.value });
}

afterEach(() => stage.close());

describe('a start of a content that another stream already plays', () => {
  describe('on another engine', () => {
    beforeEach(() => open(2, 1));

    it('joins the older stream, and stops the duplicate engine session without opening its playback', async () => {
      const older = await stage.live(A);
      const newer = stage.join(B);
      expect(newer.stream).not.toBe(older.stream);
      expect(await newer.ready).toBe(older.stream);
      await until(() => newer.stream.isOver);
      await newer.stream.end('stopped');
      expect(stage.ace.log).toEqual([
        'start e1 content_id',
        'open e1 /ace/r/1',
        'start e2 content_id',
        'stop e2 /ace/cmd/2',
      ]);
      expect(stage.engines.inUse('e1')).toBe(1);
      expect(stage.engines.inUse('e2')).toBe(0);
      expect(newer.stream).toMatchObject({ state: 'ended', endReason: 'joined_other_session' });
      expect(stage.directory.list()).toEqual([older.stream]);
    });

    it('moves its viewers to the older stream and counts each once', async () => {
      const older = await stage.live(A);
      const newer = stage.join(B);
      await newer.ready;
      expect(newer.viewer.stream).toBe(older.stream);
      expect(older.stream.viewers.size).toBe(2);
      expect(stage.streams.limits.count).toBe(2);
      await stage.attach(newer);
      stage.leave(newer);
      stage.leave(older);
      expect(stage.streams.limits.count).toBe(0);
      expect(older.stream.state).toBe('grace');
    });

    it('makes the older stream reachable under every id of the content', async () => {
      const older = await stage.live(A);
      await stage.join(B).ready;
      for (const content of [A, B, HASH]) {
        expect(stage.directory.lookup(content)).toBe(older.stream);
      }
      expect(stage.aliases.infohashOf(B.value)).toBe(HASH.value);
      await older.stream.end('stopped');
      for (const content of [A, B, HASH]) expect(stage.directory.lookup(content)).toBeNull();
    });

    it('waits for the start of the older stream, and succeeds with it', async () => {
      const older = stage.join(HASH);
      const source = await stage.source(1);
      const newer = stage.join(B);
      await until(() => newer.stream.isOver);
      source.play(30);
      expect(await newer.ready).toBe(older.stream);
      expect(await older.ready).toBe(older.stream);
    });

    it('fails with the same error as the start of the older stream', async () => {
      let answer: () => void = () => undefined;
      const opened = new Promise<void>((resolve) => (answer = resolve));
      stage.ace.onOpen = () => opened.then(() => Promise.reject(fault('unsupported', 'mp4')));
      const older = stage.join(HASH);
      await until(() => stage.ace.count('open') === 1);
      const newer = stage.join(B);
      await until(() => newer.stream.isOver);
      answer();
      const errors = await Promise.all(
        [older, newer].map(({ ready }) => ready.catch((error: unknown) => error)),
      );
      expect(errors[0]).toMatchObject({ code: 'unsupported_content' });
      expect(errors[1]).toBe(errors[0]);
      expect(stage.streams.limits.count).toBe(0);
    });

    it('moves holders that are not viewers to the older stream', async () => {
      const older = await stage.live(A);
      stage.leave(older);
      const holder = {};
      const held = stage.directory.holdForCheck(B, holder, '192.0.2.1');
      expect(await held.answered).toBe(older.stream);
      expect(older.stream.state).toBe('live');
      older.stream.letGo(holder);
      expect(older.stream.state).toBe('grace');
    });
  });

  describe('on the same engine', () => {
    beforeEach(() => open(1, 2));

    it('gives its engine session to the older stream, because a stop would freeze the reader there', async () => {
      const older = await stage.live(A);
      const newer = stage.join(B);
      expect(await newer.ready).toBe(older.stream);
      await until(() => newer.stream.isOver);
      expect(stage.ace.count('stop')).toBe(0);
      expect(older.stream.current?.opened?.playbackSessionId).toBe('session-2');
      await until(() => stage.engines.inUse() === 1);
    });

    it('lets the older stream continue on the newer engine session when its own reader is reset', async () => {
      const older = await stage.live(A);
      await stage.join(B).ready;
      (await stage.source(1)).reset();
      const source = await stage.source(2);
      expect(stage.ace.log.at(-1)).toBe('open e1 /ace/r/2');
      const { ring } = older.stream.history;
      const end = ring.end;
      source.play(60);
      await until(() => ring.end > end);
      expect(stage.ace.count('start')).toBe(2);
      expect(stage.ace.count('stop')).toBe(0);
    });

    it('stops the adopted engine session once when the older stream ends', async () => {
      const older = await stage.live(A);
      await stage.join(B).ready;
      await older.stream.end('stopped');
      expect(stage.ace.log).toContain('stop e1 /ace/cmd/2');
      expect(stage.ace.count('stop e1 /ace/cmd/2')).toBe(1);
      expect(stage.engines.inUse()).toBe(0);
    });
  });
});

describe('a start of a content for which an older start has no answer yet', () => {
  it('joins the older stream, and fails when that is stopped', async () => {
    await open(2, 1);
    let calls = 0;
    const answers = stage.ace.onStart;
    // The older start is never answered.
    stage.ace.onStart = (call) => (++calls === 1 ? untilAborted(call.signal) : answers(call));
    const older = stage.join(HASH);
    await until(() => calls === 1);
    const newer = stage.join(B);
    await until(() => newer.stream.isOver);
    expect(newer.viewer.stream).toBe(older.stream);
    expect(stage.ace.log).toContain('stop e2 /ace/cmd/2');
    await older.stream.end('stopped');
    await expect(newer.ready).rejects.toMatchObject({ code: 'not_found' });
    await until(() => stage.engines.inUse() === 0);
  });
});
