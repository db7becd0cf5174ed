import { LRUCache } from 'lru-cache';
import { AppError } from '../../kernel/errors';
import type { StreamKey } from '../../kernel/content-selector';

/** Start time-outs are remembered half as long as content faults, because peers may turn up. */
const START_TIMEOUT_SHARE = 0.5;
const MAX_ENTRIES = 10_000;

interface Fault {
  readonly error: AppError;
  readonly untilMs: number;
}

/**
 * Remembers contents that failed through their own fault, so that the next request for one is refused at once and opens
 * no engine session.
 */
export class NegativeCache {
  private readonly faults = new LRUCache<StreamKey, Fault>({ max: MAX_ENTRIES });

  constructor(
    private readonly ttlMs: number,
    private readonly now: () => number,
  ) {}

  /** Remembers `error` if it is the content's fault, and ignores any other error. */
  remember(key: StreamKey, error: AppError): void {
    const ttlMs = this.ttlFor(error);
    if (ttlMs > 0) this.faults.set(key, { error, untilMs: this.now() + ttlMs });
  }

  forget(key: StreamKey): void {
    this.faults.delete(key);
  }

  /** Forgets every key for which `isMatch` returns true. */
  forgetAll(isMatch: (key: StreamKey) => boolean): void {
    for (const key of [...this.faults.keys()]) if (isMatch(key)) this.faults.delete(key);
  }

  /** Returns the remembered error, with the remaining seconds as `retryAfterS`, or null if none is remembered. */
  lookup(key: StreamKey): AppError | null {
    const fault = this.faults.get(key);
    if (fault === undefined) return null;
    const leftMs = fault.untilMs - this.now();
    if (leftMs <= 0) {
      this.faults.delete(key);
      return null;
    }
    return new AppError(fault.error.code, fault.error.detail, { retryAfterS: leftMs / 1000 });
  }

  private ttlFor(error: AppError): number {
    if (error.code === 'content_not_found' || error.code === 'unsupported_content') {
      return this.ttlMs;
    }
    return error.code === 'start_timeout' ? this.ttlMs * START_TIMEOUT_SHARE : 0;
  }
}
