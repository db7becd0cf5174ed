import { Body, Controller, Delete, Get, Param, Post, Query, Res } from '@nestjs/common';
import { ApiBody, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { ReportedStreams } from '../../engines';
import { ApiProblems } from '../../http';
import { AppError } from '../../kernel/errors';
import { isLiveStream } from '../live';
import { StreamRegistry } from '../streams';
import { MoveQueryDto, MoveRequestDto, StreamMoveDto } from './dto/move.dto';
import { StreamStatsDto, StreamStatsQueryDto } from './dto/statistics.dto';
import { StreamDto, StreamListQueryDto, StreamStoppedDto } from './dto/stream.dto';
import { toReportedStreamDto, toStreamDto } from './stream-mapping';
import { toStreamStatsDto } from './statistics-mapping';

/** Current and recent streams, in the form of acestream-orchestrator. */
@ApiTags('streams')
@Controller(['api/v1/streams', 'streams'])
export class StreamsController {
  constructor(
    private readonly streams: StreamRegistry,
    private readonly reported: ReportedStreams,
  ) {}

  /**
   * List streams. Active streams first, then ended ones, newest first. Streams that outside proxies have reported are
   * `external`.
   */
  @Get()
  list(@Query() query: StreamListQueryDto): StreamDto[] {
    const running = this.streams.list().map((stream) => stream.snapshot());
    return [
      ...running.map(toStreamDto),
      ...this.reported.list().map(toReportedStreamDto),
      ...this.streams.listPast().map(toStreamDto),
      ...this.reported.listPast().map(toReportedStreamDto),
    ]
      .filter(({ status }) => query.status === undefined || status === query.status)
      .filter(
        (stream) => query.container_id === undefined || stream.container_id === query.container_id,
      );
  }

  /** Show a stream, running or ended. */
  @Get(':id')
  get(@Param('id') id: string): StreamDto {
    const snapshot = this.streams.find(id)?.snapshot() ?? this.streams.findPast(id);
    if (snapshot !== null) return toStreamDto(snapshot);
    const reported = this.reported.find(id);
    if (reported === null) throw new AppError('not_found', 'There is no such stream.');
    return toReportedStreamDto(reported);
  }

  /** Show the statistics of an active stream. The answer comes from memory; the engine is polled every 2 s. */
  @Get(':id/stats')
  stats(@Param('id') id: string, @Query() query: StreamStatsQueryDto): StreamStatsDto {
    const stream = this.streams.find(id);
    if (stream === null || !isLiveStream(stream)) {
      throw new AppError('not_found', 'There is no such running stream.');
    }
    return toStreamStatsDto(stream, query.since === undefined ? 0 : Date.parse(query.since));
  }

  /**
   * Move a stream to another engine. The new engine is prepared while the current one continues, so viewers notice
   * nothing. The stream stays on its engine when no other engine has room or the new one fails.
   */
  @Post(':id/move')
  @ApiBody({ type: MoveRequestDto, required: false })
  @ApiResponse({
    status: 200,
    type: StreamMoveDto,
    description: 'With `wait=true`: the stream was moved',
  })
  @ApiResponse({ status: 202, type: StreamMoveDto, description: 'The move has begun' })
  @ApiResponse({
    status: 409,
    description:
      '`conflict`: the stream is not running or is already on that engine, or there is no room',
  })
  @ApiProblems('conflict')
  async move(
    @Param('id') id: string,
    @Query() query: MoveQueryDto,
    @Res({ passthrough: true }) reply: FastifyReply,
    @Body() body?: MoveRequestDto,
  ): Promise<StreamMoveDto> {
    const stream = this.streams.find(id);
    if (stream === null) {
      if (this.streams.findPast(id) !== null) throw new AppError('conflict', 'The stream is over.');
      throw new AppError('not_found', 'There is no such stream.');
    }
    if (!isLiveStream(stream)) throw new AppError('conflict', 'Recorded content is not moved.');
    const wanted = body?.engine_id ?? null;
    const { fromEngineId, result } = stream.moveToEngine(wanted);
    if (query.wait !== 'true') {
      void reply.status(202);
      return {
        stream_id: stream.id,
        state: 'moving',
        from_engine_id: fromEngineId,
        to_engine_id: wanted,
        duration_ms: null,
      };
    }
    const { toEngineId, durationMs } = await result;
    void reply.status(200);
    return {
      stream_id: stream.id,
      state: 'moved',
      from_engine_id: fromEngineId,
      to_engine_id: toEngineId,
      duration_ms: durationMs,
    };
  }

  /**
   * Stop a stream. The connections of its viewers are reset, and its engine session is stopped. Answers 409 for a stream
   * of an outside proxy, which only that proxy can stop.
   */
  @Delete(':id')
  @ApiProblems('conflict')
  async stop(@Param('id') id: string): Promise<StreamStoppedDto> {
    const stream = this.streams.find(id);
    if (stream === null && this.reported.find(id)?.endedAt === null) {
      throw new AppError('conflict', 'Only the proxy that has reported this stream can stop it.');
    }
    if (stream === null) throw new AppError('not_found', 'There is no such running stream.');
    await stream.end('stopped');
    return { stream_id: stream.id, message: 'The stream was stopped.' };
  }
}
