import { ApiPropertyOptional } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { IsIn, IsOptional } from 'class-validator';
import { type DomainEventType, EVENT_TYPES } from '../../events';
import { PUSH_TOPICS, type PushTopic } from '../push-topic';

/** What a client of the event stream follows. */
export class PushQueryDto {
  /** Topics, separated by commas or repeated. All by default. */
  @ApiPropertyOptional({ enum: PUSH_TOPICS, isArray: true })
  @IsOptional()
  @Transform(({ value }: { value: unknown }) => listOf(value))
  @IsIn(PUSH_TOPICS, { each: true })
  topics?: PushTopic[];

  /** Types of events, separated by commas or repeated. All by default. */
  @ApiPropertyOptional({ enum: EVENT_TYPES, isArray: true })
  @IsOptional()
  @Transform(({ value }: { value: unknown }) => listOf(value))
  @IsIn(EVENT_TYPES, { each: true })
  types?: DomainEventType[];
}

function listOf(value: unknown): unknown[] {
  return [value].flat().flatMap((one) => (typeof one === 'string' ? one.split(',') : [one]));
}
