import { KeyAttempts } from './key-attempts';

describe('KeyAttempts', () => {
  it('remembers a bounded number of addresses', () => {
    const attempts = new KeyAttempts(() => 0);
    const block = (address: string): void => {
      for (let i = 0; i < 10; i += 1) attempts.recordWrongKey(address);
    };
    block('first');
    expect(attempts.blockedForMs('first')).toBe(60_000);
    for (let i = 0; i < 10_000; i += 1) attempts.recordWrongKey(`other-${i}`);
    expect(attempts.blockedForMs('first')).toBe(0);
  });
});
