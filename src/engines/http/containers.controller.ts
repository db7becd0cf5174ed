import { Controller, Delete, Get, HttpCode, Param, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { ContainerDto } from '../dto/container.dto';
import { EngineLogsDto, EngineRemovingDto, LogQueryDto } from '../dto/engine-control.dto';
import { EngineCommands } from './engine-commands';

/** What runs the engines, under the predecessors' addresses. Only what we run ourselves is known here. */
@ApiTags('engines')
@Controller(['api/v1/containers', 'containers'])
export class ContainersController {
  constructor(private readonly commands: EngineCommands) {}

  /** Shows the container of one engine, as it was seen last. */
  @Get(':id')
  one(@Param('id') id: string): ContainerDto {
    return this.commands.container(id);
  }

  /** Removes one engine, as `DELETE /engines/{id}` does. */
  @Delete(':id')
  @HttpCode(202)
  remove(@Param('id') id: string): EngineRemovingDto {
    return this.commands.remove(id);
  }

  /** Shows what an engine wrote lately. */
  @Get(':id/logs')
  logs(@Param('id') id: string, @Query() query: LogQueryDto): Promise<EngineLogsDto> {
    return this.commands.logs(id, query);
  }
}
