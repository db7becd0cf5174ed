import { ApiProperty } from '@nestjs/swagger';
import { wallClockIso } from '../../../kernel/clock';
import type { DriverChoice } from '../../drivers/driver-choice';
import type { DriverKind } from '../../drivers/engine-driver.port';
import type {
  RuntimeImage,
  RuntimeLink,
  RuntimeLinkState,
} from '../../drivers/engine-runtime.port';
import type {
  BreakerState,
  BreakerView,
  FleetDecisionRecord,
  ImageRefreshStatus,
  RolloutCause,
  RolloutStatus,
} from '../../fleet/fleet.types';
import { DRAIN_REASONS, type DrainReason } from '../../registry/engine.types';

/** Every value of a union; the compiler keeps the list complete. */
function valuesOf<Value extends string>(values: Readonly<Record<Value, true>>): readonly Value[] {
  return Object.keys(values) as Value[];
}

const DRIVERS = valuesOf<DriverKind>({ static: true, docker: true, swarm: true, simulator: true });
const LINK_STATES = valuesOf<RuntimeLinkState>({ connecting: true, connected: true, lost: true });
const IMAGE_STATES = valuesOf<RuntimeImage['state']>({
  unknown: true,
  present: true,
  pulling: true,
  missing: true,
});
const DECISIONS = valuesOf<FleetDecisionRecord['kind']>({
  scale: true,
  provision: true,
  remove: true,
  drain: true,
  undrain: true,
  unpause: true,
});

const ROLLOUT_STATES = valuesOf<RolloutStatus['state']>({
  idle: true,
  running: true,
  stopped: true,
});
const ROLLOUT_CAUSES = valuesOf<RolloutCause>({ image_changed: true, replace_requested: true });

export const BREAKER_STATES = valuesOf<BreakerState>({ closed: true, open: true, half_open: true });

/** The driver that provides the engines. */
export class DriverDto {
  @ApiProperty({ enum: DRIVERS })
  readonly kind: DriverKind;

  /** Why this driver is used. */
  readonly why: string;

  /** True when simulated engines were chosen because nothing else was available: only test pictures are played. */
  readonly is_stopgap: boolean;

  constructor(choice: DriverChoice) {
    this.kind = choice.kind;
    this.why = choice.why;
    this.is_stopgap = choice.isFallback;
  }
}

/** The connection to the runtime (Docker). */
export class LinkDto {
  @ApiProperty({ enum: LINK_STATES })
  readonly state: RuntimeLinkState;

  /** ISO 8601, UTC. */
  readonly since: string;

  /** Why it is not connected; null when it is. */
  @ApiProperty({ type: String, nullable: true })
  readonly reason: string | null;

  constructor(link: RuntimeLink) {
    this.state = link.state;
    this.since = wallClockIso(link.since);
    this.reason = link.reason;
  }
}

/** Progress of a pull. */
export class PullProgressDto {
  readonly current_bytes: number;

  /** Known so far; it grows while more layers are found. */
  readonly total_bytes: number;

  constructor(progress: NonNullable<RuntimeImage['progress']>) {
    this.current_bytes = progress.currentBytes;
    this.total_bytes = progress.totalBytes;
  }
}

/** The image from which engines are created. */
export class ImageDto {
  readonly reference: string;

  /** Id of the image to which the reference leads; null when it is not known. Engines with another one are replaced. */
  @ApiProperty({ type: String, nullable: true })
  readonly id: string | null;

  @ApiProperty({ enum: IMAGE_STATES })
  readonly state: RuntimeImage['state'];

  /** Only while the image is being pulled. */
  @ApiProperty({ type: PullProgressDto, nullable: true })
  readonly progress: PullProgressDto | null;

  /** Why it is missing; null when it is present. */
  @ApiProperty({ type: String, nullable: true })
  readonly reason: string | null;

  constructor(image: RuntimeImage) {
    this.reference = image.reference;
    this.id = image.id;
    this.state = image.state;
    this.progress = image.progress === null ? null : new PullProgressDto(image.progress);
    this.reason = image.reason;
  }
}

/** Why the last refresh of the image failed. */
export class ImageRefreshErrorDto {
  readonly code: string;
  readonly message: string;

  constructor({ code, message }: { readonly code: string; readonly message: string }) {
    this.code = code;
    this.message = message;
  }
}

/** Refreshes of the engines' image: its tag is pulled again. */
export class ImageRefreshDto {
  readonly is_running: boolean;

