import fc from 'fast-check';
import { AppError } from '../../kernel/errors';
import { makeViewer } from '../testing/viewers.spec-support';
import { ViewerLimits } from './viewer-limits';

const loopback = (ip: string): boolean => ip === '127.0.0.1';

function refusal(limits: ViewerLimits, ip: string, onStream: number): string | null {
  try {
    limits.check(ip, onStream);
    return null;
  } catch (error) {
    expect(error).toBeInstanceOf(AppError);
    expect((error as AppError).code).toBe('client_limit');
    return (error as AppError).detail;
  }
}

describe('ViewerLimits', () => {
  it('refuses the one too many in total', () => {
    const limits = new ViewerLimits({ total: 2, perStream: 10, perIp: 0 }, loopback);
    const first = makeViewer();
    limits.add(first);
    expect(refusal(limits, '192.0.2.9', 0)).toBeNull();
    limits.add(makeViewer());
    expect(refusal(limits, '192.0.2.9', 0)).toContain('limit of 2 viewers');
    limits.remove(first);
    expect(refusal(limits, '192.0.2.9', 0)).toBeNull();
  });

  it.each([
    [9, null],
    [10, 'The limit of 10 viewers of this stream is reached.'],
  ])('with %d on the stream: %p', (onStream, detail) => {
    const limits = new ViewerLimits({ total: 100, perStream: 10, perIp: 0 }, loopback);
    expect(refusal(limits, '192.0.2.9', onStream)).toBe(detail);
  });

  it('refuses the one too many of one address, others and exempt ones apart', () => {
    const limits = new ViewerLimits({ total: 100, perStream: 100, perIp: 1 }, loopback);
    limits.add(makeViewer('192.0.2.1'));
    limits.add(makeViewer('127.0.0.1'));
    expect(refusal(limits, '192.0.2.1', 0)).toContain('from one address');
    expect(refusal(limits, '192.0.2.2', 0)).toBeNull();
    expect(refusal(limits, '127.0.0.1', 0)).toBeNull();
  });

  it('has no limit per address when it is off', () => {
    const limits = new ViewerLimits({ total: 100, perStream: 100, perIp: 0 }, loopback);
    for (let i = 0; i < 50; i++) limits.add(makeViewer('192.0.2.1'));
    expect(refusal(limits, '192.0.2.1', 0)).toBeNull();
  });

  it('counts those who are there, whatever is removed twice or was never added', () => {
    const move = fc.record({ who: fc.nat(5), joins: fc.boolean() });
    fc.assert(
      fc.property(fc.array(move), (moves) => {
        const limits = new ViewerLimits({ total: 100, perStream: 100, perIp: 2 }, loopback);
        const people = Array.from({ length: 6 }, (_, i) => makeViewer(`192.0.2.${i % 2}`));
        const there = new Set<number>();
        for (const { who, joins } of moves) {
          if (joins) {
            limits.add(people[who]!);
            there.add(who);
          } else {
            limits.remove(people[who]!);
            there.delete(who);
          }
        }
        expect(limits.count).toBe(there.size);
        for (const parity of [0, 1]) {
          const sameIp = [...there].filter((who) => who % 2 === parity).length;
          expect(refusal(limits, `192.0.2.${parity}`, 0) === null).toBe(sameIp < 2);
        }
      }),
    );
  });
});
