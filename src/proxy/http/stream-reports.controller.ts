import { Body, Controller, HttpCode, Post, Req } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { keyOfRequest, NeedsScope } from '../../access';
import { type Engine, EngineRegistry, ReportedStreams } from '../../engines';
import { HasOwnEvent } from '../../events';
import { ApiProblems, type FastifyRequest } from '../../http';
import { AppError } from '../../kernel/errors';
import {
  reportedEndpoint,
  StreamEndedAnswerDto,
  StreamEndedReportDto,
  StreamStartedReportDto,
  toStreamReport,
} from './dto/stream-report.dto';
import { StreamDto } from './dto/stream.dto';
import { toReportedStreamDto } from './stream-mapping';

/** Reports of proxies that play streams on the engines without acefleet. */
@ApiTags('events')
@Controller(['api/v1/events', 'events'])
export class StreamReportsController {
  constructor(
    private readonly engines: EngineRegistry,
    private readonly reported: ReportedStreams,
  ) {}

  /**
   * Report a stream of an outside proxy. It takes a slot of its engine until its end is reported, the engine no longer
   * knows its session, or the report was not repeated for 12 h. Repeated reports change nothing else. Answers 404 for an
   * unknown engine, and 409 if too many streams are reported.
   */
  @Post('stream_started')
  @HasOwnEvent()
  @NeedsScope('operate')
  @HttpCode(200)
  @ApiProblems('not_found', 'conflict')
  started(@Req() request: FastifyRequest, @Body() body: StreamStartedReportDto): StreamDto {
    const engine = this.engineOf(body);
    return toReportedStreamDto(this.reported.start(engine, toStreamReport(body), actor(request)));
  }

  /** Report the end of a stream of an outside proxy. Answers 404 for an unknown stream. */
  @Post('stream_ended')
  @HasOwnEvent()
  @NeedsScope('operate')
  @HttpCode(200)
  @ApiProblems('not_found')
  ended(@Req() request: FastifyRequest, @Body() body: StreamEndedReportDto): StreamEndedAnswerDto {
    const engineId = body.container_id ?? body.engine_id ?? null;
    const found =
      body.stream_id === undefined
        ? this.reported.findByKey(body.content_id?.toLowerCase() ?? '', engineId)
        : this.reported.find(body.stream_id);
    if (found === null) {
      throw new AppError('not_found', 'No outside proxy has reported such a stream.');
    }
    const updated = this.reported.end(found.id, actor(request));
    const stream = toReportedStreamDto(this.reported.find(found.id) ?? found);
    return { updated, status: 'ended', stream };
  }

  private engineOf(body: StreamStartedReportDto): Engine {
    const id = body.container_id ?? body.engine_id;
    const at = reportedEndpoint(body);
    const engine =
      id === undefined
        ? this.engines
            .list()
            .find(({ endpoint }) => endpoint.host === at?.host && endpoint.port === at.port)
        : this.engines.get(id);
    if (engine !== undefined) return engine;
    throw new AppError('not_found', 'There is no such engine.');
  }
}

function actor(request: FastifyRequest): string {
  return keyOfRequest(request)?.name ?? 'unknown';
}
