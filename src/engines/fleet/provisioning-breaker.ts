import type { BreakerState, BreakerView } from './fleet.types';

export interface BreakerLimits {
  /** Failures in a row that open it. */
  readonly threshold: number;
  /** How long it stays open before one try is let through. */
  readonly recoveryMs: number;
}

type LastFailure = NonNullable<BreakerView['lastFailure']>;

/**
 * Stops engines from being made while making them fails anyway.
 *
 *   closed     every try is let through          N failures in a row → open
 *   open       none is                           recovery time over, a try is begun → half_open
 *   half_open  one try is under way, no other is let through
 *                                                it succeeds → closed; fails → open; is given up → open, due at once
 *
 * `reset` closes it from every state. All times are monotonic milliseconds that the caller passes.
 */
export class ProvisioningBreaker {
  private state: BreakerState = 'closed';
  private failures = 0;
  private openedAtMs = 0;
  private lastFailure: LastFailure | null = null;

  constructor(private readonly limits: BreakerLimits) {}

  /** Whether a try would be let through now; changes nothing. */
  mayTry(nowMs: number): boolean {
    return this.retryInMs(nowMs) === 0 && this.state !== 'half_open';
  }

  /** Begins a try; false: it must not be made. Every try that was begun ends with one of the calls below. */
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

  /** The try ended without telling anything: it was no longer wanted. */
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
