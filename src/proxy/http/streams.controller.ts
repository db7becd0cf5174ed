import { Controller, Delete, Get, Param, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { AppError } from '../../kernel/errors';
import { RecordedPlaybacks, snapshotOfPlayback } from '../recorded';
import { SessionDirectory, snapshotOf } from '../session';
import { StreamStatsDto, StreamStatsQueryDto } from './dto/statistics.dto';
import { StreamDto, StreamListQueryDto, StreamStoppedDto } from './dto/stream.dto';
import { toStreamDto } from './session.mapping';
import { toStreamStatsDto } from './statistics.mapping';

/** Streams now and lately, in the predecessors' shape. */
@ApiTags('streams')
@Controller(['api/v1/streams', 'streams'])
export class StreamsController {
  constructor(
    private readonly sessions: SessionDirectory,
    private readonly recordings: RecordedPlaybacks,
  ) {}

  /** Streams under way, then those that are over, newest first. */
  @Get()
  list(@Query() query: StreamListQueryDto): StreamDto[] {
    const streams = [
      ...this.sessions.list().map(snapshotOf),
      ...this.recordings.list().map(snapshotOfPlayback),
      ...this.sessions.listPast(),
      ...this.recordings.listPast(),
    ];
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
    const playback = this.recordings.byId(id);
    const snapshot =
      (session === null ? null : snapshotOf(session)) ??
      (playback === null ? null : snapshotOfPlayback(playback)) ??
      this.sessions.findPast(id) ??
      this.recordings.findPast(id);
    if (snapshot === null) throw new AppError('not_found', 'There is no such stream.');
    return toStreamDto(snapshot);
  }

  /** A stream under way in figures, from memory: its engine is asked every 2 s whether anybody looks or not. */
  @Get(':id/stats')
  stats(@Param('id') id: string, @Query() query: StreamStatsQueryDto): StreamStatsDto {
    const session = this.sessions.find(id);
    if (session === null) throw new AppError('not_found', 'There is no such stream under way.');
    return toStreamStatsDto(session, query.since === undefined ? 0 : Date.parse(query.since));
  }

  /** Stops a stream; its viewers are reset and its engine session is stopped. */
  @Delete(':id')
  async stop(@Param('id') id: string): Promise<StreamStoppedDto> {
    const stream = this.sessions.find(id) ?? this.recordings.byId(id);
    if (stream === null) throw new AppError('not_found', 'There is no such stream under way.');
    await stream.end('stopped');
    return { stream_id: stream.id, message: 'The stream was stopped.' };
  }
}
