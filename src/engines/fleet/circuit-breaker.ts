import type { BreakerState, BreakerView } from './fleet.types';

export interface CircuitBreakerLimits {
  /** Failures in a row that open it. */
  readonly threshold: number;
  /** How long it stays open before one attempt is allowed. */
  readonly recoveryMs: number;
}

type LastFailure = NonNullable<BreakerView['lastFailure']>;

/**
 * Stops attempts to create engines while they keep failing.
 *
 *   closed     every attempt is allowed    N failures in a row → open
 *   open       no attempt is allowed       the recovery time is over and an attempt begins → half_open
 *   half_open  one attempt is running, no other is allowed
 *                                          it succeeds → closed; fails → open; is abandoned → open, and the next is due
 *
 * `reset` closes it from every state. All times are monotonic milliseconds that the caller passes.
 */
export class CircuitBreaker {
  private state: BreakerState = 'closed';
  private failures = 0;
  private openedAtMs = 0;
  private lastFailure: LastFailure | null = null;

  constructor(private readonly limits: CircuitBreakerLimits) {}

  /** Whether an attempt would be allowed now; changes nothing. */
  mayTry(nowMs: number): boolean {
    return this.retryInMs(nowMs) === 0 && this.state !== 'half_open';
  }

  /** Begins an attempt; false: it is not allowed. Each attempt ends with `succeed`, `fail` or `abandon`. */
  begin(nowMs: number): boolean {
    if (!this.mayTry(nowMs)) return false;
    if (this.state === 'open') this.state = 'half_open';
    return true;
  }

  succeed(): void {
    this.state = 'closed';
    this.failures = 0;
  }

  fail(nowMs: number, failure: LastFailure): void {
    this.failures += 1;
    this.lastFailure = failure;
    if (this.state === 'closed' && this.failures < this.limits.threshold) return;
    this.state = 'open';
    this.openedAtMs = nowMs;
  }

  /** The attempt ended without a result: it is no longer wanted. */
  abandon(): void {
    if (this.state === 'half_open') this.state = 'open';
  }

  /** The next failure counts as the first. */
  reset(): void {
    this.state = 'closed';
    this.failures = 0;
  }

  view(nowMs: number): BreakerView {
    return {
      state: this.state,
      failures: this.failures,
      threshold: this.limits.threshold,
      retryInMs: this.retryInMs(nowMs),
      lastFailure: this.lastFailure,
    };
  }

  private retryInMs(nowMs: number): number {
    if (this.state !== 'open') return 0;
    return Math.max(0, this.openedAtMs + this.limits.recoveryMs - nowMs);
  }
}
