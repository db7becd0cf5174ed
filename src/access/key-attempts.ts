import { RateLimit } from '../http';

/** Number of wrong keys within a minute after which an address is refused. */
const MAX_WRONG_KEYS = 10;

/**
 * Counts wrong keys per address. An address with too many may not send another wrong key for a while. A right key is
 * always accepted, because many callers may share one address. It is the length of the key that makes guessing
 * hopeless.
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
