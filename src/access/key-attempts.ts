import { LRUCache } from 'lru-cache';
import { monotonicMs } from '../kernel/clock';
import { addressGroup } from '../http';

/** Wrong keys that one address may send within a window before it is refused. */
const MAX_WRONG_KEYS = 10;
const WINDOW_MS = 60_000;

/** Number of addresses remembered at once. Counting addresses cannot stop an attacker with more addresses. */
const MAX_ADDRESSES = 10_000;

interface Window {
  readonly startedAt: number;
  wrongKeys: number;
}

/**
 * Counts wrong keys per address. Only wrong keys are refused by the count: many callers may share one address, so a
 * right key is always accepted. The length of the key is what makes guessing hopeless.
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
