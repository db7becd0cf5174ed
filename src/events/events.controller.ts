import { Readable } from 'node:stream';
import { Controller, Get, HttpCode, Post, Query, Res } from '@nestjs/common';
import { ApiOperation, ApiProduces, ApiResponse, ApiTags, getSchemaPath } from '@nestjs/swagger';
import { NeedsScope } from '../access';
import { ApiProblems, type FastifyReply } from '../http';
import { EventCleanupDto, EventCleanupQueryDto } from './dto/event-cleanup.dto';
import { EventExportQueryDto, EventQueryDto, toEventFilter } from './dto/event-query.dto';
import { EventDto } from './dto/event.dto';
import { EventStatsDto } from './dto/event-stats.dto';
import { eventsAsCsv, eventsAsJson } from './event-export';
import { EventLog } from './event-log';

const DAY_MS = 86_400_000;

/** Set to `memory` if the disk does not answer, so that only the newest events were searched. */
const SOURCE_HEADER = 'X-Events-Source';

@ApiTags('events')
@Controller(['api/v1/events', 'events'])
export class EventsController {
  constructor(private readonly log: EventLog) {}

  /**
   * List events. The newest ones, or with `since` the first ones after it, in the order in which they occurred; with
   * `order=desc` always the newest ones, newest first. For the next page use the last id as `since`, for older events the
   * lowest id as `until`. If the disk does not answer, the newest events are listed from memory, and `X-Events-Source` is
   * `memory`.
   */
  @Get()
  async list(
    @Query() query: EventQueryDto,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<EventDto[]> {
    const isForwards = query.since !== undefined && query.order === 'asc';
    const { events, isComplete } = await this.log.find(
      toEventFilter(query),
      query.limit,
      isForwards ? 'oldest' : 'newest',
    );
    if (!isComplete) void reply.header(SOURCE_HEADER, 'memory');
    const list = events.map((event) => new EventDto(event));
    return query.order === 'asc' ? list : list.reverse();
  }

  /** Count the events in the log. */
  @Get('stats')
  async stats(): Promise<EventStatsDto> {
    return new EventStatsDto(await this.log.totals());
  }

  @Get('export')
  @ApiOperation({
    summary: 'Export events',
    description:
      'All matching events of the log, oldest first, as a JSON array or as a CSV file. Texts that a spreadsheet would evaluate get a leading apostrophe.',
  })
  @ApiProblems('storage_failed')
  @ApiProduces('application/json', 'text/csv')
  @ApiResponse({
    status: 200,
    description: 'The events',
    content: {
      'application/json': {
        schema: { type: 'array', items: { $ref: getSchemaPath(EventDto) } },
      },
      'text/csv': { schema: { type: 'string' } },
    },
  })
  async export(@Query() query: EventExportQueryDto, @Res() reply: FastifyReply): Promise<void> {
    const isCsv = query.format === 'csv';
    const filter = toEventFilter(query);
    // Before the head of the answer is sent, because a failure must get its own status.
    await this.log.findOnDisk(filter, 1, 'oldest');
    const text = (isCsv ? eventsAsCsv : eventsAsJson)(this.log, filter);
    void reply.headers({
      'Content-Type': isCsv ? 'text/csv; charset=utf-8' : 'application/json; charset=utf-8',
      'Content-Disposition': `attachment; filename="events.${query.format}"`,
      'Cache-Control': 'private, no-store',
    });
    await reply.send(Readable.from(text, { objectMode: false }));
  }

  /** Remove old events. Answers 507 or 503 if the disk refuses. */
  @Post('cleanup')
  @NeedsScope('admin')
  @HttpCode(200)
  @ApiProblems('storage_full', 'storage_failed')
  async cleanup(@Query() { max_age_days }: EventCleanupQueryDto): Promise<EventCleanupDto> {
    const deleted = await this.log.removeBefore(Date.now() - max_age_days * DAY_MS);
    return { deleted, message: `${deleted} events were removed.` };
  }
}
