import { RateLimit } from '../http';
import { AppError } from '../kernel/errors';

/** Number of wrong keys within a minute after which further wrong keys from an address are refused. */
const MAX_WRONG_KEYS = 10;

const TOO_MANY_KEYS = 'Too many wrong keys came from this address.';

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

  /** Counts a wrong key. Returns the answer: `forbidden` with `detail`, or `rate_limited` after too many. */
  refusal(address: string, detail: string, tooMany = TOO_MANY_KEYS): AppError {
    const blockedForMs = this.limit.blockedForMs(address);
    if (blockedForMs > 0) {
      return new AppError('rate_limited', tooMany, { retryAfterS: blockedForMs / 1000 });
    }
    this.limit.count(address);
    return new AppError('forbidden', detail);
  }
}
