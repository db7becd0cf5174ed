import 'reflect-metadata';
import { setTimeout as delay } from 'node:timers/promises';
import type { ContentSelector } from '../../kernel/content-selector';
import { engineSession, fault } from '../testing/scripted-ace.spec-support';
import { LiveStage, type StageOptions } from '../testing/live-stage.spec-support';
import { until } from '../testing/until.spec-support';
import { makeUser, makeViewer } from '../testing/viewers.spec-support';

const NEWS: ContentSelector = { kind: 'channel', value: 'news', fileIndex: 0 };
const [A, B] = ['a'.repeat(40), 'b'.repeat(40)] as const;
const CONTENT_B = { kind: 'content_id', value: B, fileIndex: 0 } as const;

let stage: LiveStage;

/** By default one engine with one slot, so that a slot released too early or too late makes a test fail. */
async function open(options: StageOptions = { engines: 1, slots: 1 }): Promise<void> {
  stage = await LiveStage.open(options);
  const sources = [A, B].map((id) => ({ kind: 'content_id' as const, id, label: null }));
  const unlisted = { group: null, logo: null, tvgId: null, isHidden: false };
  await stage.channels.put({ id: 'news', name: 'News', sources, ...unlisted });
}

/** Engines do not know the contents in `dead`; they answer each other start with the infohash of its content. */
function answer(...dead: string[]): void {
  stage.ace.onStart = ({ number, selector: { value } }) =>
    dead.includes(value)
      ? Promise.reject(fault('content', 'unknown'))
      : engineSession(number, { infohash: value.replace(/./g, value === A ? '1' : '2') });
}

afterEach(() => stage.close());

it('a start tries the next source in the slot that it holds', async () => {
  await open();
  answer(A);
  const { stream } = await stage.live(NEWS);
  expect(stream.rotation.content.value).toBe(B);
  expect(stage.ace.log.filter((line) => line.startsWith('start'))).toEqual([
    'start e1 content_id',
    'start e1 infohash',
    'start e1 content_id',
  ]);
  expect(stage.engines.inUse('e1')).toBe(1);
  await stream.end('stopped');
  expect(stage.engines.inUse('e1')).toBe(0);
});

it('a start leaves a source without media after its share of the time, and stops its engine session first', async () => {
  await open({ engines: 1, slots: 1, env: { PROXY_INIT_TIMEOUT: '600ms' } });
  answer();
  const joined = stage.join(NEWS);
  (await stage.source(2)).play(30);
  const stream = await joined.ready;
  expect(stream).toMatchObject({ infohash: '2'.repeat(40) });
  expect(stage.ace.log.indexOf('stop e1 /ace/cmd/1')).toBeLessThan(
    stage.ace.log.indexOf('open e1 /ace/r/2'),
  );
  expect(stage.records.of({ kind: 'content_id', id: A }).failure).not.toBeNull();
  expect(stage.records.isDead({ kind: 'content_id', id: A })).toBe(true);
  // The stream must no longer be found under the content that it gave up.
  expect(stage.directory.find('1'.repeat(40))).toBeNull();
  expect(stage.directory.find('2'.repeat(40))).toBe(stream);
});

it('a start that no engine answers leaves its sources alive', async () => {
  await open({ engines: 1, slots: 1, env: { PROXY_INIT_TIMEOUT: '600ms' } });
  stage.ace.onStart = async () => {
    await delay(600);
    throw fault('engine', 'answer_timeout');
  };
  await expect(stage.join(NEWS).ready).rejects.toMatchObject({ code: 'start_timeout' });
  for (const id of [A, B]) expect(stage.records.isDead({ kind: 'content_id', id })).toBe(false);
});

it('a start tries the next source on the same engine after silence when the other engine is busy', async () => {
  await open({
    engines: 2,
    slots: 3,
    env: { PROXY_INIT_TIMEOUT: '2s', PROXY_STARTS_PER_ENGINE: '2' },
  });
  answer();
  const { scheduler } = stage.engines;
  const { signal } = new AbortController();
  const others = await Promise.all(
    ['x', 'y'].map((id) =>
      scheduler.acquire({
        ...{ holder: scheduler.holder(id), class: 'failover', excluded: new Set<string>() },
        ...{ only: 'e2', signal },
      }),
    ),
  );
  const { ready } = stage.join(NEWS);
  (await stage.source(2)).play(30);
  const stream = await ready;
  expect(stream.attempts.map(({ source, engineId }) => [source, engineId])).toEqual([
    [A, 'e1'],
    [B, 'e1'],
  ]);
  for (const lease of others) lease.release();
});

