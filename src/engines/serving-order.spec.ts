import fc from 'fast-check';
import { servingOrder, type InLine } from './serving-order';

interface Named extends InLine {
  readonly name: string;
}

const hoping = (name: string): Named => ({ name, isWanted: true, isHoping: true });
const waiting = (name: string): Named => ({ name, isWanted: true, isHoping: false });
const unwanted = (name: string): Named => ({ name, isWanted: false, isHoping: true });

describe('who is given the next slot', () => {
  it.each<[string, Named[], number, boolean, string]>([
    ['nobody', [], 3, true, ''],
    ['by arrival', [hoping('a'), hoping('b'), hoping('c')], 3, true, 'abc'],
    ['of a crowd the newest', [hoping('a'), hoping('b'), hoping('c')], 2, true, 'cab'],
    ['and by arrival in turn', [hoping('a'), hoping('b'), hoping('c')], 2, false, 'abc'],
    ['who waits for an engine is no crowd', [waiting('a'), waiting('b')], 1, true, 'ab'],
    [
      'nobody waits for its stream: last',
      [unwanted('a'), hoping('b'), hoping('c')],
      2,
      true,
      'bca',
    ],
    ['and is no part of a crowd', [hoping('a'), unwanted('b'), unwanted('c')], 1, true, 'abc'],
    [
      'the newest of those who hope',
      [hoping('a'), hoping('b'), waiting('c'), unwanted('d')],
      1,
      true,
      'bacd',
    ],
  ])('%s', (_, line, slots, isNewestNext, order) => {
    const served = servingOrder(line, slots, isNewestNext);
    expect(served.line.map(({ name }) => name).join('')).toBe(order);
  });

  it('loses none, has none twice, and lets nobody starve in a crowd that grows', () => {
    const anyLine = fc.array(fc.record({ isWanted: fc.boolean(), isHoping: fc.boolean() }));
    fc.assert(
      fc.property(anyLine, fc.nat(5), fc.boolean(), (line, slots, isNewestNext) => {
        const { line: order } = servingOrder(line, slots, isNewestNext);
        expect(new Set(order)).toEqual(new Set(line));
        expect(order).toHaveLength(line.length);
      }),
    );
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 30 }), fc.nat(5), (before, slots) => {
        let line = [...Array.from({ length: before }, (_, n) => hoping(`old ${n}`)), hoping('me')];
        let isNewestNext = true;
        let served = 0;
        while (line.some(({ name }) => name === 'me')) {
          // Somebody comes before each slot that is free.
          line.push(hoping('new'));
          const order = servingOrder(line, slots, isNewestNext);
          if (order.isCrowd) isNewestNext = !isNewestNext;
          line = line.filter((one) => one !== order.line[0]);
          served += 1;
        }
        expect(served).toBeLessThanOrEqual(2 * (before + 1));
      }),
    );
  });
});
