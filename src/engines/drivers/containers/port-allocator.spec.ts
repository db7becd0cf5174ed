import fc from 'fast-check';
import { nextFreePorts, PortAllocator, startOffset } from './port-allocator';

const range = { from: 19_000, to: 19_004 };

describe('nextFreePorts', () => {
  it.each<[string, number, number[], number | null, number[] | null]>([
    ['begins at the first port of the range', 1, [], null, [19_000]],
    ['continues after the last port', 1, [], 19_001, [19_002]],
    ['wraps around at the end', 2, [], 19_003, [19_004, 19_000]],
    ['skips taken ports', 2, [19_000, 19_002], null, [19_001, 19_003]],
    ['ignores a last port of another range', 1, [], 4000, [19_000]],
    [
      'takes the last port again when no other is free',
      1,
      [19_000, 19_001, 19_002, 19_003],
      19_004,
      [19_004],
    ],
    ['gives all requested ports or none', 3, [19_000, 19_001, 19_002], null, null],
    [
      'gives none of a range without free ports',
      1,
      [19_000, 19_001, 19_002, 19_003, 19_004],
      null,
      null,
    ],
    ['gives no port for a request of 0 ports', 0, [], null, []],
  ])('%s', (_, count, taken, after, expected) => {
    expect(nextFreePorts(range, count, new Set(taken), after)).toEqual(expected);
  });
});

describe('PortAllocator', () => {
  let nowMs: number;
  let allocator: PortAllocator;

  beforeEach(() => {
    nowMs = 0;
    allocator = new PortAllocator(0, () => nowMs);
  });

  const ask = (taken: number[] = [], space = 'host', count = 1) =>
    allocator.reserve({ space, range, count, taken: new Set(taken) });

  it('never gives out a port that a request holds or an engine uses', () => {
    const [one, two] = [ask([19_001]), ask([19_001])];
    expect([...one.ports, ...two.ports]).toEqual([19_000, 19_002]);
  });

  it('does not reuse a port that was just released while others are free', () => {
    ask().release();
    const given = Array.from({ length: 5 }, () => {
      const reservation = ask();
      reservation.release();
      return reservation.ports[0];
    });
    expect(given).toEqual([19_001, 19_002, 19_003, 19_004, 19_000]);
  });

  it('reports that the range is used up', () => {
    ask([], 'host', 5);
    expect(() => ask()).toThrow('no port is free in 19000-19004');
    expect(() => ask([], 'host', 2)).toThrow('no 2 ports are free in 19000-19004');
  });

  it('separates the ports of different addresses', () => {
    expect([ask().ports, ask([], 'gluetun').ports]).toEqual([[19_000], [19_000]]);
  });

  it('avoids a port of another program for a while, unless no other is free', () => {
    allocator.avoid('host', 19_000);
    expect(ask([19_001, 19_002, 19_003]).ports).toEqual([19_004]);
    expect(ask([19_001, 19_002, 19_003, 19_004]).ports).toEqual([19_000]);
    const later = new PortAllocator(0, () => nowMs);
    later.avoid('host', 19_000);
    nowMs = 5 * 60_000;
    expect(later.reserve({ space: 'host', range, count: 1, taken: new Set() }).ports).toEqual([
      19_000,
    ]);
  });

  it('does not release the port of a later request when an old reservation is released twice', () => {
    const first = ask([19_001, 19_002, 19_003, 19_004]);
    first.release();
    const second = ask([19_001, 19_002, 19_003, 19_004]);
    expect(second.ports).toEqual(first.ports);
    first.release();
    expect(() => ask([19_001, 19_002, 19_003, 19_004])).toThrow('no port is free');
  });

  it.each<[number, number]>([
    [0, 19_000],
    [0.5, 19_002],
    [0.999, 19_004],
  ])('begins at %d of the range: %d', (offset, port) => {
    const request = { space: 'host', range, count: 1, taken: new Set<number>() };
    expect(new PortAllocator(offset).reserve(request).ports).toEqual([port]);
  });

  it('gives out every free port exactly once before it reports that none is left', () => {
    const ports = fc.integer({ min: range.from, max: range.to });
    const share = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
    fc.assert(
      fc.property(fc.uniqueArray(ports), fc.uniqueArray(ports), share, (taken, avoided, offset) => {
        const any = new PortAllocator(offset, () => 0);
        for (const port of avoided) any.avoid('host', port);
        const request = { space: 'host', range, count: 1, taken: new Set(taken) };
        const free = 5 - taken.length;
        const given = Array.from({ length: free }, () => any.reserve(request).ports[0]!);
        expect(new Set([...given, ...taken]).size).toBe(5);
        expect(() => any.reserve(request)).toThrow('no port is free');
      }),
    );
  });
});

describe('startOffset', () => {
  it('differs between installations and is constant for each', () => {
    fc.assert(
      fc.property(fc.string(), (instance) => {
        const offset = startOffset(instance);
        expect(offset).toBeGreaterThanOrEqual(0);
        expect(offset).toBeLessThan(1);
        expect(startOffset(instance)).toBe(offset);
      }),
    );
    expect(startOffset('one')).not.toBe(startOffset('another'));
  });
});
