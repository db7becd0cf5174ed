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
  elsewhere = new Set<string>();
  readonly told: string[] = [];
  readonly rotation: SourceRotation;

  constructor(
    public sources: ChannelSource[] | null,
    asked = CHANNEL,
  ) {
    this.rotation = new SourceRotation(asked, {
      sourcesOf: () => this.sources,
      rank: (sources) => sources,
      isPlayedElsewhere: ({ value }) => this.elsewhere.has(value),
      started: ({ id }) => this.told.push(`started ${id}`),
      stalled: ({ id }) => this.told.push(`stalled ${id}`),
      failed: ({ id }, why) => this.told.push(`failed ${id} ${why}`),
    });
  }

  get now(): string {
    return this.rotation.content.value;
  }

  /** The source that follows, and the number of rounds; null when there is none. */
  next(isRunning: boolean, error: AppError | null = null): string | null {
    const rounds = this.rotation.next(isRunning, 'why', error);
    return rounds === null ? null : `${this.now} ${rounds}`;
  }
}

describe('a start', () => {
  it('tries each source once, in their order', () => {
    const stage = new Stage(listOf('a', 'b', 'c'));
    expect([stage.now, stage.rotation.left]).toEqual(['a', 3]);
    expect([stage.next(false, UNKNOWN), stage.rotation.left]).toEqual(['b 0', 2]);
    expect([stage.next(false, UNKNOWN), stage.rotation.left]).toEqual(['c 0', 1]);
    expect(stage.next(false, UNKNOWN)).toBeNull();
    expect(stage.told).toEqual(['failed a why', 'failed b why', 'failed c why']);
  });

  it.each([
    ['all unknown', [UNKNOWN, UNKNOWN], 'content_not_found', /any of the channel's 2 sources/],
    ['one silent', [UNKNOWN, SILENT], 'start_timeout', /silent/],
    ['the other silent', [SILENT, UNKNOWN], 'start_timeout', /silent/],
  ])('%s: what viewers are told', (_, errors, code, words) => {
    const { rotation } = new Stage(listOf('a', 'b'));
    for (const error of errors) rotation.next(false, 'why', error);
    expect(rotation.failure(errors.at(-1)!)).toMatchObject({
      code,
      detail: expect.stringMatching(words),
    });
  });

  it('of a content without a channel has one', () => {
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
    expect(stage.told).toEqual([]);
  });

  it('asks for the form that an engine knew, until the source is another one', () => {
    const stage = new Stage(listOf('a', 'b'));
    stage.rotation.engineKnows({ kind: 'infohash', value: 'a', fileIndex: 0 });
    expect(stage.rotation.request.kind).toBe('infohash');
    stage.next(false);
    expect(stage.rotation.request).toEqual({ kind: 'content_id', value: 'b', fileIndex: 0 });
  });
});

describe('a running stream', () => {
  it('goes round, counts the rounds, and begins anew when one flowed well', () => {
    const stage = new Stage(listOf('a', 'b', 'c'));
    const order = Array.from({ length: 6 }, () => stage.next(true));
    expect(order).toEqual(['b 0', 'c 0', 'a 1', 'b 1', 'c 1', 'a 2']);
    stage.rotation.recovered();
    expect(stage.next(true)).toBe('b 0');
  });

  it('leaves out what another stream plays, and stays when that is all', () => {
    const stage = new Stage(listOf('a', 'b', 'c'));
    stage.elsewhere.add('b');
    expect(stage.next(true)).toBe('c 0');
    stage.elsewhere = new Set(['a', 'b']);
    expect(stage.rotation.hasOthers).toBe(false);
    expect(stage.next(true)).toBeNull();
    expect(stage.now).toBe('c');
  });

  it('finds a list that was changed, and keeps the last one when the channel is gone', () => {
    const stage = new Stage(listOf('a', 'b'));
    stage.sources = listOf('c', 'd');
    expect(stage.next(true)).toBe('c 0');
    stage.sources = null;
    expect(stage.next(true)).toBe('d 0');
  });

  it.each([
    ['once', [false], false],
    ['twice, here again', [false, true], false],
    ['twice, on two engines', [false, false], true],
    ['thrice', [false, true, false], true],
  ])('has lost its source %s: spent is %s', (_, retriesHere, isSpent) => {
    const { rotation } = new Stage(listOf('a', 'b'));
    for (let i = 0; i < retriesHere.length; i++) rotation.tryFailed();
    expect(rotation.isSpent(retriesHere.at(-1)!)).toBe(isSpent);
  });

  it('tells how a source did: media of its own try only', () => {
    const { rotation, told } = new Stage(listOf('a', 'b'));
    rotation.trying();
    rotation.mediaCame(performance.now() - 1000);
    expect(told).toEqual([]);
    rotation.mediaCame(performance.now());
    rotation.mediaCame(performance.now());
    rotation.tryFailed();
    expect(told).toEqual(['started a', 'stalled a']);
    rotation.trying();
    rotation.tryFailed();
    expect(told).toHaveLength(2);
  });

  it('that is played by another stream is no fault of the source', () => {
    const stage = new Stage(listOf('a', 'b'));
    stage.next(true, new AppError('conflict', 'played elsewhere'));
    expect(stage.told).toEqual([]);
  });
});

describe('a stream that a channel joins', () => {
  it('is the channel’s from then on, unless it is another one’s', () => {
    const asked = { kind: 'content_id', value: 'a', fileIndex: 0 } as const;
    const plain = new Stage(listOf('a', 'b'), asked);
    plain.rotation.serve(new Stage(listOf('a', 'b')).rotation);
    expect(plain.rotation).toMatchObject({ channelId: 'news', subject: CHANNEL, content: asked });
    plain.rotation.serve(new Stage(listOf('z'), { ...CHANNEL, value: 'film' }).rotation);
    expect(plain.rotation.channelId).toBe('news');
    expect(plain.next(true)).toBe('b 0');
  });
});

it('no source is tried twice in a row, and none is forgotten for longer than a round', () => {
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
