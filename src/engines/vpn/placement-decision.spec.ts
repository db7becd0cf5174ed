import fc from 'fast-check';
import type { PlacedEngine } from './engine-placement.port';
import type { Relocation } from './engine-relocation';
import { assessPlacement, nextPlacement } from './placement-decision';
import { placed, vpnOf } from './placement.spec-support';
import type { Vpn } from './vpn';
import type { VpnState } from './vpn-health';

const slotFor = (
  vpns: Vpn[],
  present: PlacedEngine[] = [],
  relocation: Relocation | null = null,
) => {
  const placement = nextPlacement(vpns, present, relocation);
  return placement.kind === 'allowed' ? placement.vpnSlot : null;
};

const objectionsTo = (vpns: Vpn[], present: PlacedEngine[], last: Relocation | null = null) =>
  Object.fromEntries(
    [...assessPlacement(vpns, present, last).objections].map(([id, { kind }]) => [id, kind]),
  );

describe('the place of the next engine', () => {
  it('has everything that a VPN slot needs', () => {
    expect(nextPlacement([vpnOf('a', { port: 5914 })], [], null)).toEqual({
      kind: 'allowed',
      vpnSlot: {
        vpn: 'a',
        containerId: 'a-box',
        containerStartedAt: 't1',
        host: 'a.lan',
        ports: { from: 19_000, to: 19_499 },
        forwardedPort: 5914,
      },
    });
  });

  it.each<[string, Vpn[], PlacedEngine[], string | null]>([
    ['the first of equals', [vpnOf('a'), vpnOf('b')], [], 'a'],
    ['the one with fewer engines', [vpnOf('a'), vpnOf('b')], [placed('1', 'a')], 'b'],
    [
      'whether they are used or not',
      [vpnOf('a'), vpnOf('b')],
      [placed('1', 'a'), placed('2', 'a'), placed('3', 'b', { streams: 9 })],
      'b',
    ],
    ['none that is down', [vpnOf('a', { state: 'down' }), vpnOf('b')], [placed('1', 'b')], 'b'],
    [
      'none that is drained',
      [vpnOf('a', { isDrained: true }), vpnOf('b')],
      [placed('1', 'b')],
      'b',
    ],
    ['none at all', [vpnOf('a', { isDrained: true })], [], null],
    ['none that is not known', [vpnOf('a', { state: 'unknown' }), vpnOf('b')], [], 'b'],
    [
      'stable ones before those that recover',
      [vpnOf('a', { state: 'recovering' }), vpnOf('b')],
      [placed('1', 'b'), placed('2', 'b')],
      'b',
    ],
    [
      'one that recovers when there is no other',
      [vpnOf('a', { state: 'recovering' }), vpnOf('b', { state: 'down' })],
      [],
      'a',
    ],
    ['none that has no address', [{ ...vpnOf('a'), host: null }, vpnOf('b')], [], 'b'],
    [
      'the place that one to be replaced leaves',
      [vpnOf('a', { port: 7 }), vpnOf('b')],
      [placed('1', 'a', { forwardedPort: 6 }), placed('2', 'a'), placed('3', 'b')],
      'a',
    ],
    [
      'the place that a lost one leaves',
      [vpnOf('a', { startedAt: 't2' }), vpnOf('b')],
      [placed('1', 'a'), placed('2', 'b')],
      'a',
    ],
    [
      'where a port is free, among nearly equals',
      [vpnOf('a'), vpnOf('b', { port: 7 })],
      [placed('1', 'b')],
      'b',
    ],
    [
      'but the emptier one when it is much emptier',
      [vpnOf('a'), vpnOf('b', { port: 7 })],
      [placed('1', 'b'), placed('2', 'b')],
      'a',
    ],
    [
      'nowhere else',
      [vpnOf('a', { state: 'down' }), vpnOf('b', { container: 'absent', state: 'down' })],
      [],
      null,
    ],
  ])('%s', (_, vpns, present, vpn) => {
    expect(slotFor(vpns, present)?.vpn ?? null).toBe(vpn);
  });

  it('says why no VPN takes an engine', () => {
    expect(
      nextPlacement([vpnOf('a', { state: 'down' }), vpnOf('b', { state: 'unknown' })], [], null),
    ).toEqual({
      kind: 'blocked',
      reason: 'no VPN takes engines now: a is down (it is down); b is unknown (it is unknown)',
    });
  });

  it('is not given before each VPN was checked, so that the first one does not get all engines', () => {
    const unseen = { ...vpnOf('b', { state: 'unknown' }), checkedAt: null };
    expect(nextPlacement([vpnOf('a'), unseen], [], null)).toEqual({
      kind: 'blocked',
      reason: 'no VPN takes engines now: a is up (it is up); b is unknown (it is unknown)',
    });
  });

  it.each<[string, PlacedEngine[], number | null]>([
    ['goes to the first engine', [], 7],
    ['goes to nobody while one has it', [placed('1', 'a', { forwardedPort: 7 })], null],
    ['goes to the next when one has the old port', [placed('1', 'a', { forwardedPort: 6 })], 7],
    ['goes to the next when nobody has it', [placed('1', 'a')], 7],
    [
      'goes to the next when who had it is lost',
      [
        placed('1', 'a', {
          forwardedPort: 7,
          vpn: { vpn: 'a', containerId: 'a-box', containerStartedAt: 't0' },
        }),
      ],
      7,
    ],
  ])('a forwarded port %s', (_, present, port) => {
    expect(slotFor([vpnOf('a', { port: 7 })], present)?.forwardedPort).toBe(port);
  });
});

