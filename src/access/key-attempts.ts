import { RateLimit } from '../http';

/** Number of wrong keys within a minute after which further wrong keys from an address are refused. */
const MAX_WRONG_KEYS = 10;

/**
 * Counts wrong keys, or wrong secrets of users, per address. An address with too many may not send another wrong key for
 * a while. A right key is always accepted, because many callers may share one address. Guessing is hopeless because keys
 * are long.
 */
export class KeyAttempts {
  private readonly limit: RateLimit;

  constructor(now?: () => number) {
    this.limit = new RateLimit(() => MAX_WRONG_KEYS, undefined, now);
  }

  /** Milliseconds until the address may try again; 0 if it may now. */
  blockedForMs(address: string): number {
    return this.limit.blockedForMs(address);
  }

  recordWrongKey(address: string): void {
    this.limit.count(address);
  }
}
