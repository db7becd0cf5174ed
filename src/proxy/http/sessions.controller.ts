import { Controller, Delete, Get, HttpCode, Param } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { AppError } from '../../kernel/errors';
import { SessionDirectory, snapshotOf, type StreamSession } from '../session';
import { ClientListDto, ProxyStatusDto, SessionDetailDto, SessionListDto } from './dto/session.dto';
import { toClientDto, toSessionDto } from './session.mapping';
import { toPastSessionDetailDto, toSessionDetailDto } from './statistics.mapping';

/** Sessions of the proxy and their viewers. */
@ApiTags('proxy')
@Controller(['api/v1/proxy', 'proxy'])
export class SessionsController {
  constructor(private readonly sessions: SessionDirectory) {}

  /** Totals, and every session under way. */
  @Get('status')
  status(): ProxyStatusDto {
    const sessions = this.sessions.list();
    return {
      running: true,
      total_sessions: sessions.length + this.sessions.listPast().length,
      active_sessions: sessions.length,
      total_clients: this.sessions.limits.count,
      sessions: sessions.map((session) => toSessionDto(snapshotOf(session))),
    };
  }

  /** Sessions under way. */
  @Get('sessions')
  list(): SessionListDto {
    return {
      sessions: this.sessions.list().map((session) => toSessionDto(snapshotOf(session))),
    };
  }

  /** One session, also after its end. */
  @Get('sessions/:id')
  get(@Param('id') id: string): SessionDetailDto {
    const session = this.sessions.find(id);
    if (session !== null) return toSessionDetailDto(session);
    const past = this.sessions.findPast(id);
    if (past !== null) return toPastSessionDetailDto(past);
    throw new AppError('not_found', 'There is no such session.');
  }

  /** Stops a session; its viewers are reset. */
  @Delete('sessions/:id')
  @HttpCode(204)
  async stop(@Param('id') id: string): Promise<void> {
    await this.live(id).end('stopped');
  }

  /** Viewers of a session, those who wait for its start included. */
  @Get('sessions/:id/clients')
  clients(@Param('id') id: string): ClientListDto {
    const session = this.live(id);
    return { clients: [...session.viewers].map((viewer) => toClientDto(viewer, session)) };
  }

  /** Resets one viewer's connection. */
  @Delete('sessions/:id/clients/:clientId')
  @HttpCode(204)
  kick(@Param('id') id: string, @Param('clientId') clientId: string): void {
    const session = this.live(id);
    const viewer = [...session.viewers].find(({ id: viewerId }) => viewerId === clientId);
    if (viewer === undefined) throw new AppError('not_found', 'There is no such viewer.');
    session.removeViewer(viewer, 'kicked');
  }

  private live(id: string): StreamSession {
    const session = this.sessions.find(id);
    if (session === null) throw new AppError('not_found', 'There is no such session under way.');
    return session;
  }
}
