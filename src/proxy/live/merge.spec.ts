import 'reflect-metadata';
import { engineSession, fault } from '../testing/scripted-ace.spec-support';
import { selector, LiveStage } from '../testing/live-stage.spec-support';
import { until, untilAborted } from '../testing/until.spec-support';

const A = selector('a');
const B = selector('b');
const HASH = selector('d', 'infohash');

let stage: LiveStage;

/** Whatever is asked for, every engine says that it is the same content. */
async function open(engines: number, slots: number): Promise<void> {
  stage = await LiveStage.open({ engines, slots });
  stage.ace.onStart = ({ number }) => engineSession(number, { infohash: HASH.value });
}

afterEach(() => stage.close());

describe('a start that turns out to be a content that is played', () => {
  describe('on another engine', () => {
    beforeEach(() => open(2, 1));

    it('joins the stream there; the duplicate is stopped, its playback never opened', async () => {
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

    it('hands its viewers over, who are counted once', async () => {
      const older = await stage.live(A);
      const newer = stage.join(B);
      await newer.ready;
      expect(newer.viewer.host).toBe(older.stream);
      expect(older.stream.viewers.size).toBe(2);
      expect(stage.streams.limits.count).toBe(2);
      await stage.attach(newer);
      stage.leave(newer);
      stage.leave(older);
      expect(stage.streams.limits.count).toBe(0);
      expect(older.stream.state).toBe('grace');
    });

    it('leads who asks for either name to the one session', async () => {
      const older = await stage.live(A);
      await stage.join(B).ready;
      for (const content of [A, B, HASH]) {
        expect(stage.directory.lookup(content)).toBe(older.stream);
      }
      expect(stage.aliases.infohashOf(B.value)).toBe(HASH.value);
      await older.stream.end('stopped');
      for (const content of [A, B, HASH]) expect(stage.directory.lookup(content)).toBeNull();
    });

    it('waits for a start that is under way there, and shares its fate', async () => {
      const older = stage.join(HASH);
      const source = await stage.source(1);
      const newer = stage.join(B);
      await until(() => newer.stream.isOver);
      source.play(30);
      expect(await newer.ready).toBe(older.stream);
      expect(await older.ready).toBe(older.stream);
    });

    it('fails with it, all with the same error', async () => {
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

    it('takes along who only holds the session', async () => {
      const older = await stage.live(A);
      stage.leave(older);
      const holder = {};
      const held = stage.directory.hold(B, holder, 'check', '192.0.2.1');
      expect(await held.answered).toBe(older.stream);
      expect(older.stream.state).toBe('live');
      older.stream.letGo(holder);
      expect(older.stream.state).toBe('grace');
    });
  });

  describe('on the same engine', () => {
    beforeEach(() => open(1, 2));

    it('is not stopped, which would freeze the reader; the older stream adopts it', async () => {
      const older = await stage.live(A);
      const newer = stage.join(B);
      expect(await newer.ready).toBe(older.stream);
      await until(() => newer.stream.isOver);
      expect(stage.ace.count('stop')).toBe(0);
      expect(older.stream.current?.engineSession?.playbackSessionId).toBe('session-2');
      await until(() => stage.engines.inUse() === 1);
    });

    it('is where the older one goes on when its reader is taken over', async () => {
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

    it('leaves nothing playing on the engine when the stream ends', async () => {
      const older = await stage.live(A);
      await stage.join(B).ready;
      await older.stream.end('stopped');
      expect(stage.ace.log).toContain('stop e1 /ace/cmd/2');
      expect(stage.ace.count('stop e1 /ace/cmd/2')).toBe(1);
      expect(stage.engines.inUse()).toBe(0);
    });
  });
});

describe('a start that is a duplicate of one that has no engine yet', () => {
  it('joins it all the same', async () => {
    await open(2, 1);
    let calls = 0;
    const answers = stage.ace.onStart;
    // The older start is never answered.
    stage.ace.onStart = (call) => (++calls === 1 ? untilAborted(call.signal) : answers(call));
    const older = stage.join(HASH);
    await until(() => calls === 1);
    const newer = stage.join(B);
    await until(() => newer.stream.isOver);
    expect(newer.viewer.host).toBe(older.stream);
    expect(stage.ace.log).toContain('stop e2 /ace/cmd/2');
    await older.stream.end('stopped');
    await expect(newer.ready).rejects.toMatchObject({ code: 'not_found' });
    await until(() => stage.engines.inUse() === 0);
  });
});
