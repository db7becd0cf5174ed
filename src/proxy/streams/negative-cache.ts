import { LRUCache } from 'lru-cache';
import { AppError } from '../../kernel/errors';
import type { StreamKey } from '../../kernel/content-selector';

/** A start timeout is remembered for this share of the usual time, because peers may turn up. */
const START_TIMEOUT_SHARE = 0.5;
const MAX_ENTRIES = 10_000;

export interface NegativeLifetime {
  /** How long a failure is remembered; 0: not at all. */
  readonly ttlMs: number;
}

/** The remembered failure of a content. */
interface Fault {
  readonly error: AppError;
  /** Monotonic time of the failure. */
  readonly sinceMs: number;
}

/**
 * Remembers contents that failed and were themselves at fault. The next request for such a content is refused at once,
 * without an attempt on an engine.
 */
export class NegativeCache {
  private readonly faults = new LRUCache<StreamKey, Fault>({ max: MAX_ENTRIES });

  constructor(
    private readonly lifetime: NegativeLifetime,
    private readonly now: () => number,
  ) {}

  /** Remembers `error` if the content is at fault; ignores any other error. */
  remember(key: StreamKey, error: AppError): void {
    if (this.ttlFor(error) > 0) this.faults.set(key, { error, sinceMs: this.now() });
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
    const leftMs = fault.sinceMs + this.ttlFor(fault.error) - this.now();
    if (leftMs <= 0) {
      this.faults.delete(key);
      return null;
    }
    return new AppError(fault.error.code, fault.error.detail, { retryAfterS: leftMs / 1000 });
  }

  private ttlFor(error: AppError): number {
    if (error.code === 'content_not_found' || error.code === 'unsupported_content') {
      return this.lifetime.ttlMs;
    }
    return error.code === 'start_timeout' ? this.lifetime.ttlMs * START_TIMEOUT_SHARE : 0;
  }
}
