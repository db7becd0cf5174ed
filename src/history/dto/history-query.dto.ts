import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import {
  IsIn,
  IsInt,
  IsISO8601,
  IsOptional,
  IsString,
  Matches,
  Max,
  MaxLength,
  Min,
} from 'class-validator';
import {
  HISTORY_OUTCOMES,
  type HistoryOutcome,
  SUBJECT_ORDER_NAMES,
  type SubjectOrder,
} from '../../storage';
import { METRIC_NAMES, type MetricName } from '../metric';

class PeriodQueryDto {
  /** Start of the period. ISO 8601. */
  @IsOptional()
  @IsISO8601({ strict: true })
  @MaxLength(40)
  from?: string;

  /** End of the period; now if it is missing. ISO 8601. */
  @IsOptional()
  @IsISO8601({ strict: true })
  @MaxLength(40)
  to?: string;

  /** `csv` for a CSV file, which the header `Accept: text/csv` asks for too. */
  @IsOptional()
  @IsIn(['json', 'csv'])
  format?: 'json' | 'csv';
}

class StreamFilterQueryDto extends PeriodQueryDto {
  /** Only streams of the channel with this id. */
  @IsOptional()
  @IsString()
  @MaxLength(64)
  channel?: string;

  /** Only streams with this id or infohash. */
  @IsOptional()
  @IsString()
  @MaxLength(512)
  stream_id?: string;

  /** Only streams that went this way. */
  @ApiPropertyOptional({ enum: HISTORY_OUTCOMES })
  @IsOptional()
  @IsIn(HISTORY_OUTCOMES)
  outcome?: HistoryOutcome;
}

/** Filters of `GET /history/streams`. A stream must match all of them, and have run in the period. */
export class StreamHistoryQueryDto extends StreamFilterQueryDto {
  /** `next_cursor` of an answer, for the streams after it. */
  @ApiPropertyOptional({ example: '1769890500000-3f9c0a7be1d25846' })
  @IsOptional()
  @Matches(/^\d{1,15}-[0-9a-f]{16}$/, { message: 'cursor must be the next_cursor of an answer' })
  cursor?: string;

  /** Maximum number of streams to return. A CSV file without it has all of them. */
  @ApiPropertyOptional({ default: 100 })
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(1000)
  limit?: number;
}

/** Filters of `GET /history/channels`, and the order of its answer. */
export class ChannelHistoryQueryDto extends StreamFilterQueryDto {
  /** What the channels and contents are sorted by, the largest first. */
  @ApiPropertyOptional({ enum: SUBJECT_ORDER_NAMES })
  @IsOptional()
  @IsIn(SUBJECT_ORDER_NAMES)
  sort: SubjectOrder = 'viewer_minutes';

  /** Number of channels and contents to leave out at the beginning. */
  @ApiPropertyOptional()
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(0)
  @Max(1_000_000)
  offset: number = 0;

  /** Maximum number of channels and contents to return. A CSV file without it has all of them. */
  @ApiPropertyOptional({ default: 100 })
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(1000)
  limit?: number;
}

/** What `GET /history/series` shows. Without `from`, it is the last day; with steps of 10 s, the last 15 minutes. */
export class SeriesQueryDto extends PeriodQueryDto {
  /** The metric to show. */
  @ApiProperty({ enum: METRIC_NAMES })
  @IsIn(METRIC_NAMES)
  metric!: MetricName;

  /** Length of a step, such as `10s`, `5m` or `1h`: 10 s, or whole minutes. By default, a length that fits the period. */
  @ApiPropertyOptional({ example: '5m' })
  @IsOptional()
  @Matches(/^\d{1,9}(s|m|min|h|d)?$/, { message: 'step must be a duration, as 10s, 5m or 1h' })
  step?: string;
}
