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

  /** Events that are not on the disk yet: those of the last half second, or all since the disk began to refuse them. */
  readonly unwritten: number;

  /** Events since the start that are not in the log, because too many came at once or the disk refused them for too long. */
  readonly lost: number;

  /** False if the disk does not answer: only the newest events are counted, which are in memory. */
  readonly complete: boolean;

  constructor(totals: EventTotals) {
    this.total = totals.total;
    this.by_type = Object.fromEntries(totals.byType);
    this.oldest = toIso(totals.oldestMs);
    this.newest = toIso(totals.newestMs);
    this.unwritten = totals.unwritten;
    this.lost = totals.lost;
    this.complete = totals.isComplete;
  }
}

function toIso(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}
