import { LRUCache } from 'lru-cache';
import { monotonicMs } from '../kernel/clock';
import { addressGroup } from '../http';

/** Number of wrong keys in a window after which an address is refused. */
const MAX_WRONG_KEYS = 10;
const WINDOW_MS = 60_000;

/** Maximum number of addresses that are remembered. Counting cannot stop an attacker who has more addresses. */
const MAX_ADDRESSES = 10_000;

interface Window {
  readonly startedAt: number;
  wrongKeys: number;
}

/**
 * Counts wrong keys per address. An address with too many may not send another wrong key for a while. A right key is
 * always accepted, because many callers may share one address. It is the length of the key that makes guessing
 * hopeless.
 */
export class KeyAttempts {
  private readonly windows = new LRUCache<string, Window>({ max: MAX_ADDRESSES });

  constructor(private readonly now: () => number = monotonicMs) {}

  /** Milliseconds until the address may try again; 0 if it may now. */
  blockedForMs(address: string): number {
    const window = this.current(addressGroup(address));
    if (window === undefined || window.wrongKeys < MAX_WRONG_KEYS) return 0;
    return window.startedAt + WINDOW_MS - this.now();
  }

  recordWrongKey(address: string): void {
    const group = addressGroup(address);
    const window = this.current(group) ?? { startedAt: this.now(), wrongKeys: 0 };
    window.wrongKeys += 1;
    this.windows.set(group, window);
  }

  private current(group: string): Window | undefined {
    const window = this.windows.get(group);
    return window !== undefined && this.now() < window.startedAt + WINDOW_MS ? window : undefined;
  }
}
