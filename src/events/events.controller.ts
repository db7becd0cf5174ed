import { Controller, Get, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { EventQueryDto } from './dto/event-query.dto';
import { EventDto } from './dto/event.dto';
import { EventStatsDto } from './dto/event-stats.dto';
import { EventLog } from './event-log';

@ApiTags('events')
@Controller(['api/v1/events', 'events'])
export class EventsController {
  constructor(private readonly log: EventLog) {}

  /**
   * List events. The newest ones, or with `since` the first ones after it, in the order in which they occurred.
   */
  @Get()
  list(@Query() query: EventQueryDto): EventDto[] {
    const events = this.log.find({
      type: query.type,
      streamId: query.stream_id,
      engineId: query.engine_id ?? query.container_id,
      since: query.since,
      limit: query.limit,
    });
    return events.map((event) => new EventDto(event));
  }

  /** Count the events in the log. */
  @Get('stats')
  stats(): EventStatsDto {
    return new EventStatsDto(this.log.totals());
  }
}