describe('what is held against engines', () => {
  const restarted = { containerId: 'a-box', containerStartedAt: 't0', vpn: 'a' };
  const otherBox = { containerId: 'old-box', containerStartedAt: 't1', vpn: 'a' };

  it.each<[string, Vpn, PlacedEngine, object]>([
    ['nothing', vpnOf('a'), placed('1', 'a'), {}],
    [
      'nothing while nothing is known',
      vpnOf('a', { state: 'unknown', container: null }),
      placed('1', 'a'),
      {},
    ],
    ['a VPN that is down', vpnOf('a', { state: 'down' }), placed('1', 'a'), { 1: 'cut_off' }],
    [
      'a frozen one',
      vpnOf('a', { state: 'down', container: { phase: 'paused' } }),
      placed('1', 'a'),
      { 1: 'cut_off' },
    ],
    ['a VPN that recovers', vpnOf('a', { state: 'recovering' }), placed('1', 'a'), {}],
    [
      'a container that is gone',
      vpnOf('a', { state: 'down', container: 'absent' }),
      placed('1', 'a'),
      { 1: 'lost' },
    ],
    [
      'one that stopped',
      vpnOf('a', { state: 'down', container: { phase: 'stopped' } }),
      placed('1', 'a'),
      { 1: 'lost' },
    ],
    ['another start of it', vpnOf('a'), placed('1', 'a', { vpn: restarted }), { 1: 'lost' }],
    [
      'another container of that name',
      vpnOf('a'),
      placed('1', 'a', { vpn: otherBox }),
      { 1: 'lost' },
    ],
    [
      'another port',
      vpnOf('a', { port: 7 }),
      placed('1', 'a', { forwardedPort: 6, streams: 3 }),
      { 1: 'misplaced' },
    ],
    [
      'a port that is not told just now',
      vpnOf('a', { port: null }),
      placed('1', 'a', { forwardedPort: 6 }),
      {},
    ],
    ['the right port', vpnOf('a', { port: 6 }), placed('1', 'a', { forwardedPort: 6 }), {}],
    ['a VPN that is not among ours', vpnOf('a'), placed('1', 'b'), { 1: 'misplaced' }],
    ['no VPN at all', vpnOf('a'), placed('1', null), { 1: 'misplaced' }],
  ])('because of %s', (_, vpn, engine, objections) => {
    expect(objectionsTo([vpn], [engine])).toEqual(objections);
  });

  it('has a reason', () => {
    const reason = (vpn: Vpn, engine: PlacedEngine) =>
      assessPlacement([vpn], [engine], null).objections.get('1')?.reason;
    expect(reason(vpnOf('a', { state: 'down' }), placed('1', 'a'))).toBe(
      'VPN a is down: it is down',
    );
    expect(reason(vpnOf('a'), placed('1', 'a', { vpn: restarted }))).toBe(
      'VPN a: its container was restarted',
    );
    expect(reason(vpnOf('a', { port: 7 }), placed('1', 'a', { forwardedPort: 6 }))).toBe(
      'VPN a forwards port 7 now, no longer 6',
    );
    expect(reason(vpnOf('a', { port: 7 }), placed('1', 'a'))).toBe(
      'no engine uses port 7, which VPN a forwards',
    );
  });
});

