import { ApiProperty } from '@nestjs/swagger';
import { IsOptional, Matches } from 'class-validator';

/** What to check. */
export class CheckRequestDto {
  /** Only the channels of this group, 1 to 100 characters. */
  @IsOptional()
  @Matches(/^[^\p{Cc}\p{Cs}]{1,100}$/u, { message: 'group must be text of 1 to 100 characters' })
  group?: string | null;
}

/** A number of sources that are checked together. */
export class CheckRunDto {
  id!: string;
  trigger!: 'request' | 'schedule';
  /** The channel whose sources are checked; `null`: all visible channels, or those of `group`. */
  channel!: string | null;
  group!: string | null;
  state!: 'running' | 'finished' | 'stopped';
  /** ISO 8601, UTC. */
  started_at!: string;
  /** `null` while the run is running. */
  ended_at!: string | null;
  /** Number of sources. */
  @ApiProperty({ type: 'integer' })
  total!: number;
  @ApiProperty({ type: 'integer' })
  working!: number;
  @ApiProperty({ type: 'integer' })
  failed!: number;
  /** Without a result: viewers use or may need the content, or engines are at fault. */
  @ApiProperty({ type: 'integer' })
  skipped!: number;
}

/** A source that is being checked. */
export class ActiveCheckDto {
  id!: string;
  kind!: 'content_id' | 'infohash';
  /** `waiting`: too few slots are free. */
  state!: 'checking' | 'waiting';
}

export class ChecksDto {
  /** SOURCE_CHECK_INTERVAL; `null`: checks are made only on request. */
  interval_s!: number | null;
  active!: ActiveCheckDto[];
  /** Number of sources whose check has not begun. */
  @ApiProperty({ type: 'integer' })
  waiting!: number;
  /** The runs that have not ended. */
  runs!: CheckRunDto[];
  /** The run that ended last. */
  last_run!: CheckRunDto | null;
}
