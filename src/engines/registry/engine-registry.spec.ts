import 'reflect-metadata';
import { Logger } from '@nestjs/common';
import { RecordingEvents } from '../../events/testing/recording-events.spec-support';
import type { Engine } from './engine';
import { EngineRegistry, type RegistryChange } from './engine-registry';
import { aDescription, occupy } from '../testing/engine.spec-support';

describe('EngineRegistry', () => {
  let published: RecordingEvents['published'];
  let changes: string[];
  let registry: EngineRegistry;

  beforeEach(() => {
    Logger.overrideLogger(false);
    changes = [];
    const events = new RecordingEvents();
    published = events.published;
    registry = new EngineRegistry(events);
    registry.subscribe((change: RegistryChange) => changes.push(change.kind));
  });

  const theEngine = () => registry.get('sim-1')!;

  it('adds an engine in the state starting, and announces it', () => {
    registry.announce(aDescription());
    expect(registry.list()).toEqual([theEngine()]);
    expect(theEngine().state).toBe('starting');
    expect(published).toEqual([
      ['engine_added', { engine_id: 'sim-1', host: '127.0.0.1', port: 6878 }],
    ]);
    expect(changes).toEqual(['announced']);
  });

  it('publishes each change of state with its reason, and nothing without a change', () => {
    registry.announce(aDescription());
    registry.transition(theEngine(), 'healthy', 'probe answered');
    registry.transition(theEngine(), 'healthy', 'probe answered');
    expect(published.slice(1)).toEqual([
      [
        'engine_state_changed',
        { engine_id: 'sim-1', from: 'starting', to: 'healthy', reason: 'probe answered' },
      ],
    ]);
    expect(changes).toEqual(['announced', 'moved']);
  });

  it.each<[string, (engine: Engine) => void, string | null]>([
    ['is healthy again', (engine) => registry.transition(engine, 'healthy', 'answers'), null],
    ['is removed', ({ id }) => registry.remove(id, 'replaced'), 'unhealthy: silent'],
    ['is lost', ({ id }) => registry.lose(id, 'exited'), 'unhealthy: silent'],
  ])('asks streams to leave an unhealthy engine until it %s: %#', (_, act, reason) => {
    registry.announce(aDescription());
    const engine = theEngine();
    registry.transition(engine, 'unhealthy', 'silent');
    expect(engine.drainRequested.reason).toBe('unhealthy: silent');
    act(engine);
    expect(engine.drainRequested.reason).toBe(reason);
    if (engine.state === 'starting') registry.transition(engine, 'healthy', 'answers');
    if (engine.state === 'healthy') expect(engine.drainRequested.reason).toBeNull();
  });

  it('refuses a transition that is not in the state table', () => {
    registry.announce(aDescription());
    expect(() => registry.transition(theEngine(), 'suspect', 'x')).toThrow(
      'engine sim-1 cannot go from starting to suspect',
    );
  });

  it('keeps id, slots and object of an engine that restarts at another address', () => {
    registry.announce(aDescription());
    const engine = theEngine();
    registry.transition(engine, 'healthy', 'probe answered');
    engine.recordAnswer({ version: '3.2.3', networkConnected: false });
    occupy(registry, engine, 'stream-1');
    registry.lose('sim-1', 'process killed by SIGKILL');
    expect(engine.state).toBe('starting');
    expect(engine.networkConnected).toBeNull();
    registry.announce(aDescription('sim-1', { endpoint: { host: '127.0.0.1', port: 7000 } }));
    expect(theEngine()).toBe(engine);
    expect(engine.endpoint.port).toBe(7000);
    expect(engine.streamIds).toEqual(['stream-1']);
    expect(published.at(-1)).toEqual([
      'engine_state_changed',
      {
        engine_id: 'sim-1',
        from: 'healthy',
        to: 'starting',
        reason: 'process killed by SIGKILL',
      },
    ]);
    expect(changes).toEqual(['announced', 'moved', 'occupied', 'moved', 'lost', 'announced']);
  });

  it('keeps draining across a restart, until an operator ends the drain', () => {
    registry.announce(aDescription());
    registry.drain(theEngine(), 'maintenance');
    registry.lose('sim-1', 'process exited with code 1');
    registry.announce(aDescription());
    expect([theEngine().state, theEngine().drainDetail]).toEqual(['draining', 'maintenance']);
    registry.drain(theEngine(), 'other reason');
    expect(theEngine().drainDetail).toBe('other reason');
    registry.undrain(theEngine());
    registry.undrain(theEngine());
    expect([theEngine().state, theEngine().drainReason]).toEqual(['starting', null]);
  });

  it('removes an engine for good, and still accepts the release of its slots', () => {
    registry.announce(aDescription());
    const engine = theEngine();
    const slot = occupy(registry, engine, 'stream-1');
    registry.remove('sim-1', 'container removed');
    registry.remove('sim-1', 'container removed');
    expect(registry.get('sim-1')).toBeUndefined();
    expect(engine.state).toBe('gone');
    expect(published.slice(-2).map(([type]) => type)).toEqual([
      'engine_state_changed',
      'engine_removed',
    ]);
    expect(slot.revocation?.code).toBe('engine_withdrawn');
    const count = changes.length;
    registry.vacate('sim-1', slot);
    expect(changes).toHaveLength(count);
  });

  it('revokes the slots of an engine that is cut off, but not of one whose process ended', () => {
    registry.announce(aDescription());
    const slot = occupy(registry, theEngine(), 'a');
    registry.lose('sim-1', 'exited');
    expect(slot.isRevoked).toBe(false);
    registry.announce(aDescription());
    registry.lose('sim-1', 'no address', true);
    expect(slot.revocation?.message).toBe('no address');
    expect(theEngine().state).toBe('starting');
  });

  it('revokes the slots of an engine that is removed, with the reason, and no others', () => {
    registry.announce(aDescription());
    registry.announce(aDescription('sim-2'));
    const slots = ['a', 'b'].map((id) => occupy(registry, theEngine(), id));
    const elsewhere = occupy(registry, registry.get('sim-2')!, 'c');
    registry.evict(theEngine(), 'VPN down');
    expect(slots.map(({ revocation }) => revocation?.message)).toEqual(['VPN down', 'VPN down']);
    expect(theEngine().leases.size).toBe(2);
    registry.remove('sim-2', 'container removed');
    expect(elsewhere.revocation?.message).toBe('container removed');
    const late = occupy(registry, theEngine(), 'd');
    expect(late.isRevoked).toBe(false);
  });

  it("never changes an operator's drain", () => {
    registry.announce(aDescription());
    registry.drain(theEngine(), 'too many', 'fleet', 'surplus');
    expect(theEngine()).toMatchObject({
      drainedBy: 'fleet',
      drainReason: 'surplus',
      drainDetail: 'too many',
    });
    registry.drain(theEngine(), 'maintenance');
    registry.drain(theEngine(), 'too many', 'fleet', 'surplus');
    expect(theEngine()).toMatchObject({
      drainedBy: 'operator',
      drainReason: 'operator',
      drainDetail: 'maintenance',
    });
    registry.undrain(theEngine());
    expect(theEngine().drainedBy).toBeNull();
  });

  it('ignores reports about an engine that was never announced', () => {
    registry.lose('sim-9', 'x');
    registry.remove('sim-9', 'x');
    expect(changes).toEqual([]);
  });

  it('derives the streams of an engine from its slots, and releases each slot once', () => {
    registry.announce(aDescription());
    const engine = theEngine();
    expect(engine.lastStreamUsage).toBeNull();
    const first = occupy(registry, engine, 'a');
    const second = occupy(registry, engine, 'b');
    expect(engine.streamIds).toEqual(['a', 'b']);
    registry.vacate(engine.id, first);
    registry.vacate(engine.id, first);
    expect(engine.streamIds).toEqual(['b']);
    expect(changes.filter((kind) => kind === 'vacated')).toHaveLength(1);
    expect(changes.filter((kind) => kind === 'occupied')).toHaveLength(2);
    expect(engine.starts).toBe(2);
    registry.vacate(engine.id, second);
    expect(engine.lastStreamUsage).toBeInstanceOf(Date);
  });
});