describe('relocations', () => {
  const three = [placed('1', 'a'), placed('2', 'a'), placed('3', 'a')];

  it.each<[string, Vpn[], PlacedEngine[], string | null]>([
    [
      'one of the fullest VPN, always the same',
      [vpnOf('a'), vpnOf('b')],
      [...three].reverse(),
      '1',
    ],
    [
      'nobody while the spread is even',
      [vpnOf('a'), vpnOf('b')],
      [...three, placed('4', 'b'), placed('5', 'b')],
      null,
    ],
    [
      'nobody who is in use',
      [vpnOf('a'), vpnOf('b')],
      three.map((engine) => ({ ...engine, streams: 1 })),
      null,
    ],
    [
      'one that is idle',
      [vpnOf('a'), vpnOf('b')],
      [placed('1', 'a', { streams: 1 }), placed('2', 'a')],
      '2',
    ],
    [
      'nobody who holds the port',
      [vpnOf('a', { port: 7 }), vpnOf('b')],
      [placed('1', 'a', { forwardedPort: 7 }), placed('2', 'a')],
      '2',
    ],
    ['nobody while a VPN recovers', [vpnOf('a'), vpnOf('b', { state: 'recovering' })], three, null],
    [
      'nobody while a VPN is not known',
      [vpnOf('a'), vpnOf('b', { state: 'unknown' })],
      three,
      null,
    ],
    ['nobody while a VPN is in doubt', [vpnOf('a'), vpnOf('b', { isDoubted: true })], three, null],
    [
      'among those that are up, when another is down',
      [vpnOf('a'), vpnOf('b'), vpnOf('c', { state: 'down' })],
      three,
      '1',
    ],
    ['nobody when there is one VPN', [vpnOf('a')], three, null],
    [
      'nobody while an engine is lost',
      [vpnOf('a'), vpnOf('b', { startedAt: 't2' })],
      [...three, placed('4', 'b')],
      null,
    ],
    [
      'an idle one to a port that nobody holds',
      [vpnOf('a', { port: 7 })],
      [placed('1', 'a', { streams: 1 }), placed('2', 'a')],
      '2',
    ],
    [
      'also while its VPN recovers',
      [vpnOf('a', { port: 7, state: 'recovering' })],
      [placed('1', 'a')],
      '1',
    ],
    [
      'nobody to the port of a VPN that recovers while another takes the new ones',
      [vpnOf('a', { port: 7, state: 'recovering' }), vpnOf('b')],
      [placed('1', 'a'), placed('2', 'b')],
      null,
    ],
    [
      'nobody to a port when all are in use',
      [vpnOf('a', { port: 7 })],
      [placed('1', 'a', { streams: 1 })],
      null,
    ],
  ])('takes %s', (_, vpns, present, id) => {
    const { relocation } = assessPlacement(vpns, present, null);
    expect(relocation?.engineId ?? null).toBe(id);
  });

  describe('that has begun', () => {
    const vpns = [vpnOf('a'), vpnOf('b')];
    const { relocation } = assessPlacement(vpns, three, null);
    const successor = placed('9', 'b');

    it('stays wanted when the successor exists, until the engine is gone', () => {
      expect(objectionsTo(vpns, [...three, successor], relocation)).toEqual({ 1: 'misplaced' });
      expect(objectionsTo(vpns, [...three.slice(1), successor], relocation)).toEqual({});
    });

    it('stays wanted when the engine gets a stream meanwhile', () => {
      expect(
        objectionsTo(vpns, [placed('1', 'a', { streams: 1 }), ...three.slice(1)], relocation),
      ).toEqual({
        1: 'misplaced',
      });
    });

    it('to a port is dropped when its successor would be placed elsewhere', () => {
      const before = [vpnOf('a', { port: 7, state: 'recovering' })];
      const toPort = assessPlacement(before, three, null).relocation;
      expect(toPort).toMatchObject({ engineId: '1', cause: 'port' });
      expect(objectionsTo(before, three, toPort)).toEqual({ 1: 'misplaced' });
      expect(objectionsTo([...before, vpnOf('b')], three, toPort)).toEqual({});
    });

    it('is dropped when a VPN fails', () => {
      expect(objectionsTo([vpnOf('a'), vpnOf('b', { state: 'down' })], three, relocation)).toEqual(
        {},
      );
    });

    it('leaves its place to its successor', () => {
      expect(slotFor(vpns, [...three, placed('4', 'b'), placed('5', 'b')])?.vpn).toBe('b');
      expect(
        slotFor(vpns, [...three, placed('4', 'b'), placed('5', 'b'), placed('6', 'b')], relocation)
          ?.vpn,
      ).toBe('a');
    });
  });
});

/**
 * A small fleet, as a loop that knows only the present engines: it requests a successor for an engine with an objection, and
 * removes such an engine when there are enough others.
 */
class SmallFleet {
  engines: PlacedEngine[] = [];
  made = 0;
  private relocation: Relocation | null = null;

