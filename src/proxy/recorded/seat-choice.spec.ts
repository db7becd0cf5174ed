import fc from 'fast-check';
import { chooseSeat, type SeatFacts } from './seat-choice';

function seat(uid: string, owner: string, isRead: boolean, sinceMs = 0): SeatFacts {
  return { uid, owner, isRead, sinceMs };
}

describe('the playback for a request', () => {
  it.each<[string, SeatFacts[], object]>([
    ['the first', [], { kind: 'open', fallback: null }],
    [
      'its own idle one',
      [seat('1', 'you', false), seat('2', 'me', false)],
      { kind: 'take', uid: '2' },
    ],
    [
      'its own newest idle one',
      [seat('1', 'me', false, 9), seat('2', 'me', false, 5)],
      { kind: 'take', uid: '1' },
    ],
    [
      'the one that is idle longest',
      [seat('1', 'you', false, 9), seat('2', 'her', false, 5)],
      { kind: 'take', uid: '2' },
    ],
    ['others read', [seat('1', 'you', true)], { kind: 'open', fallback: null }],
    ['its own is read', [seat('1', 'me', true)], { kind: 'open', fallback: '1' }],
    [
      'it has two',
      [seat('1', 'me', true, 9), seat('2', 'me', true, 5), seat('3', 'you', true)],
      { kind: 'replace', uid: '2' },
    ],
    [
      'it has one, and another is idle',
      [seat('1', 'me', true), seat('2', 'you', false)],
      { kind: 'take', uid: '2' },
    ],
  ])('%s', (_what, seats, expected) => expect(chooseSeat(seats, 'me')).toEqual(expected));

  it('never ends what somebody else reads', () => {
    const facts = fc.record({
      uid: fc.uuid(),
      owner: fc.constantFrom('me', 'you'),
      isRead: fc.boolean(),
      sinceMs: fc.nat(100),
    });
    fc.assert(
      fc.property(fc.array(facts, { maxLength: 8 }), (seats) => {
        const choice = chooseSeat(seats, 'me');
        const uid = choice.kind === 'open' ? choice.fallback : choice.uid;
        const chosen = seats.find((one) => one.uid === uid);
        if (chosen?.isRead === true) expect(chosen.owner).toBe('me');
      }),
    );
  });
});
