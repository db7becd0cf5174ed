import fc from 'fast-check';
import type { ChannelSource } from '../../../channels';
import type { ContentSelector } from '../../../kernel/content-selector';
import { AppError } from '../../../kernel/errors';
import { SourceRotation } from './source-rotation';

const CHANNEL: ContentSelector = { kind: 'channel', value: 'news', fileIndex: 0 };
const UNKNOWN = new AppError('content_not_found', 'unknown');
const SILENT = new AppError('start_timeout', 'silent');

const listOf = (...ids: string[]): ChannelSource[] =>
  ids.map((id) => ({ kind: 'content_id', id, label: null }));

class Stage {
  playedElsewhere = new Set<string>();
  isAnyEngineConnected = true;
  readonly results: string[] = [];
  /** The sources whose content was at fault. */
  readonly dead: string[] = [];
  readonly rotation: SourceRotation;

  constructor(
    public sources: ChannelSource[] | null,
    asked = CHANNEL,
  ) {
    this.rotation = new SourceRotation(asked, {
      sourcesOf: () => this.sources,
      rank: (sources) => sources,
      isPlayedElsewhere: ({ value }) => this.playedElsewhere.has(value),
      isAnyEngineConnected: () => this.isAnyEngineConnected,
      started: ({ id }) => this.results.push(`started ${id}`),
      stalled: ({ id }) => this.results.push(`stalled ${id}`),
      failed: ({ id }, why, isOfContent) => {
        this.results.push(`failed ${id} ${why}`);
        if (isOfContent) this.dead.push(id);
      },
    });
  }

  get now(): string {
    return this.rotation.content.value;
  }

  /** Takes the next source and returns it with the number of completed rounds; null when there is none. */
  next(isRunning: boolean, error: AppError | null = null): string | null {
    const rounds = this.rotation.next(isRunning, 'why', error);
    return rounds === null ? null : `${this.now} ${rounds}`;
  }
}

describe('the rotation at a start', () => {
  it('tries each source once, in order', () => {
    const stage = new Stage(listOf('a', 'b', 'c'));
    expect([stage.now, stage.rotation.left]).toEqual(['a', 3]);
    expect([stage.next(false, UNKNOWN), stage.rotation.left]).toEqual(['b 0', 2]);
    expect([stage.next(false, UNKNOWN), stage.rotation.left]).toEqual(['c 0', 1]);
    expect(stage.next(false, UNKNOWN)).toBeNull();
    expect(stage.results).toEqual(['failed a why', 'failed b why', 'failed c why']);
  });

  it.each([
    [
      'every source is unknown',
      [UNKNOWN, UNKNOWN],
      'content_not_found',
      /any of the channel's 2 sources/,
    ],
    ['the second source is silent', [UNKNOWN, SILENT], 'start_timeout', /silent/],
    ['the first source is silent', [SILENT, UNKNOWN], 'start_timeout', /silent/],
  ])('decides the error for viewers when %s', (_, errors, code, detail) => {
    const { rotation } = new Stage(listOf('a', 'b'));
    for (const error of errors) rotation.next(false, 'why', error);
    expect(rotation.failure(errors.at(-1)!)).toMatchObject({
      code,
      detail: expect.stringMatching(detail),
    });
  });

  it('has only the requested content without a channel', () => {
    const asked = { kind: 'infohash', value: 'x', fileIndex: 2 } as const;
    const stage = new Stage(null, asked);
    expect(stage.rotation).toMatchObject({
      content: asked,
      channelId: null,
      left: 1,
      hasOthers: false,
    });
    expect(stage.next(false, UNKNOWN)).toBeNull();
    expect(stage.rotation.failure(UNKNOWN)).toBe(UNKNOWN);
    expect(stage.results).toEqual([]);
  });

  it('requests the kind of id that an engine knew, until the source changes', () => {
    const stage = new Stage(listOf('a', 'b'));
    stage.rotation.engineKnows({ kind: 'infohash', value: 'a', fileIndex: 0 });
    expect(stage.rotation.request.kind).toBe('infohash');
    stage.next(false);
    expect(stage.rotation.request).toEqual({ kind: 'content_id', value: 'b', fileIndex: 0 });
  });
});

