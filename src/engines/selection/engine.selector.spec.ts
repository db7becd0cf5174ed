import 'reflect-metadata';
import { Logger } from '@nestjs/common';
import { type EventBus } from '../../events';
import { EngineRegistry } from '../registry/engine-registry';
import { aDescription, WEIGHTS } from '../engine.spec-support';
import type { EnginesConfig } from '../engines.config';
import { EngineSelector } from './engine.selector';
import { ProbedFacts, SlowFactCache } from './slow-facts';

const NONE = new Set<string>();

describe('EngineSelector', () => {
  const config = {
    maxStreamsPerEngine: 2,
    ...WEIGHTS,
  } as EnginesConfig;
  let registry: EngineRegistry;
  let selector: EngineSelector;

  beforeEach(() => {
    Logger.overrideLogger(false);
    registry = new EngineRegistry({ publish: () => undefined } as unknown as EventBus);
    selector = new EngineSelector(config, registry, new SlowFactCache(new ProbedFacts()));
  });

  function add(id: string, forwarded = false): void {
    registry.announce(aDescription(id, { forwarded }));
    registry.transition(registry.get(id)!, 'healthy', 'test');
  }

  const choose = (streamId: string, excluded: ReadonlySet<string> = NONE) =>
    selector.choose({ streamId, excluded });

  it('reserves with the choice: slots are spread, then taken, never given twice', () => {
    add('a');
    add('b');
    const leases = ['s1', 's2', 's3', 's4'].map((id) => choose(id)!);
    expect(leases.map(({ engine }) => engine.id)).toEqual(['a', 'b', 'a', 'b']);
    expect(choose('s5')).toBeNull();
    leases[1]!.release();
    expect(choose('s5')!.engine.id).toBe('b');
    expect(choose('s6')).toBeNull();
  });

  it('gives equal engines by turns', () => {
    add('a');
    add('b');
    const ids = ['s1', 's2', 's3'].map((id) => {
      const lease = choose(id)!;
      lease.release();
      return lease.engine.id;
    });
    expect(ids).toEqual(['a', 'b', 'a']);
  });

  it('does not choose what the request excludes', () => {
    add('a', true);
    add('b');
    expect(choose('s1', new Set(['a']))!.engine.id).toBe('b');
    expect(choose('s2', new Set(['a', 'b']))).toBeNull();
  });

  it('explains without reserving', () => {
    add('a');
    add('b', true);
    registry.drain(registry.get('a')!, 'maintenance');
    choose('s1');
    const { assessments, chosen } = selector.explain();
    expect(chosen).toBe('b');
    expect(
      assessments.map(({ candidate, filters, total }) => [candidate.id, filters, total]),
    ).toEqual([
      ['b', [], 990],
      ['a', ['draining'], 0],
    ]);
    expect(registry.get('b')!.leases.size).toBe(1);
  });

  it('reads slow facts once in two seconds', () => {
    jest.useFakeTimers();
    try {
      add('a');
      const engine = registry.get('a')!;
      const source = new ProbedFacts();
      const read = jest.spyOn(source, 'read');
      const cache = new SlowFactCache(source);
      engine.networkConnected = true;
      expect(cache.of(engine).networkConnected).toBe(true);
      engine.networkConnected = false;
      jest.advanceTimersByTime(1999);
      expect(cache.of(engine).networkConnected).toBe(true);
      jest.advanceTimersByTime(1);
      expect(cache.of(engine).networkConnected).toBe(false);
      expect(read).toHaveBeenCalledTimes(2);
    } finally {
      jest.useRealTimers();
    }
  });
});
