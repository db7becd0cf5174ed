import { ApiProperty } from '@nestjs/swagger';
import { IsString, Matches, MaxLength, MinLength } from 'class-validator';
import type { FleetLimits } from '../../fleet/fleet.types';

export class ScaleParamsDto {
  /** The minimum number of engines. */
  @ApiProperty({ type: 'integer', minimum: 0 })
  @Matches(/^\d{1,6}$/, { message: 'n must be a whole number from 0 on' })
  n!: string;
}

/** The minimum number of engines until the next such request. */
export class ScaledDto {
  /** The requested number, bounded by `min` and `max`. */
  @ApiProperty({ type: 'integer' })
  readonly scaled_to: number;

  @ApiProperty({ type: 'integer' })
  readonly requested: number;

  /** `MIN_REPLICAS` */
  @ApiProperty({ type: 'integer' })
  readonly min: number;

  /** `MAX_REPLICAS` */
  @ApiProperty({ type: 'integer' })
  readonly max: number;

  constructor(scaledTo: number, requested: number, limits: FleetLimits) {
    this.scaled_to = scaledTo;
    this.requested = requested;
    this.min = limits.minReplicas;
    this.max = limits.maxReplicas;
  }
}

/** Engines that had ended or were never started were removed. */
export class GarbageCollectedDto {
  @ApiProperty({ enum: ['done'] })
  readonly status = 'done';

  /** Number of removed engines. */
  @ApiProperty({ type: 'integer' })
  readonly removed: number;

  constructor(removed: number) {
    this.removed = removed;
  }
}

export class LabelQueryDto {
  /** Name of the label. */
  @IsString()
  @MinLength(1)
  @MaxLength(300)
  key!: string;

  /** Its value; may be empty. */
  @IsString()
  @MaxLength(4000)
  value!: string;
}