it('a running stream retries its source on the same engine, then takes the next source if there is no other engine', async () => {
  await open();
  answer();
  const { stream } = await stage.live(NEWS);
  (await stage.source(1)).end();
  (await stage.source(2)).end();
  (await stage.source(3)).play(30);
  await until(() => stream.rotation.content.value === B);
  expect(stream.attempts.map(({ source }) => source)).toEqual([A, A, B]);
  expect(stream.isOver).toBe(false);
  expect(await stage.publishedTypes()).toContain('stream_source_changed');
});

it('a running stream tries its source on another engine before it takes the next source', async () => {
  await open({ engines: 2, slots: 1 });
  answer();
  const { stream } = await stage.live(NEWS);
  (await stage.source(1)).end();
  (await stage.source(2)).end();
  (await stage.source(3)).end();
  (await stage.source(4)).play(30);
  await until(() => stream.rotation.content.value === B);
  expect(stream.attempts.map(({ source, engineId }) => [source, engineId])).toEqual([
    [A, 'e1'],
    [A, 'e1'],
    [A, 'e2'],
    [B, 'e2'],
  ]);
});

it('a running stream skips a source that another stream plays', async () => {
  await open({ engines: 2, slots: 2 });
  answer();
  const other = await stage.live(CONTENT_B);
  const { stream } = await stage.live(NEWS);
  const begun = stage.ace.sources.length;
  answer(A);
  stage.ace.sources[begun - 1]!.end();
  await until(() => stream.attempts.length >= 3);
  expect(stream.attempts.map(({ source }) => source)).not.toContain(B);
  expect(stream.rotation.content.value).toBe(A);
  expect(other.stream.isOver).toBe(false);
  expect(stage.ace.count('stop')).toBeLessThanOrEqual(1);
});

it('a channel joins the stream that already plays its first source, without another engine', async () => {
  await open();
  answer();
  const plain = await stage.live({ kind: 'content_id', value: A, fileIndex: 0 });
  const { stream, ready } = stage.join(NEWS);
  await ready;
  expect(stream).toBe(plain.stream);
  expect(stream.rotation.channelId).toBe('news');
  expect(stage.ace.count('start')).toBe(1);
});

it('a device that asks for a channel keeps the stream of its first source that it watches', async () => {
  await open();
  answer();
  const user = makeUser(1);
  const plain = await stage.live({ kind: 'content_id', value: A, fileIndex: 0 }, user);
  expect(stage.directory.hold(NEWS, makeViewer(undefined, user))).toBe(plain.stream);
  stage.join(NEWS, undefined, user);
  expect(plain.viewer.leaveReason).toBeNull();
});

it('the removal of a channel refuses new viewers, and its stream continues', async () => {
  await open();
  answer();
  const { stream } = await stage.live(NEWS);
  await stage.channels.remove('news');
  expect(() => stage.join(NEWS)).toThrow(expect.objectContaining({ code: 'content_not_found' }));
  expect(stream.isOver).toBe(false);
});

it('a stream that ends together with the answer of its engine is no longer found', async () => {
  await open();
  const infohash = '1'.repeat(40);
  const { stream, ready } = stage.join(NEWS);
  stage.ace.onStart = ({ number }) => {
    void stream.end('stopped');
    return engineSession(number, { infohash });
  };
  await expect(ready).rejects.toMatchObject({ code: 'not_found' });
  await stream.end('stopped');
  expect(stage.ace.count('start')).toBe(1);
  expect(stage.directory.lookup({ kind: 'infohash', value: infohash, fileIndex: 0 })).toBeNull();
  expect(stage.engines.inUse()).toBe(0);
});

// A granted slot passes through several promises within one turn of the event loop. Each step is a chance to lose it.
it.each(Array.from({ length: 12 }, (_, steps) => steps))(
  'a stream that ends %d steps after the grant of a second slot releases that slot',
  async (steps) => {
    await open({ engines: 2, slots: 1, env: { PROXY_INIT_TIMEOUT: '200ms' } });
    answer();
    const { stream } = stage.join(NEWS);
    await stage.source(1);
    const { scheduler } = stage.engines;
    const acquire = scheduler.acquire.bind(scheduler);
    jest.spyOn(scheduler, 'acquire').mockImplementation(async (request) => {
      const lease = await acquire(request);
      void (async () => {
        for (let i = 0; i < steps; i++) await Promise.resolve();
        await stream.end('stopped');
      })();
      return lease;
    });
    await until(() => stream.isOver);
    await stream.end('stopped');
    expect(stage.engines.inUse()).toBe(0);
  },
);
