import { RateLimit } from './rate-limit';

describe('RateLimit', () => {
  let nowMs: number;

  beforeEach(() => {
    nowMs = 0;
  });

  function limitOf(max: number, isExempt?: (address: string) => boolean): RateLimit {
    return new RateLimit(
      () => max,
      isExempt,
      () => nowMs,
    );
  }

  function take(limit: RateLimit, address: string, part?: string): number | null {
    try {
      limit.take(address, 'Too many.', part);
      return null;
    } catch (error) {
      const { code, detail, retryAfterS } = error as Record<string, unknown>;
      expect({ code, detail }).toEqual({ code: 'rate_limited', detail: 'Too many.' });
      return retryAfterS as number;
    }
  }

  it('refuses an address beyond the limit until its minute is over', () => {
    const limit = limitOf(2);
    expect([take(limit, '10.0.0.1'), take(limit, '10.0.0.1')]).toEqual([null, null]);
    nowMs = 20_000;
    expect(take(limit, '10.0.0.1')).toBe(40);
    expect(take(limit, '10.0.0.2')).toBeNull();
    nowMs = 60_000;
    expect(take(limit, '10.0.0.1')).toBeNull();
  });

  it('takes the addresses of one subscriber for one', () => {
    const limit = limitOf(1);
    expect(take(limit, '2001:db8::1')).toBeNull();
    expect(take(limit, '2001:db8::2')).toBe(60);
    expect(take(limit, '2001:db8:0:1::1')).toBeNull();
    expect(take(limit, '10.0.0.1')).toBeNull();
    expect(take(limit, '::ffff:10.0.0.1')).toBe(60);
  });

  it('counts the parts of an address separately', () => {
    const limit = limitOf(1);
    expect([take(limit, '10.0.0.1', 'a'), take(limit, '10.0.0.1', 'b')]).toEqual([null, null]);
    expect([take(limit, '10.0.0.1', 'a'), take(limit, '10.0.0.2', 'a')]).toEqual([60, null]);
  });

  it('does not limit exempt addresses, and nobody with a limit of 0', () => {
    const limit = limitOf(1, (address) => address === '127.0.0.1');
    const off = limitOf(0);
    for (let count = 0; count < 5; count += 1) {
      expect(take(limit, '127.0.0.1')).toBeNull();
      expect(take(off, '10.0.0.1')).toBeNull();
    }
  });

  it('remembers a bounded number of addresses', () => {
    const limit = limitOf(1);
    take(limit, 'first');
    expect(take(limit, 'first')).toBe(60);
    for (let count = 0; count < 10_000; count += 1) take(limit, `other-${count}`);
    expect(take(limit, 'first')).toBeNull();
  });
});
