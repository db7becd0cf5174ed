import { LRUCache } from 'lru-cache';
import { monotonicMs } from '../kernel/clock';
import { AppError } from '../kernel/errors';
import { addressGroup } from './address-group';

const WINDOW_MS = 60_000;

/** Maximum number of callers that are remembered. Counting cannot stop an attacker who has more addresses. */
const MAX_CALLERS = 10_000;

interface Window {
  readonly startedAtMs: number;
  count: number;
}

/**
 * Limits how often something may happen per minute for each address. The minute begins with the first time. An address
 * may have parts that are counted separately, such as the keys that are used from it.
 */
export class RateLimit {
  private readonly windows = new LRUCache<string, Window>({ max: MAX_CALLERS });

  constructor(
    /** Maximum per minute; 0: no limit. */
    private readonly max: () => number,
    /** True for an address that is not limited. */
    private readonly isExempt: (address: string) => boolean = () => false,
    private readonly now: () => number = monotonicMs,
  ) {}

  /** Milliseconds until the address may try again; 0 if it may now. */
  blockedForMs(address: string, part = ''): number {
    const max = this.max();
    const window = this.windowOf(address, part);
    if (window === undefined || max === 0 || window.count < max || this.isExempt(address)) return 0;
    return window.startedAtMs + WINDOW_MS - this.now();
  }

  count(address: string, part = ''): void {
    const window = this.windowOf(address, part) ?? { startedAtMs: this.now(), count: 0 };
    window.count += 1;
    this.windows.set(callerOf(address, part), window);
  }

  /** Counts, unless the limit is reached. @throws AppError `rate_limited` with `detail` */
  take(address: string, detail: string, part = ''): void {
    const blockedForMs = this.blockedForMs(address, part);
    if (blockedForMs > 0) {
      throw new AppError('rate_limited', detail, { retryAfterS: blockedForMs / 1000 });
    }
    this.count(address, part);
  }

  private windowOf(address: string, part: string): Window | undefined {
    const window = this.windows.get(callerOf(address, part));
    const isCurrent = window !== undefined && this.now() < window.startedAtMs + WINDOW_MS;
    return isCurrent ? window : undefined;
  }
}

function callerOf(address: string, part: string): string {
  return `${addressGroup(address)} ${part}`;
}
