import 'reflect-metadata';
import { Deferred } from '../../../kernel/deferred';
import { continuityFaults } from '../../testing/continuity.spec-support';
import { engineSession, fault } from '../../testing/scripted-ace.spec-support';
import {
  selector,
  LiveStage,
  type Joined,
  type StageOptions,
} from '../../testing/live-stage.spec-support';
import { eventLoopTurns, until, untilAborted } from '../../testing/until.spec-support';

const A = selector('a');

let stage: LiveStage;

async function open({ env, ...options }: StageOptions = {}): Promise<Joined> {
  stage = await LiveStage.open({ engines: 2, env, ...options });
  return stage.live(A);
}

afterEach(() => stage.close());

const isAt = ({ stream }: Joined, id: string): Promise<boolean> =>
  until(() => stream.current?.lease.engine.id === id, `the stream at ${id}`);

describe('a planned move', () => {
  it('prepares the next engine first: until its key frame the old source feeds viewers', async () => {
    const joined = await open();
    const pair = await stage.attach(joined);
    const { result, fromEngineId } = joined.stream.moveToEngine(null);
    expect(fromEngineId).toBe('e1');
    const next = await stage.source(2);
    // Both slots are held, and what the old source gives still counts.
    expect(stage.engines.inUse()).toBe(2);
    const before = joined.stream.ingest.bytesIn;
    (await stage.source(1)).play(10);
    await until(() => joined.stream.ingest.bytesIn > before);
    expect(stage.ace.count('stop')).toBe(0);
    next.play(40);
    await expect(result).resolves.toMatchObject({ fromEngineId: 'e1', toEngineId: 'e2' });
    await isAt(joined, 'e2');
    await until(() => stage.engines.inUse('e1') === 0);
    expect(stage.ace.log.slice(-1)).toEqual(['stop e1 /ace/cmd/1']);
    expect(joined.stream.failovers).toBe(0);
    expect(stage.engines.complaints).toEqual([]);
    const { ring } = joined.stream.history;
    await until(() => joined.viewer.cursor === ring.head && ring.pendingBytes === 0);
    await until(() => pair.receivedBytes() === joined.viewer.queuedBytes);
    expect(continuityFaults(pair.received())).toEqual([]);
    expect(joined.stream.attempts.map(({ outcome }) => outcome)).toEqual(['superseded', 'playing']);
    expect(await stage.publishedTypes()).toContain('stream_moved');
  });

  it('that fails leaves the stream where it is, and that engine out for a while', async () => {
    const joined = await open();
    stage.ace.onStart = () => Promise.reject(fault('engine', 'bad_json'));
    await expect(joined.stream.moveToEngine(null).result).rejects.toMatchObject({
      code: 'conflict',
      detail: expect.stringContaining('e2'),
    });
    expect(joined.stream.current?.lease.engine.id).toBe('e1');
    expect(stage.engines.inUse('e2')).toBe(0);
    expect(joined.stream.attempts.at(-1)).toMatchObject({
      outcome: 'not_moved',
      detail: expect.stringContaining('bad_json'),
    });
    expect(await stage.publishedTypes()).toContain('stream_move_failed');
    // Whoever leaves it to us is not sent there again; an operator may insist.
    await expect(joined.stream.moveToEngine(null).result).rejects.toMatchObject({
      detail: expect.stringMatching(
        /Every other engine failed on this content.* e2 failed on this content and is not asked for \d+ s/,
      ),
    });
    expect(stage.ace.count('start')).toBe(2);
    stage.ace.onStart = ({ number }) => engineSession(number);
    const { result } = joined.stream.moveToEngine('e2');
    (await stage.source(2)).play(40);
    await expect(result).resolves.toMatchObject({ toEngineId: 'e2' });
  });

  it.each(['end', 'reset'] as const)(
    'whose old source comes to its %s goes on at the new one',
    async (how) => {
      const joined = await open();
      const { result } = joined.stream.moveToEngine(null);
      const next = await stage.source(2);
      (await stage.source(1))[how]();
      await until(() => stage.engines.inUse('e1') === 0);
      next.play(40);
      await expect(result).resolves.toMatchObject({ toEngineId: 'e2' });
      await isAt(joined, 'e2');
      expect(joined.stream.failovers).toBe(1);
      expect(stage.ace.count('start')).toBe(2);
    },
  );

  it('whose both sources fail is an ordinary failover', async () => {
    const joined = await open({ engines: 3 });
    void joined.stream.moveToEngine(null);
    const next = await stage.source(2);
    (await stage.source(1)).reset();
    await until(() => stage.engines.inUse('e1') === 0);
    next.reset();
    (await stage.source(3)).play(40);
    await isAt(joined, 'e3');
    await until(() => stage.engines.inUse() === 1);
    expect(stage.ace.count('stop')).toBe(2);
  });

  it('that no engine is at work for yet ends with the old source, which is tried again where it was', async () => {
    const { stream } = await open();
    const stopping = new Deferred<void>();
    stage.engines.close();
    stage.ace.onStop = () => stopping.promise;
    const { result } = stream.moveToEngine(null);
    (await stage.source(1)).reset();
    await until(() => stage.ace.count('stop') === 1);
    // A source that found its place now would feed the stream beside the one that is about to be started.
    stage.engines.open();
    await expect(result).rejects.toMatchObject({ code: 'conflict' });
    stopping.resolve();
    (await stage.source(2)).play(40);
    await until(() => stream.state === 'live' && stream.failovers === 1);
    expect(stage.engines.inUse('e2')).toBe(0);
    expect(stage.ace.log.filter((line) => line.startsWith('open'))).toEqual([
      'open e1 /ace/r/1',
      'open e1 /ace/r/2',
    ]);
  });

  it('whose engine is not ready when viewers have waited for it is not tried there again', async () => {
    const joined = await open({ engines: 3, env: { PROXY_STALL_TIMEOUT: '500ms' } });
    const { result } = joined.stream.moveToEngine(null);
    await stage.source(2);
    (await stage.source(1)).reset();
    (await stage.source(3)).play(40);
    await expect(result).rejects.toMatchObject({ detail: expect.stringContaining('e2') });
    expect(stage.ace.log.filter((line) => line.startsWith('open')).at(-1)).toContain('open e3');
    expect(await stage.publishedTypes()).toContain('stream_move_failed');
  });

  it.each([
    ['there is no other engine', 1, 'There is no other engine'],
    ['the others are full', 2, 'has room'],
  ])('says that %s', async (_, engines, words) => {
    const { stream } = await open({ engines, slots: 1 });
    if (engines > 1) await stage.live(selector('b'));
    await expect(stream.moveToEngine(null).result).rejects.toMatchObject({
      code: 'conflict',
      detail: expect.stringContaining(words),
    });
  });

  it('is not given up for what our own event loop was too late to read', async () => {
    const joined = await open({ env: { PROXY_INIT_TIMEOUT: '2s' } });
    const { result } = joined.stream.moveToEngine(null);
    const next = await stage.source(2);
    // As when media lie in the kernel while the loop is held up beyond the deadline for them: timers come first.
    void eventLoopTurns(2).then(() => next.play(40));
    const untilMs = performance.now() + 2500;
    while (performance.now() < untilMs);
    await expect(result).resolves.toMatchObject({ toEngineId: 'e2' });
  });

  it.each<[string, () => void]>([
    [
      'before the engine answers',
      () => {
        stage.ace.onStart = ({ signal }) => untilAborted(signal);
      },
    ],
    ['before media come', () => undefined],
  ])('leaves nothing behind when the stream ends %s', async (_, arrange) => {
    const joined = await open();
    arrange();
    const { result } = joined.stream.moveToEngine(null);
    await until(() => stage.engines.inUse('e2') === 1 && stage.ace.count('start') === 2);
    await joined.stream.end('stopped');
    await expect(result).rejects.toMatchObject({ code: 'conflict' });
    expect(stage.engines.inUse()).toBe(0);
    expect(stage.ace.count('stop')).toBe(stage.ace.count('open'));
  });

  it('is refused for an engine that is none, or the present one, and while another goes on', async () => {
    const { stream } = await open({ engines: 3 });
    expect(() => stream.moveToEngine('e9')).toThrow(expect.objectContaining({ code: 'not_found' }));
    expect(() => stream.moveToEngine('e1')).toThrow(expect.objectContaining({ code: 'conflict' }));
    const { result } = stream.moveToEngine('e3');
    expect(() => stream.moveToEngine('e2')).toThrow(expect.objectContaining({ code: 'conflict' }));
    const again = stream.moveToEngine('e3');
    (await stage.source(2)).play(40);
    expect(await again.result).toEqual(await result);
  });

  it('is none before viewers are let in', async () => {
    stage = await LiveStage.open({ engines: 2 });
    const { stream } = stage.join(A);
    await stage.source(1);
    expect(() => stream.moveToEngine(null)).toThrow(expect.objectContaining({ code: 'conflict' }));
  });
});

