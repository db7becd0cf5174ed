import { ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsInt, IsOptional, Max, Min } from 'class-validator';

/** Which events `POST /events/cleanup` removes. */
export class EventCleanupQueryDto {
  /** Events that are older than this number of days are removed. */
  @ApiPropertyOptional()
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(0)
  @Max(3650)
  max_age_days: number = 30;
}

export class EventCleanupDto {
  /** Number of removed events. */
  readonly deleted!: number;
  readonly message!: string;
}
