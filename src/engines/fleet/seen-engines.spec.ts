import { anObservedEngine } from './scripted-runtime.spec-support';
import { SeenEngines } from './seen-engines';

const YOUNG_MS = 60_000;

describe('SeenEngines', () => {
  let seen: SeenEngines;

  beforeEach(() => {
    jest.useFakeTimers();
    seen = new SeenEngines(YOUNG_MS);
  });
  afterEach(() => jest.useRealTimers());

  const look = (...ids: string[]) =>
    seen.endLook(
      seen.beginLook(),
      ids.map((id) => anObservedEngine({ id })),
    );
  const facts = () =>
    seen.list().map(({ seen: { id }, missedLooks, hasVanished }) => [id, missedLooks, hasVanished]);

  it('knows nothing before the first look that succeeded', () => {
    seen.beginLook();
    seen.failLook();
    expect(seen.hasLooked).toBe(false);
    look();
    expect(seen.hasLooked).toBe(true);
  });

  it('counts the looks without an engine, and starts anew when it is shown again', () => {
    look('a', 'b');
    look('a');
    look('a');
    expect(facts()).toEqual([
      ['a', 0, false],
      ['b', 2, false],
    ]);
    look('a', 'b');
    expect(facts()).toEqual([
      ['a', 0, false],
      ['b', 0, false],
    ]);
  });

  it('draws no conclusion from a look that failed', () => {
    look('a');
    seen.beginLook();
    seen.failLook();
    expect(facts()).toEqual([['a', 0, false]]);
  });

  it('believes what happened during a look rather than the look', () => {
    look('removed', 'vanished');
    const under = seen.beginLook();
    seen.add(anObservedEngine({ id: 'made' }));
    seen.drop('removed');
    seen.vanish('vanished');
    seen.vanish('never seen');
    const shown = ['removed', 'vanished', 'never seen'].map((id) => anObservedEngine({ id }));
    seen.endLook(under, shown);
    expect(facts()).toEqual([
      ['vanished', 0, true],
      ['made', 0, false],
    ]);
  });

  it('believes a later look rather than an earlier word', () => {
    look('a');
    seen.vanish('a');
    look('a');
    expect(facts()).toEqual([['a', 0, false]]);
  });

  it('takes an id that is used again for a new engine', () => {
    look('a');
    const under = seen.beginLook();
    seen.drop('a');
    seen.add(anObservedEngine({ id: 'a', incarnation: 'second' }), true);
    seen.endLook(under, [anObservedEngine({ id: 'a' })]);
    expect(seen.get('a')).toMatchObject({ isAskedFor: true, seen: { incarnation: 'second' } });
  });

  it('knows which processes are new: made by us, restarted, or found young', () => {
    const old = { createdAt: new Date(Date.now() - YOUNG_MS) };
    seen.endLook(seen.beginLook(), [
      anObservedEngine({ id: 'old', ...old }),
      anObservedEngine({ id: 'young' }),
    ]);
    seen.add(anObservedEngine({ id: 'ours', ...old }), true);
    const fresh = () => seen.list().map(({ isFresh, isAskedFor }) => [isFresh, isAskedFor]);
    expect(fresh()).toEqual([
      [false, false],
      [true, false],
      [true, true],
    ]);
    const since = seen.get('old')!.incarnationSince;
    jest.advanceTimersByTime(1000);
    seen.endLook(seen.beginLook(), [
      anObservedEngine({ id: 'old', ...old, incarnation: 'second' }),
      anObservedEngine({ id: 'young' }),
      anObservedEngine({ id: 'ours', ...old }),
    ]);
    expect(fresh()).toEqual([
      [true, false],
      [true, false],
      [true, true],
    ]);
    expect(seen.get('old')!.incarnationSince).toBe(since + 1000);
    expect(seen.get('young')!.incarnationSince).toBe(since);
  });
});
