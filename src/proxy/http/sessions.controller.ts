import { Controller, Delete, Get, HttpCode, Param } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { AppError } from '../../kernel/errors';
import { isLiveStream } from '../live';
import { StreamRegistry, type Stream } from '../streams';
import {
  ClientListDto,
  ProxyStatusDto,
  SessionDetailDto,
  SessionListDto,
  type SessionDto,
} from './dto/session.dto';
import { toSessionDto, toViewerDto } from './stream-mapping';
import { toUnobservedSessionDetailDto, toSessionDetailDto } from './statistics-mapping';

/** Streams and their viewers. The API calls a stream a session. */
@ApiTags('proxy')
@Controller(['api/v1/proxy', 'proxy'])
export class SessionsController {
  constructor(private readonly streams: StreamRegistry) {}

  /** Show totals and every active session. */
  @Get('status')
  status(): ProxyStatusDto {
    const sessions = this.listActive();
    return {
      running: true,
      total_sessions: sessions.length + this.streams.listPast().length,
      active_sessions: sessions.length,
      total_clients: this.streams.limits.count,
      egress_bps: Math.round(this.streams.egress.bps),
      egress_limit_bps: this.streams.egress.maxBps,
      sessions,
    };
  }

  /** List active sessions. */
  @Get('sessions')
  list(): SessionListDto {
    return { sessions: this.listActive() };
  }

  /** Show a session, running or ended. */
  @Get('sessions/:id')
  get(@Param('id') id: string): SessionDetailDto {
    const stream = this.streams.find(id);
    if (stream !== null && isLiveStream(stream)) return toSessionDetailDto(stream);
    const snapshot = stream?.snapshot() ?? this.streams.findPast(id);
    if (snapshot !== null) return toUnobservedSessionDetailDto(snapshot);
    throw new AppError('not_found', 'There is no such session.');
  }

  /** Stop a session. The connections of its viewers are reset. */
  @Delete('sessions/:id')
  @HttpCode(204)
  async stop(@Param('id') id: string): Promise<void> {
    await this.findActive(id).end('stopped');
  }

  /** List the viewers of a session, including those that wait for its start. */
  @Get('sessions/:id/clients')
  clients(@Param('id') id: string): ClientListDto {
    const stream = this.findActive(id);
    return { clients: [...stream.viewers].map((viewer) => toViewerDto(viewer, stream)) };
  }

  /** Reset a viewer's connection. */
  @Delete('sessions/:id/clients/:clientId')
  @HttpCode(204)
  kick(@Param('id') id: string, @Param('clientId') clientId: string): void {
    const stream = this.findActive(id);
    const viewer = [...stream.viewers].find(({ id: viewerId }) => viewerId === clientId);
    if (viewer === undefined) throw new AppError('not_found', 'There is no such viewer.');
    stream.removeViewer(viewer, 'kicked');
  }

  private listActive(): SessionDto[] {
    return this.streams.list().map((stream) => toSessionDto(stream.snapshot()));
  }

  private findActive(id: string): Stream {
    const stream = this.streams.find(id);
    if (stream === null) throw new AppError('not_found', 'There is no such running session.');
    return stream;
  }
}
