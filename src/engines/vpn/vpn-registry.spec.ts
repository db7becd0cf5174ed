import { Logger } from '@nestjs/common';
import { aDescription } from '../testing/engine.spec-support';
import { loadConfig } from '../../config';
import { EventBus, type RecordedEvent } from '../../events';
import { Engine } from '../registry/engine';
import { FactCache } from '../selection/cached-facts';
import { vpnOf, type VpnGiven } from './placement.spec-support';
import { VpnFacts } from './vpn-facts';
import { VpnPlacement } from './vpn-placement';
import { VpnRegistry } from './vpn-registry';

describe('VpnRegistry', () => {
  let lines: string[];
  let events: [string, unknown][];
  let bus: EventBus;
  let vpns: VpnRegistry;

  beforeEach(() => {
    lines = [];
    events = [];
    const write = (level: string) => (line: string) => lines.push(`${level} ${line}`);
    Logger.overrideLogger({
      log: write('log'),
      warn: write('warn'),
      error: write('error'),
    });
    bus = new EventBus();
    bus.subscribe(({ type, payload }: RecordedEvent) => events.push([type, payload]));
    vpns = new VpnRegistry(
      loadConfig({
        ENGINE_DRIVER: 'docker',
        VPN_CONTAINERS: 'b,a=19500-19999',
        PORT_RANGE_HOST: '21000-21999',
      }),
      bus,
    );
  });

  afterEach(() => Logger.overrideLogger(['error', 'warn', 'log']));

  const record = (name: string, given: VpnGiven & { readonly controlFault?: string } = {}): void =>
    vpns.record(name, { ...vpnOf(name, given), controlFault: given.controlFault ?? null });
  const published = (): [string, unknown][] => {
    bus.onApplicationShutdown();
    return events;
  };

  it('has the VPNs of the settings in their order, unknown, each with its ports', () => {
    expect(vpns.list().map(({ name, ports, health }) => [name, ports.from, health.state])).toEqual([
      ['b', 21_000, 'unknown'],
      ['a', 19_500, 'unknown'],
    ]);
    record('a');
    expect(vpns.list().map(({ name }) => name)).toEqual(['b', 'a']);
    expect(vpns.get('a')!.ports.from).toBe(19_500);
  });

  it('logs and publishes each change once', () => {
    for (let again = 0; again < 3; again += 1) record('a', { port: 5914 });
    for (let again = 0; again < 3; again += 1) record('a', { state: 'down' });
    record('a', { state: 'recovering' });
    expect(lines).toEqual([
      'log vpn a: unknown -> up (it is up)',
      'log vpn a: forwarded port none -> 5914',
      'warn vpn a: up -> down (it is down)',
      'log vpn a: forwarded port 5914 -> none',
      'log vpn a: down -> recovering (it is recovering)',
    ]);
    expect(published()).toEqual([
      ['vpn_state_changed', { vpn: 'a', from: 'unknown', to: 'up', reason: 'it is up' }],
      ['vpn_port_changed', { vpn: 'a', from: null, to: 5914 }],
      ['vpn_state_changed', { vpn: 'a', from: 'up', to: 'down', reason: 'it is down' }],
      ['vpn_port_changed', { vpn: 'a', from: 5914, to: null }],
      [
        'vpn_state_changed',
        { vpn: 'a', from: 'down', to: 'recovering', reason: 'it is recovering' },
      ],
    ]);
  });

  it('warns of a control server once for each fault', () => {
    record('a', { controlFault: 'it requires a key' });
    record('a', { controlFault: 'it requires a key' });
    record('a');
    expect(lines.filter((line) => line.startsWith('warn'))).toEqual([
      'warn vpn a: it requires a key',
    ]);
  });

  it.each<[string, VpnGiven, VpnGiven, boolean]>([
    ['the same again', {}, {}, false],
    ['another state', {}, { state: 'down' }, true],
    ['a doubt', {}, { isDoubted: true }, true],
    ['another port', {}, { port: 5914 }, true],
    ['another start', {}, { startedAt: 't2' }, true],
    ['another container', {}, { id: 'other' }, true],
    ['no container', {}, { container: 'absent' }, true],
    ['another health word of Docker alone', {}, { container: { health: 'none' } }, false],
  ])('tells who depends on it of %s: %s %s', (_, before, after, isTold) => {
    record('a', before);
    const listener = jest.fn();
    const end = new VpnPlacement(vpns, true).subscribe(listener);
    record('a', after);
    expect(listener).toHaveBeenCalledTimes(isTold ? 1 : 0);
    end();
    record('a', { state: 'down', port: 1 });
    expect(listener).toHaveBeenCalledTimes(isTold ? 1 : 0);
  });

  describe('facts for selection', () => {
    const engineBehind = (vpn: string | null): Engine => new Engine(aDescription('e', { vpn }));

    it.each<[VpnGiven['state'], boolean | null]>([
      ['unknown', null],
      ['up', true],
      ['recovering', true],
      ['down', false],
    ])('of an engine whose VPN is %s: %s', (state, vpnHealthy) => {
      record('a', { state });
      expect(new VpnFacts(vpns).read(engineBehind('a'))).toEqual({
        vpnHealthy,
        networkConnected: null,
      });
    });

    it('of an engine behind no VPN, or without viewers', () => {
      const facts = new VpnFacts(vpns);
      expect(facts.read(engineBehind(null)).vpnHealthy).toBe(false);
      expect(facts.read(engineBehind('other')).vpnHealthy).toBeNull();
    });

    it('are current at once when a VPN goes down', () => {
      const cache = new FactCache(new VpnFacts(vpns));
      const engine = engineBehind('a');
      record('a');
      expect(cache.of(engine).vpnHealthy).toBe(true);
      record('a', { state: 'down' });
      expect(cache.of(engine).vpnHealthy).toBe(false);
    });
  });

  it('places engines from memory, and completes a relocation that has begun', () => {
    const placement = new VpnPlacement(vpns, true);
    expect(placement.next([])).toMatchObject({ kind: 'blocked' });
    record('a');
    record('b');
    const slot = { vpn: 'a', containerId: 'a-box', containerStartedAt: 't1' };
    const engine = (id: string, vpn = slot) => ({ id, vpn, forwardedPort: null, streams: 0 });
    const two = [engine('1'), engine('2')];
    const successor = engine('3', { ...slot, vpn: 'b', containerId: 'b-box' });
    expect([...placement.objections(two).keys()]).toEqual(['1']);
    expect(placement.next(two)).toMatchObject({ kind: 'allowed', vpnSlot: { vpn: 'b' } });
    expect([...placement.objections([...two, successor]).keys()]).toEqual(['1']);
    expect([...placement.objections([two[1]!, successor]).keys()]).toEqual([]);
  });

  it('ignores forwarded ports when engines cannot be given one', () => {
    record('a', { port: 5914 });
    record('b', { state: 'down' });
    const slot = { vpn: 'a', containerId: 'a-box', containerStartedAt: 't1' };
    const present = [{ id: '1', vpn: slot, forwardedPort: null, streams: 0 }];
    const [with5914, without] = [true, false].map((listens) => new VpnPlacement(vpns, listens));
    expect(with5914!.next([])).toMatchObject({ vpnSlot: { forwardedPort: 5914 } });
    expect(with5914!.objections(present).size).toBe(1);
    expect(without!.next([])).toMatchObject({ vpnSlot: { forwardedPort: null } });
    expect(without!.objections(present).size).toBe(0);
  });
});
