import { ApiProperty } from '@nestjs/swagger';
import { wallClockIso } from '../../../kernel/clock';
import type { BreakerState, BreakerView } from '../../fleet/fleet.types';
import type { EngineCounts } from '../../fleet/fleet-summary';
import { BREAKER_STATES } from './fleet-state.dto';

/** The circuit breaker without the message of its last failure, which may contain host names: this answer is public. */
export class BreakerHealthDto {
  @ApiProperty({ enum: BREAKER_STATES })
  readonly state: BreakerState;

  /** Failures in a row. */
  @ApiProperty({ type: 'integer' })
  readonly failure_count: number;

  /** The breaker opens after this many failures in a row. */
  @ApiProperty({ type: 'integer' })
  readonly failure_threshold: number;

  /** Seconds until the next attempt is allowed; 0 when attempts are allowed. */
  @ApiProperty({ type: 'integer' })
  readonly retry_in_s: number;

  /** ISO 8601, UTC. */
  @ApiProperty({ type: String, nullable: true })
  readonly last_failure_time: string | null;

  constructor({ state, failures, threshold, retryInMs, lastFailure }: BreakerView) {
    this.state = state;
    this.failure_count = failures;
    this.failure_threshold = threshold;
    this.retry_in_s = Math.ceil(retryInMs / 1000);
    this.last_failure_time = lastFailure === null ? null : wallClockIso(lastFailure.at);
  }
}

export class BreakersDto {
  /** The only circuit breaker. It covers the creation of every engine. */
  readonly general: BreakerHealthDto;

  constructor(breaker: BreakerView) {
    this.general = new BreakerHealthDto(breaker);
  }
}

export interface FleetHealthFacts {
  readonly counts: EngineCounts;
  readonly breaker: BreakerView;
  readonly markedForReplacement: number;
  readonly minReplicas: number;
  readonly probeIntervalMs: number;
}

/** Engines by health. Numbers only: this answer is public. */
export class FleetHealthDto {
  @ApiProperty({ type: 'integer' })
  readonly total_engines: number;

  @ApiProperty({ type: 'integer' })
  readonly healthy_engines: number;

  @ApiProperty({ type: 'integer' })
  readonly unhealthy_engines: number;

  /**
   * Engines that the fleet drains, because they are being replaced, removed or restarted, or because their VPN is
   * down.
   */
  @ApiProperty({ type: 'integer' })
  readonly marked_for_replacement: number;

  /** `MIN_REPLICAS`; 0 when the engines are not run by acefleet. */
  @ApiProperty({ type: 'integer' })
  readonly minimum_required: number;

  readonly health_check_interval_s: number;

  readonly circuit_breakers: BreakersDto;

  constructor(facts: FleetHealthFacts) {
    this.total_engines = facts.counts.total;
    this.healthy_engines = facts.counts.healthy;
    this.unhealthy_engines = facts.counts.unhealthy;
    this.marked_for_replacement = facts.markedForReplacement;
    this.minimum_required = facts.minReplicas;
    this.health_check_interval_s = facts.probeIntervalMs / 1000;
    this.circuit_breakers = new BreakersDto(facts.breaker);
  }
}

export class BreakerResetDto {
  readonly message: string;
  readonly circuit_breakers: BreakersDto;

  constructor(breaker: BreakerView) {
    this.message = 'The circuit breaker was reset.';
    this.circuit_breakers = new BreakersDto(breaker);
  }
}
