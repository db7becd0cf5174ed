import { ApiProperty } from '@nestjs/swagger';
import { wallClockIso } from '../../../kernel/clock';
import type { DriverChoice } from '../../drivers/driver-choice';
import type { ProvisioningBlock } from '../../drivers/engine-driver.port';
import type { FleetStatus } from '../../fleet/fleet.types';
import {
  type EngineCounts,
  hindranceOf,
  OVERALL_STATES,
  type OverallState,
  overallOf,
} from '../../fleet/fleet-summary';
import type { VpnStatusDto } from '../../vpn/http/dto/vpn-status.dto';
import {
  BreakerDto,
  DecisionDto,
  DriverDto,
  ImageDto,
  ImageRefreshDto,
  LinkDto,
  RolloutDto,
} from './fleet-state.dto';

/** Engines by health. Starting and draining engines count neither as healthy nor as unhealthy. */
export class EngineCountsDto {
  @ApiProperty({ type: 'integer' })
  readonly total: number;

  /** Engines that have finished starting. */
  @ApiProperty({ type: 'integer' })
  readonly running: number;

  @ApiProperty({ type: 'integer' })
  readonly healthy: number;

  @ApiProperty({ type: 'integer' })
  readonly unhealthy: number;

  constructor(counts: EngineCounts) {
    this.total = counts.total;
    this.running = counts.running;
    this.healthy = counts.healthy;
    this.unhealthy = counts.unhealthy;
  }
}

export class StreamCountDto {
  /** Streams that have an engine. */
  @ApiProperty({ type: 'integer' })
  readonly active: number;

  /** Slot requests that no existing engine can serve. */
  @ApiProperty({ type: 'integer' })
  readonly waiting: number;

  constructor(active: number, waiting: number) {
    this.active = active;
    this.waiting = waiting;
  }
}

/** Counted in streams, over the engines that can be used now. */
export class CapacityDto {
  @ApiProperty({ type: 'integer' })
  readonly total: number;

  @ApiProperty({ type: 'integer' })
  readonly used: number;

  @ApiProperty({ type: 'integer' })
  readonly available: number;

  /** Maximum number of engines. */
  @ApiProperty({ type: 'integer' })
  readonly max_replicas: number;

  /** Minimum number of engines. */
  @ApiProperty({ type: 'integer' })
  readonly min_replicas: number;

  constructor(counts: EngineCounts, { limits }: FleetStatus) {
    this.total = counts.slots;
    this.used = counts.used;
    this.available = Math.max(0, this.total - this.used);
    this.max_replicas = limits.maxReplicas;
    this.min_replicas = limits.minReplicas;
  }
}

/** Why no further engine can be created now. */
export class BlockedReasonDto {
  /** `not_managed`, `max_capacity`, or the code of the obstacle. */
  readonly code: string;

  readonly message: string;

  /** Null when unknown. */
  @ApiProperty({ type: 'integer', nullable: true })
  readonly recovery_eta_seconds: number | null;

  /** False if acefleet cannot create engines with these settings at all. */
  readonly can_retry: boolean;

  /** True when the obstacle disappears by itself, in `recovery_eta_seconds`. */
  readonly should_wait: boolean;

  constructor({ code, message, retryInMs }: ProvisioningBlock) {
    this.code = code;
    this.message = message;
    this.recovery_eta_seconds = retryInMs === null ? null : Math.ceil(retryInMs / 1000);
    this.can_retry = code !== 'not_managed';
    this.should_wait = retryInMs !== null;
  }
}

export class ProvisioningDto {
  /** Whether a further engine could be created now. */
  readonly can_provision: boolean;

  @ApiProperty({ type: BlockedReasonDto, nullable: true })
  readonly blocked_reason_details: BlockedReasonDto | null;

  constructor(fleet: FleetStatus) {
    const hindrance = hindranceOf(fleet);
    this.can_provision = hindrance === null;
    this.blocked_reason_details = hindrance === null ? null : new BlockedReasonDto(hindrance);
  }
}

/** Summary of all VPNs; `/vpn/status` has the details. */
export class VpnSummaryDto {
  readonly enabled: boolean;
  readonly connected: boolean;
  readonly health: string;

  /** Container of the first VPN. */
  @ApiProperty({ type: String, nullable: true })
  readonly container: string | null;

  @ApiProperty({ type: 'integer', nullable: true })
  readonly forwarded_port: number | null;

