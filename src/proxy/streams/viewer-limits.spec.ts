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
  it('refuses a viewer above the total limit', () => {
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
  ])('with %d viewers on the stream: %p', (onStream, detail) => {
    const limits = new ViewerLimits({ total: 100, perStream: 10, perIp: 0 }, loopback);
    expect(refusal(limits, '192.0.2.9', onStream)).toBe(detail);
  });

  it('refuses a viewer above the limit per address, but not from other or exempt addresses', () => {
    const limits = new ViewerLimits({ total: 100, perStream: 100, perIp: 1 }, loopback);
    limits.add(makeViewer('192.0.2.1'));
    limits.add(makeViewer('127.0.0.1'));
    expect(refusal(limits, '192.0.2.1', 0)).toContain('from one address');
    expect(refusal(limits, '192.0.2.2', 0)).toBeNull();
    expect(refusal(limits, '127.0.0.1', 0)).toBeNull();
  });

  it('does not count viewers who leave before the next one joins', () => {
    const limits = new ViewerLimits({ total: 1, perStream: 10, perIp: 1 }, loopback);
    const leaving = makeViewer('192.0.2.1');
    limits.add(leaving);
    expect(() => limits.check('192.0.2.1', 0)).toThrow(AppError);
    expect(() => limits.check('192.0.2.1', 0, [leaving])).not.toThrow();
  });

  it('has no limit per address when that is 0', () => {
    const limits = new ViewerLimits({ total: 100, perStream: 100, perIp: 0 }, loopback);
    for (let i = 0; i < 50; i++) limits.add(makeViewer('192.0.2.1'));
    expect(refusal(limits, '192.0.2.1', 0)).toBeNull();
  });

  it('counts the present viewers, even if one is removed twice or was never added', () => {
    const move = fc.record({ who: fc.nat(5), joins: fc.boolean() });
    fc.assert(
      fc.property(fc.array(move), (moves) => {
        const limits = new ViewerLimits({ total: 100, perStream: 100, perIp: 2 }, loopback);
        const candidates = Array.from({ length: 6 }, (_, i) => makeViewer(`192.0.2.${i % 2}`));
        const present = new Set<number>();
        for (const { who, joins } of moves) {
          if (joins) {
            limits.add(candidates[who]!);
            present.add(who);
          } else {
            limits.remove(candidates[who]!);
            present.delete(who);
          }
        }
        expect(limits.count).toBe(present.size);
        for (const parity of [0, 1]) {
          const sameIp = [...present].filter((who) => who % 2 === parity).length;
          expect(refusal(limits, `192.0.2.${parity}`, 0) === null).toBe(sameIp < 2);
        }
      }),
    );
  });
});
