import { Controller, Delete, Get, HttpCode, Param, Query, Req } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { ApiProblems, type FastifyRequest } from '../../http';
import { isAdmin } from './is-admin';
import { ContainerDto } from './dto/container.dto';
import { EngineLogsDto, EngineRemovingDto, LogQueryDto } from './dto/engine-control.dto';
import { EngineCommands } from './engine-commands';

/** Containers of engines, at the addresses of acestream-orchestrator. Knows only engines that acefleet runs. */
@ApiTags('engines')
@Controller(['api/v1/containers', 'containers'])
export class ContainersController {
  constructor(private readonly commands: EngineCommands) {}

  /** Show the container of an engine. Answers with its state when it was last observed. */
  @Get(':id')
  @ApiProblems('not_managed', 'conflict', 'runtime_refused', 'docker_unavailable')
  one(@Param('id') id: string): ContainerDto {
    return this.commands.container(id);
  }

  /** Remove an engine by its container. The same as `DELETE /engines/{id}`. */
  @Delete(':id')
  @HttpCode(202)
  @ApiProblems('not_managed', 'conflict', 'runtime_refused', 'docker_unavailable')
  remove(@Param('id') id: string, @Req() request: FastifyRequest): Promise<EngineRemovingDto> {
    return this.commands.remove(id, isAdmin(request));
  }

  /** Show the newest log lines of an engine by its container. */
  @Get(':id/logs')
  @ApiProblems('not_managed', 'conflict', 'runtime_refused', 'docker_unavailable')
  logs(@Param('id') id: string, @Query() query: LogQueryDto): Promise<EngineLogsDto> {
    return this.commands.logs(id, query);
  }
}
