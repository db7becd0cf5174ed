import { ApiPropertyOptional } from '@nestjs/swagger';
import { Transform, Type } from 'class-transformer';
import { IsIn, IsInt, IsOptional, IsString, Matches, Max, MaxLength, Min } from 'class-validator';
import type { EventFilter } from '../../storage';
import { type DomainEventType } from '../domain-events';
import { EVENT_LEVELS, type EventLevel } from '../event-description';
import { EVENT_TYPES } from '../event-type';

/** The id of an event, or a time in ISO 8601 with its zone. */
const ID_OR_TIME =
  /^(?:\d{1,15}|\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d))?)$/;

const ID_OR_TIME_ERROR = { message: '$property must be the id of an event, or a time in ISO 8601' };

const FORMATS = ['json', 'csv'] as const;

/** Filters of events. An event must match all of them. */
export class EventFilterDto {
  /** Only events of these types, separated by commas. */
  @ApiPropertyOptional({ enum: EVENT_TYPES, isArray: true, explode: false } as object)
  @IsOptional()
  @Transform(({ value }: { value: unknown }) =>
    typeof value === 'string' ? value.split(',') : value,
  )
  @IsIn(EVENT_TYPES, { each: true })
  type?: DomainEventType[];

  /** Only events of this level or a worse one. */
  @ApiPropertyOptional({ enum: EVENT_LEVELS })
  @IsOptional()
  @IsIn(EVENT_LEVELS)
  level?: EventLevel;

  /** Only events about such things: `engine`, `stream`, `channel`, `vpn`, `fleet` and so on. */
  @IsOptional()
  @IsString()
  @MaxLength(64)
  category?: string;

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

  /** Only events of this channel. */
  @IsOptional()
  @IsString()
  @MaxLength(512)
  channel?: string;

  /** Only events whose message contains this text. */
  @IsOptional()
  @IsString()
  @MaxLength(200)
  text?: string;

  /** Only events after the one with this id, or from this time on. */
  @IsOptional()
  @Matches(ID_OR_TIME, ID_OR_TIME_ERROR)
  since?: string;

  /** Only events before the one with this id, or before this time. */
  @IsOptional()
  @Matches(ID_OR_TIME, ID_OR_TIME_ERROR)
  until?: string;
}

/** Filters of `GET /events`. */
export class EventQueryDto extends EventFilterDto {
  /** Maximum number of events to return. */
  @ApiPropertyOptional()
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(1000)
  limit: number = 100;

  /** `desc`: the newest first. */
  @ApiPropertyOptional({ enum: ['asc', 'desc'] })
  @IsOptional()
  @IsIn(['asc', 'desc'])
  order: 'asc' | 'desc' = 'asc';
}

/** What `GET /events/export` writes. */
export class EventExportQueryDto extends EventFilterDto {
  /** `csv` for a CSV file, `json` for a JSON array. */
  @ApiPropertyOptional({ enum: FORMATS })
  @IsOptional()
  @IsIn(FORMATS)
  format: (typeof FORMATS)[number] = 'json';
}

export function toEventFilter(query: EventFilterDto): EventFilter {
  const since = idOrTime(query.since);
  const until = idOrTime(query.until);
  return {
    types: query.type,
    levels: query.level && EVENT_LEVELS.slice(EVENT_LEVELS.indexOf(query.level)),
    category: query.category,
    streamId: query.stream_id,
    engineId: query.engine_id ?? query.container_id,
    channel: query.channel,
    text: query.text,
    afterId: since?.id,
    fromMs: since?.ms,
    beforeId: until?.id,
    toMs: until?.ms,
  };
}

function idOrTime(text: string | undefined): { id?: number; ms?: number } | undefined {
  if (text === undefined) return undefined;
  return /^\d+$/.test(text) ? { id: Number(text) } : { ms: Date.parse(text) };
}
