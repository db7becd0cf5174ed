import { Controller, Delete, Get, Param, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { AppError } from '../../kernel/errors';
import { SessionDirectory, snapshotOf } from '../session';
import { StreamDto, StreamListQueryDto, StreamStatsDto, StreamStoppedDto } from './dto/stream.dto';
import { toStreamDto } from './session.mapping';
import { StreamStatistics } from './stream-statistics';

/** Streams now and lately, in the predecessors' shape. */
@ApiTags('streams')
@Controller(['api/v1/streams', 'streams'])
export class StreamsController {
  constructor(
    private readonly sessions: SessionDirectory,
    private readonly statistics: StreamStatistics,
  ) {}

  /** Streams under way, then those that are over, newest first. */
  @Get()
  list(@Query() query: StreamListQueryDto): StreamDto[] {
    const streams = [...this.sessions.list().map(snapshotOf), ...this.sessions.listPast()];
    return streams
      .map(toStreamDto)
      .filter(({ status }) => query.status === undefined || status === query.status)
      .filter(
        (stream) => query.container_id === undefined || stream.container_id === query.container_id,
      );
  }

  /** One stream, also after its end. */
  @Get(':id')
  get(@Param('id') id: string): StreamDto {
    const session = this.sessions.find(id);
    const snapshot = session === null ? this.sessions.findPast(id) : snapshotOf(session);
    if (snapshot === null) throw new AppError('not_found', 'There is no such stream.');
    return toStreamDto(snapshot);
  }

  /** What the engine says of a running stream, asked at most once a second. */
  @Get(':id/stats')
  async stats(@Param('id') id: string): Promise<StreamStatsDto> {
    const session = this.sessions.find(id);
    if (session === null) throw new AppError('not_found', 'There is no such stream under way.');
    const stat = await this.statistics.of(session);
    const { bitrateBps, buffer } = snapshotOf(session);
    return {
      stream_id: session.id,
      status: stat?.status ?? null,
      peers: stat?.peers ?? null,
      speed_down_kbps: kbps(stat?.speedDownKBps),
      speed_up_kbps: kbps(stat?.speedUpKBps),
      downloaded_bytes: stat?.downloadedBytes ?? null,
      uploaded_bytes: stat?.uploadedBytes ?? null,
      bitrate_bps: bitrateBps,
      buffer_s: buffer.seconds,
    };
  }

  /** Stops a stream; its viewers are reset and its engine session is stopped. */
  @Delete(':id')
  async stop(@Param('id') id: string): Promise<StreamStoppedDto> {
    const session = this.sessions.find(id);
    if (session === null) throw new AppError('not_found', 'There is no such stream under way.');
    await session.end('stopped');
    return { stream_id: session.id, message: 'The stream was stopped.' };
  }
}

function kbps(kiloBytesPerSecond: number | null | undefined): number | null {
  return kiloBytesPerSecond == null ? null : kiloBytesPerSecond * 8;
}
