import { Logger } from '@nestjs/common';
import type { EventBus } from '../../events';
import { monotonicMs } from '../../kernel/clock';
import type { EnginesConfig } from '../engines.config';
import { provisioningPauseMs } from './back-off';
import type { BreakerState, BreakerView } from './fleet.types';
import { ProvisioningBreaker } from './provisioning-breaker';

export interface StartFailure {
  readonly code: string;
  readonly message: string;
  /** False: the runtime was away, which tells nothing about engines; a pause follows, the breaker does not count it. */
  readonly isEngines: boolean;
  /** Trying again before that is in vain; 0: nothing is known. */
  readonly retryAfterMs: number;
}

/** Lets engines be made: not while the breaker is open, and not within the pause after a failure. */
export class ProvisioningGate {
  private readonly logger = new Logger(ProvisioningGate.name);
  private readonly breaker: ProvisioningBreaker;
  private failures = 0;
  private pausedUntil = -Infinity;
  /** The last failure was for want of a port. */
  private lacksPlace = false;
  private lastState: BreakerState = 'closed';

  constructor(
    private readonly config: EnginesConfig,
    private readonly events: EventBus,
  ) {
    this.breaker = new ProvisioningBreaker({
      threshold: config.circuitBreakerFailureThreshold,
      recoveryMs: config.circuitBreakerRecoveryTimeoutMs,
    });
  }

  get isOpen(): boolean {
    return !this.breaker.mayTry(monotonicMs());
  }

  /** How long the pause or the breaker still keeps tries away; 0 when neither does, or when a try is to end it. */
  get retryInMs(): number {
    const now = monotonicMs();
    return Math.max(this.breaker.view(now).retryInMs, this.pausedUntil - now, 0);
  }

  mayTry(): boolean {
    const now = monotonicMs();
    return now >= this.pausedUntil && this.breaker.mayTry(now);
  }

  /** Begins a try; false: not now. Each that was begun ends with one of the next three. */
  begin(): boolean {
    if (!this.mayTry() || !this.breaker.begin(monotonicMs())) return false;
    this.follow('one attempt is allowed');
    return true;
  }

  succeed(): void {
    this.failures = 0;
    this.breaker.succeed();
    this.follow('an engine has started');
  }

  fail({ code, message, isEngines, retryAfterMs }: StartFailure): void {
    const now = monotonicMs();
    const { engineRetryBaseMs: base, engineRetryMaxMs: max } = this.config;
    this.failures += 1;
    this.lacksPlace = code === 'no_place';
    const pauseMs = provisioningPauseMs(this.failures, base, max, Math.random());
    // Not for longer than any failure: what is missing may come by other ways, such as a pull by hand.
    this.pausedUntil = now + Math.max(pauseMs, Math.min(retryAfterMs, max));
    if (isEngines) this.breaker.fail(now, { code, message, at: new Date() });
    else this.breaker.abandon();
    this.follow(message);
  }

  /** An engine is gone, and its port is free: a start that found none need not wait any longer. */
  placeFreed(): void {
    if (this.lacksPlace) this.pausedUntil = -Infinity;
    this.lacksPlace = false;
  }

  abandon(): void {
    this.breaker.abandon();
    this.follow('the attempt was given up');
  }

  reset(): void {
    this.failures = 0;
    this.pausedUntil = -Infinity;
    this.breaker.reset();
    this.follow('reset by an operator');
  }

  view(): BreakerView {
    return this.breaker.view(monotonicMs());
  }

  private follow(reason: string): void {
    const { state, failures } = this.view();
    const from = this.lastState;
    if (state === from) return;
    this.lastState = state;
    this.events.publish('breaker_changed', { from, to: state, reason });
    const line = `circuit breaker for new engines: ${from} -> ${state} (${reason})`;
    if (state === 'open') this.logger.warn(`${line}, after ${failures} failures in a row`);
    else this.logger.log(line);
  }
}
