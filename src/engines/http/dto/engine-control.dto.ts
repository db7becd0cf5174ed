import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsInt, IsOptional, IsString, Max, MaxLength, Min, MinLength } from 'class-validator';
import { wallClockIso } from '../../../kernel/clock';
import type { EngineLogs, EngineUsage } from '../../drivers/engine-runtime.port';

/** Body of `POST /engines/{id}/drain`; optional. */
export class DrainDto {
  /** Shown with the engine and in the event log. */
  @IsOptional()
  @IsString()
  @MinLength(1)
  @MaxLength(200)
  reason?: string;
}

/**
 * The removal of an engine was accepted. The slots of its streams are revoked, so the streams fail over to other
 * engines; the removal does not wait for them.
 */
export class EngineRemovingDto {
  @ApiProperty({ enum: ['removing'] })
  readonly status = 'removing';

  readonly container_id: string;

  constructor(engineId: string) {
    this.container_id = engineId;
  }
}

/** The process of an engine was restarted under the same id. */
export class EngineRestartedDto {
  @ApiProperty({ enum: ['restarted'] })
  readonly status = 'restarted';

  readonly container_id: string;

  constructor(engineId: string) {
    this.container_id = engineId;
  }
}

/** The refresh of the image has begun; `image_refresh` of `GET /orchestrator/status` shows its end. */
export class ImageRefreshStartedDto {
  @ApiProperty({ enum: ['refreshing'] })
  readonly status = 'refreshing';

  /** Reference of the image. */
  readonly image: string;

  constructor(image: string) {
    this.image = image;
  }
}

/** All engines are to be replaced; `rollout` of `GET /orchestrator/status` shows the progress. */
export class EnginesReplacingDto {
  @ApiProperty({ enum: ['replacing'] })
  readonly status = 'replacing';

  /** Number of engines to replace. */
  @ApiProperty({ type: 'integer' })
  readonly engines: number;

  constructor(engines: number) {
    this.engines = engines;
  }
}

const DEFAULT_LINES = 200;
const MOST_LINES = 2000;

export class LogQueryDto {
  /** How many of the newest lines to return. */
  @ApiPropertyOptional({ type: 'integer', minimum: 1, maximum: MOST_LINES, default: DEFAULT_LINES })
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(MOST_LINES)
  lines?: number;

  /** Another name for `lines`, which older clients send. */
  @ApiPropertyOptional({ type: 'integer', minimum: 1, maximum: MOST_LINES })
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(MOST_LINES)
  tail?: number;
}

export function linesWanted({ lines, tail }: LogQueryDto): number {
  return lines ?? tail ?? DEFAULT_LINES;
}

/** The latest output of an engine. */
export class EngineLogsDto {
  readonly container_id: string;

  /** Number of lines returned. */
  @ApiProperty({ type: 'integer' })
  readonly lines: number;

  /** Newest last, one line each. */
  readonly logs: string;

  /** ISO 8601, UTC. */
  readonly fetched_at: string;

  constructor(engineId: string, { lines }: EngineLogs) {
    this.container_id = engineId;
    this.lines = lines.length;
    this.logs = lines.join('\n');
    this.fetched_at = wallClockIso();
  }
}

/** What an engine uses now. */
export class EngineUsageDto {
  readonly container_id: string;

  /** 100 is one core. */
  readonly cpu_percent: number;

  readonly memory_usage_bytes: number;

  /** Null: no limit. */
  @ApiProperty({ type: Number, nullable: true })
  readonly memory_limit_bytes: number | null;

  /** Percentage of the limit; null when there is no limit. */
  @ApiProperty({ type: Number, nullable: true })
  readonly memory_percent: number | null;

  /** This and the following counters begin with the start of the engine. */
  readonly network_rx_bytes: number;
  readonly network_tx_bytes: number;
  readonly block_read_bytes: number;
  readonly block_write_bytes: number;

  /** ISO 8601, UTC. */
  readonly fetched_at: string;

  constructor(engineId: string, usage: EngineUsage) {
    const { memoryBytes, memoryLimitBytes } = usage;
    this.container_id = engineId;
    this.cpu_percent = rounded(usage.cpuPercent);
    this.memory_usage_bytes = memoryBytes;
    this.memory_limit_bytes = memoryLimitBytes === 0 ? null : memoryLimitBytes;
    this.memory_percent =
      memoryLimitBytes === 0 ? null : rounded((memoryBytes / memoryLimitBytes) * 100);
    this.network_rx_bytes = usage.networkRxBytes;
    this.network_tx_bytes = usage.networkTxBytes;
    this.block_read_bytes = usage.blockReadBytes;
    this.block_write_bytes = usage.blockWriteBytes;
    this.fetched_at = wallClockIso();
  }
}

/** Rounds to two decimals. */
function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}
