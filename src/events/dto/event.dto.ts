import { ApiProperty } from '@nestjs/swagger';
import { EVENT_LEVELS } from '../event-description';
import { EVENT_TYPES } from '../event-type';
import { type LoggedEvent, textOf } from '../logged-event';

/** One fact about an engine, a stream or a viewer. */
export class EventDto {
  /** Increases with every event, also over restarts. A gap within one run means that events were lost. */
  readonly id: number;

  @ApiProperty({ enum: EVENT_TYPES })
  readonly type: string;

  /** ISO 8601, UTC. */
  readonly time: string;

  /** `warning`: something was lost or repaired by itself. `error`: something has failed, or needs an operator. */
  @ApiProperty({ enum: EVENT_LEVELS })
  readonly level: string;

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

  constructor(event: LoggedEvent) {
    const { payload } = event;
    this.id = event.id;
    this.type = event.type;
    this.time = new Date(event.timeMs).toISOString();
    this.level = event.level;
    this.category = event.category;
    this.message = event.message;
    this.stream_id = event.streamId;
    // Events that concern two engines have both in their details.
    this.engine_id = textOf(payload, 'engine_id');
    this.client_id = textOf(payload, 'client_id');
    this.reason = textOf(payload, 'reason');
    this.details = { ...payload };
  }
}