  /** Null when `ENGINE_IMAGE_REFRESH` is `off`, or engines have no image. ISO 8601, UTC. */
  @ApiProperty({ type: String, nullable: true })
  readonly next_at: string | null;

  /** End of the last refresh since acefleet was started. ISO 8601, UTC. */
  @ApiProperty({ type: String, nullable: true })
  readonly last_at: string | null;

  /** Null when the last refresh succeeded, or there was none. */
  @ApiProperty({ type: ImageRefreshErrorDto, nullable: true })
  readonly last_error: ImageRefreshErrorDto | null;

  constructor({ isRunning, next, last }: ImageRefreshStatus) {
    const error = last?.error ?? null;
    this.is_running = isRunning;
    this.next_at = next === null ? null : wallClockIso(next);
    this.last_at = last === null ? null : wallClockIso(last.at);
    this.last_error = error === null ? null : new ImageRefreshErrorDto(error);
  }
}

/** Engines that are replaced one after the other. */
export class RolloutDto {
  /** `stopped`: a new engine has failed to start, so the other engines stay. */
  @ApiProperty({ enum: ROLLOUT_STATES })
  readonly state: RolloutStatus['state'];

  /** Why engines are replaced; null while `idle`. */
  @ApiProperty({ enum: ROLLOUT_CAUSES, nullable: true })
  readonly cause: RolloutCause | null;

  /** Engines to replace. */
  @ApiProperty({ type: 'integer' })
  readonly total: number;

  /** How many of them have left. */
  @ApiProperty({ type: 'integer' })
  readonly replaced: number;

  /** Only while `running`. ISO 8601, UTC. */
  @ApiProperty({ type: String, nullable: true })
  readonly started_at: string | null;

  /** Why it was stopped; null otherwise. */
  @ApiProperty({ type: String, nullable: true })
  readonly reason: string | null;

  constructor(rollout: RolloutStatus) {
    this.state = rollout.state;
    this.cause = rollout.cause;
    this.total = rollout.total;
    this.replaced = rollout.replaced;
    this.started_at = rollout.startedAt === null ? null : wallClockIso(rollout.startedAt);
    this.reason = rollout.reason;
  }
}

/** The last failure to create an engine. */
export class ProvisioningFailureDto {
  readonly code: string;
  readonly message: string;

  /** ISO 8601, UTC. */
  readonly time: string;

  constructor(failure: NonNullable<BreakerView['lastFailure']>) {
    this.code = failure.code;
    this.message = failure.message;
    this.time = wallClockIso(failure.at);
  }
}

/** The circuit breaker stops the creation of engines for a while after too many failures in a row. */
export class BreakerDto {
  @ApiProperty({ enum: BREAKER_STATES })
  readonly state: BreakerState;

  /** Failures in a row. */
  @ApiProperty({ type: 'integer' })
  readonly failures: number;

  /** The breaker opens after this many failures in a row. */
  @ApiProperty({ type: 'integer' })
  readonly threshold: number;

  /** Seconds until the next attempt is allowed; 0 when attempts are allowed. */
  readonly retry_in_s: number;

  @ApiProperty({ type: ProvisioningFailureDto, nullable: true })
  readonly last_failure: ProvisioningFailureDto | null;

  constructor(breaker: BreakerView) {
    this.state = breaker.state;
    this.failures = breaker.failures;
    this.threshold = breaker.threshold;
    this.retry_in_s = Math.ceil(breaker.retryInMs / 1000);
    this.last_failure =
      breaker.lastFailure === null ? null : new ProvisioningFailureDto(breaker.lastFailure);
  }
}

/** A decision of the fleet, and why. */
export class DecisionDto {
  /** ISO 8601, UTC. */
  readonly time: string;

  /** `scale`: the wanted number of engines has changed. */
  @ApiProperty({ enum: DECISIONS })
  readonly kind: FleetDecisionRecord['kind'];

  @ApiProperty({ type: String, nullable: true })
  readonly engine_id: string | null;

  /** Why an engine is removed or drained; null for other decisions. */
  @ApiProperty({ enum: DRAIN_REASONS, nullable: true })
  readonly reason: DrainReason | null;

  /** The reason in words. */
  readonly why: string;

  constructor(decision: FleetDecisionRecord) {
    this.time = wallClockIso(decision.at);
    this.kind = decision.kind;
    this.engine_id = decision.engineId;
    this.reason = decision.reason;
    this.why = decision.why;
  }
}
