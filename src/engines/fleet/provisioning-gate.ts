import { Inject, Injectable, Logger } from '@nestjs/common';
import { CONFIG } from '../../config';
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

/** A shorter loss of the runtime is not reported: it may just be coming up. */
const REPORT_LOSS_AFTER_MS = 3000;

/** Failures that say nothing about engines: Docker, an image registry or a VPN is away and may return at any moment. */
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
 * Answers whether an engine may be created now, and if not, why and until when. An attempt is refused while the runtime
 * is not connected, during the backoff after a failure, while the circuit breaker is open, and while placement is blocked.
 */
@Injectable()
export class ProvisioningGate {
  private readonly logger = new Logger(ProvisioningGate.name);
  private readonly breaker: CircuitBreaker;
  private failures = 0;
  /** Monotonic ms. */
  private backoffUntil = -Infinity;
  /** The last failure was `no_place`. */
  private lacksPlace = false;
  private publishedState: BreakerState = 'closed';

  constructor(
    @Inject(CONFIG) private readonly config: EnginesConfig,
    private readonly events: EventBus,
    private readonly runtime: EngineRuntime,
    private readonly connectivity: RuntimeConnectivity,
    private readonly placement: EnginePlacement,
  ) {
    this.breaker = new CircuitBreaker({
      threshold: config.circuitBreakerFailureThreshold,
      recoveryMs: config.circuitBreakerRecoveryTimeoutMs,
    });
  }

  /** Time until the backoff and the circuit breaker allow an attempt; 0 when they do, or when a running attempt decides. */
  get retryInMs(): number {
    const now = monotonicMs();
    return Math.max(this.breaker.view(now).retryInMs, this.backoffUntil - now, 0);
  }

  get breakerView(): BreakerView {
    return this.breaker.view(monotonicMs());
  }

  /** @param placed every engine that takes a place, requested ones included */
  isOpen(placed: readonly PlacedEngine[]): boolean {
    return (
      this.connectivity.isUp && this.allowsAttempt() && this.placement.next(placed).kind === 'place'
    );
  }

  /**
   * Why no engine can be created, for operators and viewers; the first reason that applies explains most. A short backoff
   * is not reported. Null when an engine can be created, or will be soon.
   *
   * @param placed as of `isOpen`; null before the first listing
   */
  block(placed: readonly PlacedEngine[] | null): ProvisioningBlock | null {
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
    // Only during the backoff: somebody may have pulled the image meanwhile, and only an attempt finds that out.
    if (runtime.image.state === 'missing' && retryInMs > 0) {
      const { reference, reason } = runtime.image;
      return {
        code: 'image_missing',
        message: `the image ${reference} is missing: ${reason ?? 'it could not be pulled'}`,
        retryInMs,
      };
    }
    const place = placed === null ? null : this.placement.next(placed);
    if (place?.kind === 'blocked') {
      return { code: 'provisioning_blocked', message: place.reason, retryInMs: null };
    }
    return null;
  }

  /**
   * Begins an attempt; null: no attempt is allowed now. Each attempt ends with `succeed`, `fail` or `abandon`.
   *
   * @param placed as of `isOpen`
   */
  begin(placed: readonly PlacedEngine[]): { readonly vpnSlot: VpnSlot | null } | null {
    if (!this.connectivity.isUp || !this.allowsAttempt()) return null;
    const place = this.placement.next(placed);
    if (place.kind === 'blocked') return null;
    this.breaker.begin(monotonicMs());
    this.publishChange('one attempt is allowed');
    return { vpnSlot: place.vpnSlot };
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
    this.lacksPlace = code === 'no_place';
    const delayMs = withJitter(retryDelayMs(this.failures + 1, base, max), Math.random());
    // At most ENGINE_RETRY_MAX: what is missing may come in other ways, such as an image that is pulled by hand.
    this.backoffUntil = now + Math.max(delayMs, Math.min(retryAfterMs, max));
    if (NOT_COUNTED.has(code)) this.breaker.abandon();
    else this.breaker.fail(now, { code, message, at: new Date() });
    this.publishChange(message);
  }

  /** The attempt ended without a result: it is no longer wanted. */
  abandon(): void {
    this.breaker.abandon();
    this.publishChange('the attempt was abandoned');
  }

  /** An engine is gone, and its port is free: the backoff of an attempt that found no port ends. */
  releasePlace(): void {
    if (this.lacksPlace) this.backoffUntil = -Infinity;
    this.lacksPlace = false;
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
