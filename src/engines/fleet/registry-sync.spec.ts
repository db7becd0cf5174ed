import type { ObservedEngine } from '../drivers/engine-runtime.port';
import { monotonicMs } from '../../kernel/clock';
import { RegistrySync } from './registry-sync';
import { anObservedEngine } from './scripted-runtime.spec-support';
import type { SeenRecord } from './seen-engines';

describe('RegistrySync', () => {
  /** Budgets in whole seconds: the clock goes on while the test runs. */
  let told: string[];
  let sync: RegistrySync;

  beforeEach(() => {
    told = [];
    sync = new RegistrySync(
      {
        announce: ({ id, endpoint: { host, port }, forwarded, vpn }, budgetMs) =>
          told.push(
            `announce ${id} ${host}:${port} ${forwarded} ${vpn} ${Math.round(budgetMs! / 1000)}`,
          ),
        lose: (id, reason, isCutOff) =>
          told.push(`${isCutOff === true ? 'cut off' : 'lose'} ${id}: ${reason}`),
        remove: (id, reason) => told.push(`remove ${id}: ${reason}`),
      },
      10_000,
    );
  });

  const apply = (over: Partial<ObservedEngine>, about: Partial<SeenRecord> = {}): string[] =>
    sync.apply([
      {
        seen: anObservedEngine(over),
        incarnationSince: monotonicMs(),
        isAskedFor: false,
        isFresh: true,
        hadAddress: true,
        pausedSince: null,
        missedLooks: 0,
        hasVanished: false,
        ...about,
      },
    ]);

  it('announces an engine once, and again when its process or its address is another', () => {
    apply({});
    apply({});
    apply({ incarnation: 'second' });
    apply({ incarnation: 'second', endpoint: { host: 'e1', port: 7000 } });
    apply({ incarnation: 'second', endpoint: { host: 'e1', port: 7000 }, forwardedPort: 5 });
    expect(told).toEqual([
      'announce e1 e1:6878 false null 10',
      'announce e1 e1:6878 false null 10',
      'announce e1 e1:7000 false null 10',
      'announce e1 e1:7000 true null 10',
    ]);
  });

  it('gives a process that was there before us no time to start, and a new one what is left of it', () => {
    apply({ id: 'old' }, { isFresh: false });
    apply({ id: 'new' }, { incarnationSince: monotonicMs() - 4000 });
    apply({ id: 'late' }, { incarnationSince: monotonicMs() - 40_000 });
    expect(told.map((line) => line.split(' ').at(-1))).toEqual(['0', '6', '0']);
  });

  it.each<Partial<ObservedEngine>>([
    { phase: 'ended', phaseDetail: 'why' },
    { phase: 'paused', phaseDetail: 'why' },
    { endpoint: null, incarnation: 'second', phaseDetail: 'why' },
  ])('tells that it is lost when it is %j, once, and announces it when it is back', (over) => {
    const vpn = { vpn: 'gluetun', containerId: 'c', containerStartedAt: 't' };
    apply({ vpn });
    apply({ vpn, ...over });
    apply({ vpn, ...over });
    apply({ vpn });
    expect(told).toEqual([
      'announce e1 e1:6878 false gluetun 10',
      'lose e1: why',
      'announce e1 e1:6878 false gluetun 10',
    ]);
  });

  it('tells that a process which runs on is cut off, when its address is gone', () => {
    apply({});
    apply({ endpoint: null });
    apply({ endpoint: null });
    apply({});
    expect(told).toEqual([
      'announce e1 e1:6878 false null 10',
      'cut off e1: it has no address any more (running)',
      'announce e1 e1:6878 false null 10',
    ]);
  });

  it('says nothing about one that never could be reached', () => {
    apply({ phase: 'created' });
    apply({ phase: 'ended' });
    expect(apply({}, { hasVanished: true })).toEqual(['e1']);
    expect(told).toEqual([]);
  });

  it('removes what has vanished, or what two looks in a row did not show', () => {
    apply({});
    expect(apply({}, { missedLooks: 1 })).toEqual([]);
    expect(told).toHaveLength(1);
    expect(apply({}, { missedLooks: 2 })).toEqual(['e1']);
    apply({});
    expect(apply({}, { hasVanished: true })).toEqual(['e1']);
    expect(told.slice(1)).toEqual([
      'remove e1: it was missing in 2 listings in a row',
      'announce e1 e1:6878 false null 10',
      'remove e1: it was removed',
    ]);
  });

  it('removes one that we have removed, once', () => {
    apply({});
    sync.remove('e1', 'too many');
    sync.remove('e1', 'too many');
    expect(told.slice(1)).toEqual(['remove e1: too many']);
  });
});
