import { Inject, Injectable, Logger } from '@nestjs/common';
import { CONFIG, viewOf } from '../../config';
import { EventBus } from '../../events';
import { monotonicMs } from '../../kernel/clock';
import { retryDelayMs, withJitter } from '../../kernel/retry-delay';
import type { ProvisioningBlock } from '../drivers/engine-driver.port';
import { EngineRuntime, type RuntimeErrorCode, type VpnSlot } from '../drivers/engine-runtime.port';
import type { EnginesConfig } from '../engines-config';
import { EnginePlacement, type PlacedEngine } from '../vpn/engine-placement.port';
import { CircuitBreaker } from './circuit-breaker';
import type { BreakerState, BreakerView } from './fleet.types';
import { RuntimeConnectivity } from './runtime-connectivity';

/** A shorter loss of the runtime is not reported, because the runtime may just be starting. */
const REPORT_LOSS_AFTER_MS = 3000;

/**
 * Failures that say nothing about engines and do not count for the circuit breaker: Docker, an image, a port or a VPN
 * is missing and may become available at any moment.
 */
const NOT_COUNTED: ReadonlySet<RuntimeErrorCode> = new Set([
  'docker_unavailable',
  'image_missing',
  'no_place',
]);

export interface ProvisioningFailure {
  readonly code: RuntimeErrorCode;
  readonly message: string;
  /** A retry before this time fails in the same way; 0: nothing is known. */
  readonly retryAfterMs: number;
}

/**
 * Decides whether an engine may be created now, and if not, why and until when. An attempt is refused while the
 * runtime is not connected, during the backoff after a failure, while the circuit breaker is open, and while
 * placement is blocked.
 */
@Injectable()
export class ProvisioningGate {
  private readonly logger = new Logger(ProvisioningGate.name);
  private readonly breaker: CircuitBreaker;
  private failures = 0;
  /** Monotonic ms. */
  private backoffUntil = -Infinity;
  /** The last failure was `no_place`. */
  private lacksPort = false;
  private publishedState: BreakerState = 'closed';

  constructor(
    @Inject(CONFIG) private readonly config: EnginesConfig,
    private readonly events: EventBus,
    private readonly runtime: EngineRuntime,
    private readonly connectivity: RuntimeConnectivity,
    private readonly placement: EnginePlacement,
  ) {
    this.breaker = new CircuitBreaker(
      viewOf(config, {
        threshold: 'circuitBreakerFailureThreshold',
        recoveryMs: 'circuitBreakerRecoveryTimeoutMs',
      }),
    );
  }

  /**
   * Time in ms until the backoff and the circuit breaker allow an attempt; 0 if they do, or if the breaker waits for
   * the result of a running attempt.
   */
  get retryInMs(): number {
    const now = monotonicMs();
    return Math.max(this.breaker.view(now).retryInMs, this.backoffUntil - now, 0);
  }

  get breakerView(): BreakerView {
    return this.breaker.view(monotonicMs());
  }

  /** @param present every engine that counts for placement, including those that are being created */
  isOpen(present: readonly PlacedEngine[]): boolean {
    return (
      this.connectivity.isUp &&
      this.allowsAttempt() &&
      this.placement.next(present).kind === 'allowed'
    );
  }

  /**
   * Why no engine can be created, for operators and viewers; the most serious reason comes first. A backoff is
   * reported only while the image is missing. Null if an engine can be created, or may be soon.
   *
   * @param present as of `isOpen`; null before the first listing
   */
  block(present: readonly PlacedEngine[] | null): ProvisioningBlock | null {
    const { runtime, retryInMs } = this;
    if (this.connectivity.downMs > REPORT_LOSS_AFTER_MS) {
      return {
        code: 'docker_unavailable',
        message: runtime.link.reason ?? 'Docker does not answer',
        retryInMs: null,
      };
    }
    if (!this.breaker.mayTry(monotonicMs())) {
      const { failures, lastFailure } = this.breakerView;
      const last = lastFailure === null ? '' : `, the last one: ${lastFailure.message}`;
      return {
        code: 'provisioning_blocked',
        message: `${failures} starts of engines in a row have failed${last}`,
        retryInMs,
      };
    }
    // Reported only during the backoff. Afterwards an operator may have pulled the image, and only an attempt finds
    // that out.
    if (runtime.image.state === 'missing' && retryInMs > 0) {
      const { reference, reason } = runtime.image;
      return {
        code: 'image_missing',
        message: `the image ${reference} is missing: ${reason ?? 'it could not be pulled'}`,
        retryInMs,
      };
    }
    const placement = present === null ? null : this.placement.next(present);
    if (placement?.kind === 'blocked') {
      return { code: 'provisioning_blocked', message: placement.reason, retryInMs: null };
    }
    return null;
  }

  /**
   * Begins an attempt; returns null if none is allowed now. Each attempt ends with `succeed`, `fail` or `abandon`.
   *
   * @param present as of `isOpen`
   */
  begin(present: readonly PlacedEngine[]): { readonly vpnSlot: VpnSlot | null } | null {
    if (!this.connectivity.isUp || !this.allowsAttempt()) return null;
    const placement = this.placement.next(present);
    if (placement.kind === 'blocked') return null;
    this.breaker.begin(monotonicMs());
    this.publishChange('one attempt is allowed');
    return { vpnSlot: placement.vpnSlot };
  }

  succeed(): void {
    this.failures = 0;
    this.breaker.succeed();
    this.publishChange('an engine has started');
  }

  fail({ code, message, retryAfterMs }: ProvisioningFailure): void {
    const now = monotonicMs();
    const { engineRetryBaseMs: base, engineRetryMaxMs: max } = this.config;
    this.failures += 1;
    this.lacksPort = code === 'no_place';
    const delayMs = withJitter(retryDelayMs(this.failures + 1, base, max), Math.random());
    // At most ENGINE_RETRY_MAX: what is missing may come in other ways, such as an image that is pulled by hand.
    this.backoffUntil = now + Math.max(delayMs, Math.min(retryAfterMs, max));
    if (NOT_COUNTED.has(code)) this.breaker.abandon();
    else this.breaker.fail(now, { code, message, at: new Date() });
    this.publishChange(message);
  }

  /** Ends an attempt without a result, because its engine is no longer wanted. */
  abandon(): void {
    this.breaker.abandon();
    this.publishChange('the attempt was abandoned');
  }

  /** Call when an engine is gone. Its port is free, so the backoff ends if the last attempt found no port. */
  releasePort(): void {
    if (this.lacksPort) this.backoffUntil = -Infinity;
    this.lacksPort = false;
  }

  reset(): void {
    this.failures = 0;
    this.backoffUntil = -Infinity;
    this.breaker.reset();
    this.publishChange('reset by an operator');
  }

  private allowsAttempt(): boolean {
    const now = monotonicMs();
    return now >= this.backoffUntil && this.breaker.mayTry(now);
  }

  private publishChange(reason: string): void {
    const { state, failures } = this.breakerView;
    const from = this.publishedState;
    if (state === from) return;
    this.publishedState = state;
    this.events.publish('breaker_changed', { from, to: state, reason });
    const line = `circuit breaker for new engines: ${from} -> ${state} (${reason})`;
    if (state === 'open') this.logger.warn(`${line}, after ${failures} failures in a row`);
    else this.logger.log(line);
  }
}
