import { Controller, Delete, Get, HttpCode, Param, Post, Query, Req } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { ApiProblems, type FastifyRequest } from '../../http';
import { isAdmin } from './is-admin';
import {
  EngineLogsDto,
  EngineRemovingDto,
  EngineRestartedDto,
  EngineUsageDto,
  EnginesReplacingDto,
  ImageRefreshStartedDto,
  LogQueryDto,
} from './dto/engine-control.dto';
import { EngineCommands } from './engine-commands';

/** Operations on engines that acefleet runs. */
@ApiTags('engines')
@Controller(['api/v1/engines', 'engines'])
export class EngineOperationsController {
  constructor(private readonly commands: EngineCommands) {}

  /**
   * Pull the image of the engines again. If its tag leads to a newer image, the engines are replaced one at a time: each
   * is drained, and its streams move to other engines without an interruption for viewers. Also begins a replacement
   * again that was stopped because a new engine failed to start.
   */
  @Post('refresh')
  @HttpCode(202)
  @ApiProblems('not_managed', 'docker_unavailable')
  refresh(): ImageRefreshStartedDto {
    return this.commands.refreshImage();
  }

  /**
   * Replace all engines, one at a time. Each is drained, and its streams move to other engines without an interruption
   * for viewers. Stops when a new engine fails to start. A restart of acefleet ends it.
   */
  @Post('replace')
  @HttpCode(202)
  @ApiProblems('not_managed', 'conflict')
  replace(): EnginesReplacingDto {
    return this.commands.replaceAll();
  }

  /**
   * Remove an engine. Its streams fail over to other engines; the removal does not wait for them. Another engine is
   * created if it is needed. For an engine that was added with `POST /engines`, the key needs the scope `admin`.
   */
  @Delete(':id')
  @HttpCode(202)
  @ApiProblems('not_managed', 'conflict', 'runtime_refused', 'docker_unavailable')
  remove(@Param('id') id: string, @Req() request: FastifyRequest): Promise<EngineRemovingDto> {
    return this.commands.remove(id, isAdmin(request));
  }

  /**
   * Restart an engine. Its streams fail over to other engines; the restart does not wait for them. Answers after the
   * new process has started.
   */
  @Post(':id/restart')
  @HttpCode(200)
  @ApiProblems('not_managed', 'conflict', 'runtime_refused', 'docker_unavailable')
  restart(@Param('id') id: string): Promise<EngineRestartedDto> {
    return this.commands.restart(id);
  }

  /** Show the newest log lines of an engine. */
  @Get(':id/logs')
  @ApiProblems('not_managed', 'conflict', 'runtime_refused', 'docker_unavailable')
  logs(@Param('id') id: string, @Query() query: LogQueryDto): Promise<EngineLogsDto> {
    return this.commands.logs(id, query);
  }

  /** Show what an engine uses now: CPU, memory, network. */
  @Get(':id/stats')
  @ApiProblems('not_managed', 'conflict', 'runtime_refused', 'docker_unavailable')
  stats(@Param('id') id: string): Promise<EngineUsageDto> {
    return this.commands.usage(id);
  }
}
