import { Logger } from '@nestjs/common';
import { RecordingEvents } from '../../events/testing/recording-events.spec-support';
import type { ObservedEngine } from '../drivers/engine-runtime.port';
import { EngineRegistry } from '../registry/engine-registry';
import { anObservedEngine } from './scripted-runtime.spec-support';
import { ObservedEngines } from './observed-engines';

const YOUNG_MS = 60_000;

describe('ObservedEngines', () => {
  let observed: ObservedEngines;
  let registry: EngineRegistry;

  beforeEach(() => {
    jest.useFakeTimers();
    Logger.overrideLogger(false);
    registry = new EngineRegistry(new RecordingEvents());
    observed = new ObservedEngines({ engineStartTimeoutMs: YOUNG_MS }, registry);
  });
  afterEach(() => jest.useRealTimers());

  const list = (...ids: string[]) =>
    observed.endListing(
      observed.beginListing(),
      ids.map((id) => anObservedEngine({ id })),
    );
  const facts = () =>
    observed
      .list()
      .map(({ observed: { id }, missedListings, hasVanished }) => [
        id,
        missedListings,
        hasVanished,
      ]);

  it('knows nothing before the first successful listing', () => {
    observed.beginListing();
    observed.failListing();
    expect(observed.hasListed).toBe(false);
    list();
    expect(observed.hasListed).toBe(true);
  });

  it('counts the listings without an engine, and starts again when it is listed again', () => {
    list('a', 'b');
    list('a');
    list('a');
    expect(facts()).toEqual([
      ['a', 0, false],
      ['b', 2, false],
    ]);
    list('a', 'b');
    expect(facts()).toEqual([
      ['a', 0, false],
      ['b', 0, false],
    ]);
  });

  it('draws no conclusion from a failed listing', () => {
    list('a');
    observed.beginListing();
    observed.failListing();
    expect(facts()).toEqual([['a', 0, false]]);
  });

  it('believes what happened during a listing rather than the listing', () => {
    list('removed', 'vanished');
    const under = observed.beginListing();
    observed.add(anObservedEngine({ id: 'made' }));
    observed.drop('removed');
    observed.vanish('vanished');
    observed.vanish('never seen');
    const shown = ['removed', 'vanished', 'never seen'].map((id) => anObservedEngine({ id }));
    observed.endListing(under, shown);
    expect(facts()).toEqual([
      ['vanished', 0, true],
      ['made', 0, false],
    ]);
  });

  it('believes a later listing rather than an earlier report', () => {
    list('a');
    observed.vanish('a');
    list('a');
    expect(facts()).toEqual([['a', 0, false]]);
  });

  it('takes an id that is used again for a new engine', () => {
    list('a');
    const under = observed.beginListing();
    observed.drop('a');
    observed.add(anObservedEngine({ id: 'a', incarnation: 'second' }), true);
    observed.endListing(under, [anObservedEngine({ id: 'a' })]);
    expect(observed.get('a')).toMatchObject({
      isRequested: true,
      observed: { incarnation: 'second' },
    });
  });

  it('knows which processes are new: made by us, restarted, or found young', () => {
    const old = { createdAt: new Date(Date.now() - YOUNG_MS) };
    observed.endListing(observed.beginListing(), [
      anObservedEngine({ id: 'old', ...old }),
      anObservedEngine({ id: 'young' }),
    ]);
    observed.add(anObservedEngine({ id: 'ours', ...old }), true);
    const fresh = () => observed.list().map(({ isFresh, isRequested }) => [isFresh, isRequested]);
    expect(fresh()).toEqual([
      [false, false],
      [true, false],
      [true, true],
    ]);
    const since = observed.get('old')!.incarnationSince;
    jest.advanceTimersByTime(1000);
    observed.endListing(observed.beginListing(), [
      anObservedEngine({ id: 'old', ...old, incarnation: 'second' }),
      anObservedEngine({ id: 'young' }),
      anObservedEngine({ id: 'ours', ...old }),
    ]);
    expect(fresh()).toEqual([
      [true, false],
      [true, false],
      [true, true],
    ]);
    expect(observed.get('old')!.incarnationSince).toBe(since + 1000);
    expect(observed.get('young')!.incarnationSince).toBe(since);
  });

  describe('publishes to the registry', () => {
    /** Calls of the registry; budgets are in whole seconds. */
    let published: string[];

    beforeEach(() => {
      published = [];
      const { announce, lose, remove } = registry;
      registry.announce = (description, budgetMs, incarnation) => {
        const { id, endpoint, forwarded, vpn } = description;
        const seconds = Math.round((budgetMs ?? 0) / 1000);
        published.push(`announce ${id} ${endpoint.port} ${forwarded} ${vpn} ${seconds}`);
        announce.call(registry, description, budgetMs, incarnation);
      };
      registry.lose = (id, reason, isCutOff) => {
        published.push(`${isCutOff === true ? 'cut off' : 'lose'} ${id}: ${reason}`);
        lose.call(registry, id, reason, isCutOff);
      };
      registry.remove = (id, reason) => {
        if (registry.get(id) !== undefined) published.push(`remove ${id}: ${reason}`);
        remove.call(registry, id, reason);
      };
    });

    const publish = (...found: Partial<ObservedEngine>[]): string[] => {
      const listing = observed.beginListing();
      observed.endListing(listing, found.map(anObservedEngine));
      return observed.publish(() => false);
    };

    it('an engine once, and again when its process or its address has changed', () => {
      const moved = { incarnation: 'second', endpoint: { host: 'e1', port: 7000 } };
      publish({});
      publish({});
      publish({ incarnation: 'second' });
      publish(moved);
      publish({ ...moved, forwardedPort: 5 });
      expect(published).toEqual([
        'announce e1 6878 false null 60',
        'announce e1 6878 false null 60',
        'announce e1 7000 false null 60',
        'announce e1 7000 true null 60',
      ]);
    });

    it('no start time for a process that is older than a start, and the rest of it for a new one', () => {
      publish({ id: 'old', createdAt: new Date(Date.now() - YOUNG_MS) });
      observed.add(anObservedEngine({ id: 'new' }));
      jest.advanceTimersByTime(20_000);
      publish({ id: 'old' }, { id: 'new' });
      observed.add(anObservedEngine({ id: 'late' }));
      jest.advanceTimersByTime(100_000);
      publish({ id: 'old' }, { id: 'new' }, { id: 'late' });
      expect(published.map((line) => line.split(' ').at(-1))).toEqual(['0', '40', '0']);
    });

    it('nothing about an engine that is still being created', () => {
      const listing = observed.beginListing();
      observed.endListing(listing, [anObservedEngine()]);
      observed.publish((key) => key === 'key-of-e1');
      expect(published).toEqual([]);
      publish({});
      expect(published).toHaveLength(1);
    });

    it.each<Partial<ObservedEngine>>([
      { phase: 'ended', phaseDetail: 'why' },
      { phase: 'paused', phaseDetail: 'why' },
      { endpoint: null, incarnation: 'second', phaseDetail: 'why' },
    ])('once that it is lost when it is %j, and announces it when it is back', (over) => {
      const vpn = { vpn: 'gluetun', containerId: 'c', containerStartedAt: 't' };
      publish({ vpn });
      publish({ vpn, ...over });
      publish({ vpn, ...over });
      publish({ vpn });
      expect(published).toEqual([
        'announce e1 6878 false gluetun 60',
        'lose e1: why',
        'announce e1 6878 false gluetun 60',
      ]);
    });

    it('that a running process is cut off when it has lost its address', () => {
      publish({});
      publish({ endpoint: null });
      publish({ endpoint: null });
      publish({});
      expect(published).toEqual([
        'announce e1 6878 false null 60',
        'cut off e1: it has lost its address (running)',
        'announce e1 6878 false null 60',
      ]);
    });

    it('nothing about an engine that never had an address', () => {
      publish({ phase: 'created' });
      publish({ phase: 'ended' });
      observed.vanish('e1');
      expect(observed.publish(() => false)).toEqual(['e1']);
      expect(published).toEqual([]);
    });

    it('the removal of an engine that vanished, or was missing in two listings in a row', () => {
      publish({});
      expect(publish()).toEqual([]);
      expect(publish()).toEqual(['e1']);
      publish({});
      observed.vanish('e1');
      expect(observed.publish(() => false)).toEqual(['e1']);
      expect(published).toEqual([
        'announce e1 6878 false null 60',
        'remove e1: it was missing in 2 listings in a row',
        'announce e1 6878 false null 60',
        'remove e1: it was removed',
      ]);
      expect(observed.list()).toEqual([]);
    });
  });
});
