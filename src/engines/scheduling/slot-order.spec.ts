import fc from 'fast-check';
import { serviceOrder, type Queued } from './slot-order';
import { SLOT_CLASSES, type SlotClass } from './slot-request';

interface Named extends Queued {
  readonly name: string;
}

const request = (name: string, slotClass: SlotClass = 'start', isWatched = true): Named => ({
  ...{ name, class: slotClass, isWatched },
});

function namesOf(queued: readonly Named[], slots: number, isNewestNext: boolean): string {
  return serviceOrder(queued, slots, isNewestNext)
    .requests.map(({ name }) => name)
    .join(' ');
}

describe('the order of service', () => {
  it.each<[string, Named[], string]>([
    ['arrival', [request('a'), request('b')], 'a b'],
    [
      'class before arrival',
      [request('p', 'probe'), request('m', 'move'), request('s'), request('f', 'failover')],
      'f s m p',
    ],
    [
      'unwatched streams last, whatever their class',
      [request('f', 'failover', false), request('s'), request('p', 'probe')],
      's p f',
    ],
  ])('is: %s', (_, queued, expected) => {
    expect(namesOf(queued, 4, true)).toBe(expected);
  });

  it.each([
    [true, 'd a c b'],
    [false, 'a d b c'],
  ])(
    'alternates between the newest and the oldest start in a crowd (%p)',
    (isNewestNext, names) => {
      const queued = ['a', 'b', 'c', 'd'].map((name) => request(name));
      expect(namesOf(queued, 3, isNewestNext)).toBe(names);
      expect(namesOf(queued, 4, isNewestNext)).toBe('a b c d');
    },
  );

  it('serves every request once, never a class before a higher one', () => {
    const anyRequest = fc.record({
      name: fc.string(),
      class: fc.constantFrom(...SLOT_CLASSES),
      isWatched: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(anyRequest), fc.nat(5), fc.boolean(), (queued, slots, isNewestNext) => {
        const { requests } = serviceOrder(queued, slots, isNewestNext);
        expect(new Set(requests)).toEqual(new Set(queued));
        expect(requests).toHaveLength(queued.length);
        const ranks = requests.map((request) =>
          request.isWatched ? SLOT_CLASSES.indexOf(request.class) : SLOT_CLASSES.length,
        );
        expect(ranks).toEqual([...ranks].sort((a, b) => a - b));
      }),
    );
  });
});