describe('the rotation of a running stream', () => {
  it('repeats the list, counts the rounds, and resets the count when a source recovers', () => {
    const stage = new Stage(listOf('a', 'b', 'c'));
    const order = Array.from({ length: 6 }, () => stage.next(true));
    expect(order).toEqual(['b 0', 'c 0', 'a 1', 'b 1', 'c 1', 'a 2']);
    stage.rotation.recovered();
    expect(stage.next(true)).toBe('b 0');
  });

  it('skips sources that other streams play, and stays when there are no others', () => {
    const stage = new Stage(listOf('a', 'b', 'c'));
    stage.playedElsewhere.add('b');
    expect(stage.next(true)).toBe('c 0');
    stage.playedElsewhere = new Set(['a', 'b']);
    expect(stage.rotation.hasOthers).toBe(false);
    expect(stage.next(true)).toBeNull();
    expect(stage.now).toBe('c');
  });

  it('uses a changed list, and keeps the last list when the channel is removed', () => {
    const stage = new Stage(listOf('a', 'b'));
    stage.sources = listOf('c', 'd');
    expect(stage.next(true)).toBe('c 0');
    stage.sources = null;
    expect(stage.next(true)).toBe('d 0');
  });

  it.each([
    ['once', [false], false],
    ['twice, the second time on a retry', [false, true], false],
    ['twice, on two engines', [false, false], true],
    ['thrice', [false, true, false], true],
  ])('after a source failed %s, reports it as spent: %s', (_, retriesHere, isSpent) => {
    const { rotation } = new Stage(listOf('a', 'b'));
    for (let i = 0; i < retriesHere.length; i++) rotation.tryFailed();
    expect(rotation.isSpent(retriesHere.at(-1)!)).toBe(isSpent);
  });

  it('records results of a source only from media of its own attempt', () => {
    const { rotation, results } = new Stage(listOf('a', 'b'));
    rotation.trying();
    rotation.mediaCame(performance.now() - 1000);
    expect(results).toEqual([]);
    rotation.mediaCame(performance.now());
    rotation.mediaCame(performance.now());
    rotation.tryFailed();
    expect(results).toEqual(['started a', 'stalled a']);
    rotation.trying();
    rotation.tryFailed();
    expect(results).toHaveLength(2);
  });

  it.each([
    ['an engine without a network answered', true, false, false],
    ['no engine answered', false, true, false],
    ['an engine answered', true, true, true],
  ])('after silence when %s, blames the right side', (_, answered, connected, isDead) => {
    const stage = new Stage(listOf('a', 'b'));
    stage.isAnyEngineConnected = connected;
    if (answered) stage.rotation.engineKnows(stage.rotation.content);
    stage.next(false, SILENT);
    expect(stage.dead).toEqual(isDead ? ['a'] : []);
    // The answer for the first source says nothing about the second one.
    stage.next(true, SILENT);
    expect(stage.dead).not.toContain('b');
  });

  it('records no failure of a source that another stream plays', () => {
    const stage = new Stage(listOf('a', 'b'));
    stage.next(true, new AppError('conflict', 'played elsewhere'));
    expect(stage.results).toEqual([]);
  });
});

describe('the rotation of a stream that a channel joins', () => {
  it('becomes that of the channel, unless it belongs to another channel', () => {
    const asked = { kind: 'content_id', value: 'a', fileIndex: 0 } as const;
    const plain = new Stage(listOf('a', 'b'), asked);
    plain.rotation.takeOverChannel(new Stage(listOf('a', 'b')).rotation);
    expect(plain.rotation).toMatchObject({ channelId: 'news', subject: CHANNEL, content: asked });
    plain.rotation.takeOverChannel(new Stage(listOf('z'), { ...CHANNEL, value: 'film' }).rotation);
    expect(plain.rotation.channelId).toBe('news');
    expect(plain.next(true)).toBe('b 0');
  });
});

it('a rotation never repeats a source in a row and tries every source within two rounds', () => {
  const ids = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g'), { minLength: 2 });
  fc.assert(
    fc.property(ids, (list) => {
      const stage = new Stage(listOf(...list));
      const seen = [stage.now];
      for (let i = 0; i < list.length * 3; i++) {
        expect(stage.next(true)).not.toBeNull();
        expect(stage.now).not.toBe(seen.at(-1));
        seen.push(stage.now);
      }
      for (let at = 0; at + list.length * 2 <= seen.length; at++) {
        expect(new Set(seen.slice(at, at + list.length * 2)).size).toBe(list.length);
      }
    }),
  );
});
