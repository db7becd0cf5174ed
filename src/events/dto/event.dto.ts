import { ApiProperty } from '@nestjs/swagger';
import { type DomainEventType, type RecordedEvent } from '../domain-events';
import { categoryOf, describeEvent, EVENT_LEVELS, type EventLevel } from '../event-description';
import { EVENT_TYPES } from '../event-type';

/** One fact about an engine, a stream or a viewer. */
export class EventDto {
  /** Increases by one per event; a gap means that events were lost. Restarts from 1 with each process. */
  readonly id: number;

  @ApiProperty({ enum: EVENT_TYPES })
  readonly type: DomainEventType;

  /** ISO 8601, UTC. */
  readonly time: string;

  /** `warning`: something was lost or repaired by itself. `error`: something has failed, or needs an operator. */
  @ApiProperty({ enum: EVENT_LEVELS })
  readonly level: EventLevel;

  /** What the event is about, such as `engine`, `stream`, `channel`, `vpn`, `fleet`. */
  readonly category: string;

  /** The event as one English sentence. */
  readonly message: string;

  /** The stream that the event is about, if any. */
  @ApiProperty({ type: String, nullable: true })
  readonly stream_id: string | null;

  /** The engine that the event is about, if any. */
  @ApiProperty({ type: String, nullable: true })
  readonly engine_id: string | null;

  /** The viewer that the event is about, if any. */
  @ApiProperty({ type: String, nullable: true })
  readonly client_id: string | null;

  /** The cause, if the event has one. */
  @ApiProperty({ type: String, nullable: true })
  readonly reason: string | null;

  /** All data of the event; the fields depend on its type. */
  @ApiProperty({ type: 'object', additionalProperties: true })
  readonly details: Record<string, unknown>;

  constructor(event: RecordedEvent) {
    const { payload } = event;
    this.id = event.id;
    this.type = event.type;
    this.time = event.time;
    const description = describeEvent(event);
    this.level = description.level;
    this.category = categoryOf(description);
    this.message = description.text;
    this.stream_id = 'stream_id' in payload ? payload.stream_id : null;
    this.engine_id = 'engine_id' in payload ? payload.engine_id : null;
    this.client_id = 'client_id' in payload ? payload.client_id : null;
    this.reason = 'reason' in payload ? payload.reason : null;
    this.details = { ...payload };
  }
}
