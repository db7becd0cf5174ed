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
 * - `closed`: every attempt is allowed. It opens after `threshold` failures in a row.
 * - `open`: no attempt is allowed. When the recovery time is over, one attempt may begin, and makes it `half_open`.
 * - `half_open`: one attempt is running, and no other is allowed. If it succeeds, the breaker closes. If it fails, the
 *   breaker opens again for the recovery time. If it is abandoned, the breaker is open and allows the next attempt at
 *   once.
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

  /** Begins an attempt; returns false if none is allowed. Each attempt ends with `succeed`, `fail` or `abandon`. */
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

  /** Ends an attempt without a result, because its engine is no longer wanted. */
  abandon(): void {
    if (this.state === 'half_open') this.state = 'open';
  }

  /** Closes the breaker. The next failure counts as the first. */
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