  constructor(
    public vpns: Vpn[],
    private readonly wanted: number,
  ) {}

  /** One reconciliation; false when there was nothing to do. */
  pass(): boolean {
    const { objections, relocation } = assessPlacement(this.vpns, this.engines, this.relocation);
    this.relocation = relocation;
    const kindOf = ({ id }: PlacedEngine) => objections.get(id)?.kind;
    const good = this.engines.filter((engine) => kindOf(engine) === undefined);
    const going = this.engines.find(
      (engine) =>
        kindOf(engine) === 'lost' || (kindOf(engine) === 'misplaced' && good.length >= this.wanted),
    );
    if (going !== undefined) {
      this.engines = this.engines.filter(({ id }) => id !== going.id);
      return true;
    }
    if (good.length >= this.wanted) return false;
    const placement = nextPlacement(this.vpns, this.engines, this.relocation);
    if (placement.kind === 'blocked' || placement.vpnSlot === null) return false;
    this.made += 1;
    const { vpnSlot } = placement;
    const id = `engine-${this.made}`;
    this.engines.push({ id, vpn: vpnSlot, forwardedPort: vpnSlot.forwardedPort, streams: 0 });
    return true;
  }

  settle(): void {
    for (let passes = 0; this.pass(); passes += 1) expect(passes).toBeLessThan(200);
  }
}

describe('a fleet behind VPNs, whatever happens to them', () => {
  const change = fc.record({
    vpn: fc.nat(2),
    state: fc.constantFrom<VpnState>('up', 'up', 'down', 'recovering', 'unknown'),
    port: fc.constantFrom(null, 5000, 5001),
    startedAt: fc.constantFrom('t1', 't2'),
    container: fc.constantFrom<object | 'absent'>({}, {}, {}, 'absent'),
  });
  const NAMES = ['a', 'b', 'c'];

  it('settles after each change; in the end evenly spread, one engine with each port, and no objection', () => {
    fc.assert(
      fc.property(
        fc.array(change, { maxLength: 12 }),
        fc.integer({ min: 1, max: 9 }),
        fc.array(fc.constantFrom(null, 6000), { minLength: 3, maxLength: 3 }),
        (changes, wanted, ports) => {
          const fleet = new SmallFleet(
            NAMES.map((name) => vpnOf(name)),
            wanted,
          );
          fleet.settle();
          for (const { vpn, ...given } of changes) {
            const isGone = given.container === 'absent';
            const changed = vpnOf(NAMES[vpn]!, isGone ? { ...given, state: 'down' } : given);
            fleet.vpns = fleet.vpns.map((each, index) => (index === vpn ? changed : each));
            fleet.settle();
          }
          fleet.vpns = NAMES.map((name, index) => vpnOf(name, { port: ports[index]! }));
          fleet.settle();
          // Engines that were cut off work again; scaling decides which of them are surplus.
          for (let extra = 0; fleet.engines.length > wanted; extra += 1) {
            expect(extra).toBeLessThan(50);
            fleet.engines.pop();
            fleet.settle();
          }
          const madeBefore = fleet.made;
          fleet.settle();
          expect(fleet.made).toBe(madeBefore);

          const sizes = NAMES.map(
            (name) => fleet.engines.filter(({ vpn }) => vpn?.vpn === name).length,
          );
          expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThan(2);
          for (const [index, name] of NAMES.entries()) {
            const behind = fleet.engines.filter(({ vpn }) => vpn?.vpn === name);
            const holders = behind.filter(({ forwardedPort }) => forwardedPort === ports[index]);
            if (ports[index] !== null && behind.length > 0) expect(holders).toHaveLength(1);
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe('a drained VPN', () => {
  const drained = vpnOf('a', { isDrained: true });

  it('has no engines to keep, and is no target of a relocation', () => {
    expect(objectionsTo([drained, vpnOf('b')], [placed('1', 'a'), placed('2', 'b')])).toEqual({
      1: 'drained',
    });
    const behindB = [placed('1', 'b'), placed('2', 'b'), placed('3', 'b')];
    expect(objectionsTo([drained, vpnOf('b')], behindB)).toEqual({});
  });

  it('that is down is down first', () => {
    const down = vpnOf('a', { isDrained: true, state: 'down' });
    expect(objectionsTo([down], [placed('1', 'a')])).toEqual({ 1: 'cut_off' });
  });

  it('is named when no engine can be created', () => {
    expect(nextPlacement([drained], [], null)).toEqual({
      kind: 'blocked',
      reason: 'no VPN takes engines now: a is drained by an operator (maintenance)',
    });
  });
});
