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
  until(() => stream.current?.engine.id === id, `the stream at ${id}`);

describe('a planned move', () => {
  it('feeds viewers from the old source until the next engine delivers a key frame', async () => {
    const joined = await open();
    const pair = await stage.attach(joined);
    const { result, fromEngineId } = joined.stream.moveToEngine(null);
    expect(fromEngineId).toBe('e1');
    const next = await stage.source(2);
    // Both slots are held, and media of the old source still enter the stream.
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

  it('that fails leaves the stream on its engine and excludes the other one for a while', async () => {
    const joined = await open();
    stage.ace.onStart = () => Promise.reject(fault('engine', 'bad_json'));
    await expect(joined.stream.moveToEngine(null).result).rejects.toMatchObject({
      code: 'conflict',
      detail: expect.stringContaining('e2'),
    });
    expect(joined.stream.current?.engine.id).toBe('e1');
    expect(stage.engines.inUse('e2')).toBe(0);
    expect(joined.stream.attempts.at(-1)).toMatchObject({
      outcome: 'not_moved',
      detail: expect.stringContaining('bad_json'),
    });
    expect(await stage.publishedTypes()).toContain('stream_move_failed');
    // A move without a chosen engine does not go there again; an operator may still name it.
    await expect(joined.stream.moveToEngine(null).result).rejects.toMatchObject({
      detail: expect.stringMatching(
        /Every other engine failed on this content.* e2 failed on this content a moment ago and is skipped for another \d+ s/,
      ),
    });
    expect(stage.ace.count('start')).toBe(2);
    stage.ace.onStart = ({ number }) => engineSession(number);
    const { result } = joined.stream.moveToEngine('e2');
    (await stage.source(2)).play(40);
    await expect(result).resolves.toMatchObject({ toEngineId: 'e2' });
  });

  it.each(['end', 'reset'] as const)(
    'completes when the old source has its %s meanwhile',
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

  it('becomes an ordinary failover when both sources fail', async () => {
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

  it('that still waits for an engine ends when the old source is reset, which is retried on its engine', async () => {
    const { stream } = await open();
    const stopping = new Deferred<void>();
    stage.engines.close();
    stage.ace.onStop = () => stopping.promise;
    const { result } = stream.moveToEngine(null);
    (await stage.source(1)).reset();
    await until(() => stage.ace.count('stop') === 1);
    // A source prepared from now on would feed the stream beside the retried source.
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

  it('whose engine delivers too late during an outage does not use that engine for the failover', async () => {
    const joined = await open({ engines: 3, env: { PROXY_STALL_TIMEOUT: '500ms' } });
    const { result } = joined.stream.moveToEngine(null);
    await stage.source(2);
    (await stage.source(1)).reset();
    (await stage.source(3)).play(40);
    await expect(result).rejects.toMatchObject({ detail: expect.stringContaining('e2') });
    expect(stage.ace.log.filter((line) => line.startsWith('open')).at(-1)).toContain('open e3');
    expect(await stage.publishedTypes()).toContain('stream_move_failed');
    expect(stage.events.find(({ type }) => type === 'stream_move_failed')).toMatchObject({
      payload: { reason: 'not_moved', to_engine_id: 'e2' },
    });
  });

  it.each([
    ['there is no other engine', 1, 'There is no other engine'],
    ['the others are full', 2, 'has room'],
  ])('is refused with the reason that %s', async (_, engines, detail) => {
    const { stream } = await open({ engines, slots: 1 });
    if (engines > 1) await stage.live(selector('b'));
    await expect(stream.moveToEngine(null).result).rejects.toMatchObject({
      code: 'conflict',
      detail: expect.stringContaining(detail),
    });
  });

  it('does not fail when our own event loop reads the media too late', async () => {
    const joined = await open({ env: { PROXY_INIT_TIMEOUT: '2s' } });
    const { result } = joined.stream.moveToEngine(null);
    const next = await stage.source(2);
    // Blocks the event loop beyond the deadline for media. When it runs again, timers fire before sockets are read.
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
    ['before media arrive', () => undefined],
  ])('releases everything when the stream ends %s', async (_, arrange) => {
    const joined = await open();
    arrange();
    const { result } = joined.stream.moveToEngine(null);
    await until(() => stage.engines.inUse('e2') === 1 && stage.ace.count('start') === 2);
    await joined.stream.end('stopped');
    await expect(result).rejects.toMatchObject({ code: 'conflict' });
    expect(stage.engines.inUse()).toBe(0);
    expect(stage.ace.count('stop')).toBe(stage.ace.count('open'));
  });

  it('is refused to an unknown engine, to the present one, and while another move runs', async () => {
    const { stream } = await open({ engines: 3 });
    expect(() => stream.moveToEngine('e9')).toThrow(expect.objectContaining({ code: 'not_found' }));
    expect(() => stream.moveToEngine('e1')).toThrow(expect.objectContaining({ code: 'conflict' }));
    const { result } = stream.moveToEngine('e3');
    expect(() => stream.moveToEngine('e2')).toThrow(expect.objectContaining({ code: 'conflict' }));
    const again = stream.moveToEngine('e3');
    (await stage.source(2)).play(40);
    expect(await again.result).toEqual(await result);
  });

  it('is refused before the stream is live', async () => {
    stage = await LiveStage.open({ engines: 2 });
    const { stream } = stage.join(A);
    await stage.source(1);
    expect(() => stream.moveToEngine(null)).toThrow(expect.objectContaining({ code: 'conflict' }));
  });
});

describe('a stream on a drained engine', () => {
  it('moves as soon as another engine has a free slot, and not before', async () => {
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

  it('stays when the drain is withdrawn during its move', async () => {
    const { stream } = await open();
    stage.engines.drain('e1', 'new disk');
    await stage.source(2);
    stage.engines.drain('e1', null);
    await until(() => stage.engines.inUse('e2') === 0);
    expect(stage.ace.log.at(-1)).toBe('stop e2 /ace/cmd/2');
    (await stage.source(1)).play(5);
    expect(stream.current?.engine.id).toBe('e1');
    expect(stream.isOver).toBe(false);
  });
});

describe('a drain that is withdrawn while an operator moves the stream', () => {
  it('does not stop the move', async () => {
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
  it('more often than the limit fails, and the error names the limit', async () => {
    const { stream } = await open({
      env: { PROXY_FAILOVER_LIMIT: '2', PROXY_FAILOVER_WINDOW: '60s' },
    });
    for (let n = 1; n <= 3; n += 1) {
      const before = stream.ingest.bytesIn;
      const source = (await stage.source(n)).play(40);
      await until(() => stream.ingest.bytesIn > before && stream.ingest.sourceBeganAt !== null);
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
