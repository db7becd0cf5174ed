import { Controller, Delete, Get, HttpCode, Param } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { AppError } from '../../kernel/errors';
import { RecordedPlaybacks, snapshotOfPlayback } from '../recorded';
import { SessionDirectory, snapshotOf, type StreamSession } from '../session';
import {
  ClientListDto,
  ProxyStatusDto,
  SessionDetailDto,
  SessionListDto,
  type SessionDto,
} from './dto/session.dto';
import { toClientDto, toReaderDto, toSessionDto } from './session.mapping';
import { toPastSessionDetailDto, toSessionDetailDto } from './statistics.mapping';

/** Sessions of the proxy and their viewers. */
@ApiTags('proxy')
@Controller(['api/v1/proxy', 'proxy'])
export class SessionsController {
  constructor(
    private readonly sessions: SessionDirectory,
    private readonly recordings: RecordedPlaybacks,
  ) {}

  /** Show totals and every active session. */
  @Get('status')
  status(): ProxyStatusDto {
    const sessions = this.underWay();
    const past = this.sessions.listPast().length + this.recordings.listPast().length;
    return {
      running: true,
      total_sessions: sessions.length + past,
      active_sessions: sessions.length,
      total_clients: this.sessions.limits.count,
      sessions,
    };
  }

  /** List active sessions. */
  @Get('sessions')
  list(): SessionListDto {
    return { sessions: this.underWay() };
  }

  /** Show a session. Also works after its end. */
  @Get('sessions/:id')
  get(@Param('id') id: string): SessionDetailDto {
    const session = this.sessions.find(id);
    if (session !== null) return toSessionDetailDto(session);
    const playback = this.recordings.byId(id);
    if (playback !== null) return toPastSessionDetailDto(snapshotOfPlayback(playback));
    const past = this.sessions.findPast(id) ?? this.recordings.findPast(id);
    if (past !== null) return toPastSessionDetailDto(past);
    throw new AppError('not_found', 'There is no such session.');
  }

  /** Stop a session. Its viewers are reset. */
  @Delete('sessions/:id')
  @HttpCode(204)
  async stop(@Param('id') id: string): Promise<void> {
    await (this.recordings.byId(id) ?? this.live(id)).end('stopped');
  }

  /** List the viewers of a session. Includes viewers that wait for its start. */
  @Get('sessions/:id/clients')
  clients(@Param('id') id: string): ClientListDto {
    const playback = this.recordings.byId(id);
    if (playback !== null) {
      return { clients: playback.viewer === null ? [] : [toReaderDto(playback.viewer)] };
    }
    const session = this.live(id);
    return { clients: [...session.viewers].map((viewer) => toClientDto(viewer, session)) };
  }

  /** Reset a viewer's connection. */
  @Delete('sessions/:id/clients/:clientId')
  @HttpCode(204)
  kick(@Param('id') id: string, @Param('clientId') clientId: string): void {
    const playback = this.recordings.byId(id);
    if (playback?.viewer != null && playback.viewer.id === clientId) {
      playback.removeViewer(playback.viewer, 'kicked');
      return;
    }
    const session = this.live(id);
    const viewer = [...session.viewers].find(({ id: viewerId }) => viewerId === clientId);
    if (viewer === undefined) throw new AppError('not_found', 'There is no such viewer.');
    session.removeViewer(viewer, 'kicked');
  }

  private underWay(): SessionDto[] {
    const playbacks = this.recordings.list().map(snapshotOfPlayback);
    return [...this.sessions.list().map(snapshotOf), ...playbacks].map(toSessionDto);
  }

  private live(id: string): StreamSession {
    const session = this.sessions.find(id);
    if (session === null) throw new AppError('not_found', 'There is no such running session.');
    return session;
  }
}