describe('an engine that is drained', () => {
  it('is left as soon as another one has room, and not before', async () => {
    const joined = await open({ slots: 1 });
    const other = await stage.live(selector('b'));
    stage.engines.drain('e1', 'new disk');
    (await stage.source(1)).play(5);
    expect(stage.ace.count('start')).toBe(2);
    await other.stream.end('stopped');
    (await stage.source(3)).play(40);
    await isAt(joined, 'e2');
    await until(() => stage.engines.inUse('e1') === 0);
  });

  it('and put back meanwhile keeps its streams', async () => {
    const { stream } = await open();
    stage.engines.drain('e1', 'new disk');
    await stage.source(2);
    stage.engines.drain('e1', null);
    await until(() => stage.engines.inUse('e2') === 0);
    expect(stage.ace.log.at(-1)).toBe('stop e2 /ace/cmd/2');
    (await stage.source(1)).play(5);
    expect(stream.current?.lease.engine.id).toBe('e1');
    expect(stream.isOver).toBe(false);
  });
});

describe('an engine that is put back while an operator moves its stream', () => {
  it('is left all the same', async () => {
    const joined = await open();
    stage.engines.drain('e1', 'new disk');
    const next = await stage.source(2);
    const { result } = joined.stream.moveToEngine(null);
    stage.engines.drain('e1', null);
    next.play(40);
    await expect(result).resolves.toMatchObject({ toEngineId: 'e2' });
    await isAt(joined, 'e2');
  });
});

describe('a stream that loses its source', () => {
  it('once more than the limit says is given up, with a reason', async () => {
    const { stream } = await open({
      env: { PROXY_FAILOVER_LIMIT: '2', PROXY_FAILOVER_WINDOW: '60s' },
    });
    for (let n = 1; n <= 3; n += 1) {
      const source = (await stage.source(n)).play(40);
      await until(() => stream.ingest.sourceBeganAt !== null && stream.isFlowing);
      source.end();
    }
    await until(() => stream.isOver);
    expect(stream.error).toMatchObject({
      code: 'engine_failed',
      detail: expect.stringContaining('2 times within 60 s'),
    });
    await until(() => stage.engines.inUse() === 0);
  });
});
