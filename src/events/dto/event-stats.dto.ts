import { ApiProperty } from '@nestjs/swagger';
import { type EventTotals } from '../event-log';

/** Contents of the event log. */
export class EventStatsDto {
  /** Events in the log. */
  readonly total: number;

  /** Events in the log by type, without types that have none. */
  @ApiProperty({ type: 'object', additionalProperties: { type: 'integer' } })
  readonly by_type: Record<string, number>;

  /** Time of the oldest event in the log. ISO 8601, UTC. */
  @ApiProperty({ type: String, nullable: true })
  readonly oldest: string | null;

  /** Time of the newest event in the log. ISO 8601, UTC. */
  @ApiProperty({ type: String, nullable: true })
  readonly newest: string | null;

  /** Events since the start that were not logged because too many came at once. */
  readonly lost: number;

  constructor(totals: EventTotals) {
    this.total = totals.total;
    this.by_type = { ...totals.byType };
    this.oldest = totals.oldest?.time ?? null;
    this.newest = totals.newest?.time ?? null;
    this.lost = totals.lost;
  }
}