  constructor(vpn: VpnSummary) {
    this.enabled = vpn.enabled;
    this.connected = vpn.connected;
    this.health = vpn.health;
    this.container = vpn.vpns[0]?.container_name ?? null;
    this.forwarded_port = vpn.vpns[0]?.forwarded_port ?? null;
  }
}

type VpnSummary = Pick<VpnStatusDto, 'enabled' | 'connected' | 'health' | 'vpns'>;

export class FleetConfigDto {
  /** Whether engines that are not needed are removed. */
  readonly auto_delete: boolean;

  /** An engine that is not needed is removed after this time without a stream. */
  readonly grace_period_s: number;

  /** The profile in use (`ENGINE_PROFILE`); null when engines are not containers. */
  @ApiProperty({ type: String, nullable: true })
  readonly engine_variant: string | null;

  constructor(fleet: FleetStatus) {
    this.auto_delete = fleet.runtime !== null;
    this.grace_period_s = fleet.limits.gracePeriodMs / 1000;
    this.engine_variant = fleet.profile;
  }
}

export interface OrchestratorFacts {
  readonly fleet: FleetStatus;
  readonly counts: EngineCounts;
  readonly driver: DriverChoice;
  readonly vpn: VpnSummary;
}

/** The status of the fleet, with the latest decisions and their reasons. */
export class OrchestratorStatusDto {
  /** `unavailable`: no engine can be used. `degraded`: streams start, but something is wrong. */
  @ApiProperty({ enum: OVERALL_STATES })
  readonly status: OverallState;

  /** Why the state is not `healthy`. */
  readonly reasons: string[];

  readonly engines: EngineCountsDto;
  readonly streams: StreamCountDto;
  readonly capacity: CapacityDto;
  readonly vpn: VpnSummaryDto;
  readonly provisioning: ProvisioningDto;
  readonly config: FleetConfigDto;

  readonly driver: DriverDto;

  /** How many engines there should be. */
  @ApiProperty({ type: 'integer' })
  readonly wanted: number;

  /** Why this number, most important reason first. */
  readonly why: string[];

  /** Existing engines, and requested ones. */
  @ApiProperty({ type: 'integer' })
  readonly present: number;

  /** Engines that are starting or requested. */
  @ApiProperty({ type: 'integer' })
  readonly starting: number;

  readonly breaker: BreakerDto;

  /** Null when the engines are not run by acefleet. */
  @ApiProperty({ type: LinkDto, nullable: true })
  readonly link: LinkDto | null;

  /** Null when the engines are not run by acefleet. */
  @ApiProperty({ type: ImageDto, nullable: true })
  readonly image: ImageDto | null;

  /** Null when the engines are not run by acefleet. */
  @ApiProperty({ type: ImageRefreshDto, nullable: true })
  readonly image_refresh: ImageRefreshDto | null;

  /** Null when the engines are not run by acefleet. */
  @ApiProperty({ type: RolloutDto, nullable: true })
  readonly rollout: RolloutDto | null;

  /** Recent decisions, newest last. */
  readonly decisions: DecisionDto[];

  /** ISO 8601, UTC. */
  readonly timestamp: string;

  constructor({ fleet, counts, driver, vpn }: OrchestratorFacts) {
    const overall = overallOf(fleet, counts);
    this.status = overall.state;
    this.reasons = [...overall.reasons];
    this.engines = new EngineCountsDto(counts);
    this.streams = new StreamCountDto(counts.streams, fleet.waiting);
    this.capacity = new CapacityDto(counts, fleet);
    this.vpn = new VpnSummaryDto(vpn);
    this.provisioning = new ProvisioningDto(fleet);
    this.config = new FleetConfigDto(fleet);
    this.driver = new DriverDto(driver);
    this.wanted = fleet.wanted;
    this.why = [...fleet.why];
    this.present = fleet.present;
    this.starting = fleet.starting;
    this.breaker = new BreakerDto(fleet.breaker);
    this.link = fleet.link === null ? null : new LinkDto(fleet.link);
    this.image = fleet.image === null ? null : new ImageDto(fleet.image);
    this.image_refresh =
      fleet.imageRefresh === null ? null : new ImageRefreshDto(fleet.imageRefresh);
    this.rollout = fleet.rollout === null ? null : new RolloutDto(fleet.rollout);
    this.decisions = fleet.decisions.map((decision) => new DecisionDto(decision));
    this.timestamp = wallClockIso();
  }
}
