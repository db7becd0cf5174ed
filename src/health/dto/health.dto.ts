import { ApiProperty } from '@nestjs/swagger';
import { type UnreadyReason, UNREADY_REASONS } from '../unready-reason';

/** The process answers. */
export class LivenessDto {
  @ApiProperty({ enum: ['ok'] })
  readonly status = 'ok';
}

/** Whether new viewers can be served, and if not, why. */
export class ReadinessDto {
  @ApiProperty({ enum: ['ready', 'not_ready'] })
  readonly status: 'ready' | 'not_ready';

  /** Empty when ready. */
  @ApiProperty({ isArray: true, enum: UNREADY_REASONS })
  readonly reasons: readonly UnreadyReason[];

  constructor(reasons: readonly UnreadyReason[]) {
    this.status = reasons.length === 0 ? 'ready' : 'not_ready';
    this.reasons = reasons;
  }
}
