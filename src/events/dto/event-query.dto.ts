import { Type } from 'class-transformer';
import { IsIn, IsInt, IsOptional, IsString, Max, MaxLength, Min } from 'class-validator';
import { type DomainEventType } from '../domain-events';
import { EVENT_TYPES } from '../event-type';
import { ApiPropertyOptional } from '@nestjs/swagger';

/** Filters of `GET /events`. An event must match all of them. */
export class EventQueryDto {
  /** Only events of this type. */
  @ApiPropertyOptional({ enum: EVENT_TYPES })
  @IsOptional()
  @IsIn(EVENT_TYPES)
  type?: DomainEventType;

  /** Only events of this stream. */
  @IsOptional()
  @IsString()
  @MaxLength(512)
  stream_id?: string;

  /** Only events of this engine, which include changes of source from it or to it. */
  @IsOptional()
  @IsString()
  @MaxLength(512)
  engine_id?: string;

  /** Alias of `engine_id` for older clients. */
  @IsOptional()
  @IsString()
  @MaxLength(512)
  container_id?: string;

  /** Only events after the one with this id. */
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(0)
  since?: number;

  /** Maximum number of events to return. */
  @ApiPropertyOptional()
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(1000)
  limit: number = 100;
}
