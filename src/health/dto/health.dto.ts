import { ApiProperty } from '@nestjs/swagger';
import type { JobTrouble } from '../../coordination';
import type { StorageTrouble } from '../../storage';
import { READINESS_REASONS, type ReadinessReason, type UnreadyReason } from '../unready-reason';

/** The process is running. */
export class LivenessDto {
  @ApiProperty({ enum: ['ok'] })
  readonly status = 'ok';
}

/** Whether new viewers can be served, and current problems. */
export class ReadinessDto {
  /** `degraded`: new viewers are served, but an operator should act. */
  @ApiProperty({ enum: ['ready', 'degraded', 'not_ready'] })
  readonly status: 'ready' | 'degraded' | 'not_ready';

  /**
   * Empty when ready. `storage_…`: files in DATA_DIR cannot be written, or were damaged. `redis_unavailable`: the
   * server of REDIS_URL does not answer, or refuses the connection or a command.
   */
  @ApiProperty({ isArray: true, enum: READINESS_REASONS })
  readonly reasons: readonly ReadinessReason[];

  /** One line for each faulty file, and one for Redis. */
  @ApiProperty({ type: [String] })
  readonly details: readonly string[];

  constructor(
    unready: readonly UnreadyReason[],
    degradations: readonly (StorageTrouble | JobTrouble)[],
  ) {
    const whenServing = degradations.length === 0 ? 'ready' : 'degraded';
    this.status = unready.length === 0 ? whenServing : 'not_ready';
    this.reasons = [...unready, ...new Set(degradations.map(({ code }) => code))];
    this.details = degradations.map(({ detail }) => detail);
  }
}
