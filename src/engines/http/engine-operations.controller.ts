import { Controller, Delete, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import {
  EngineLogsDto,
  EngineRemovingDto,
  EngineRestartedDto,
  EngineUsageDto,
  LogQueryDto,
} from '../dto/engine-control.dto';
import { EngineCommands } from './engine-commands';

/** What only the one who runs an engine can do to it. */
@ApiTags('engines')
@Controller(['api/v1/engines', 'engines'])
export class EngineOperationsController {
  constructor(private readonly commands: EngineCommands) {}

  /** Has the streams of an engine leave it, then removes it; another one comes when it is needed. */
  @Delete(':id')
  @HttpCode(202)
  remove(@Param('id') id: string): EngineRemovingDto {
    return this.commands.remove(id);
  }

  /** Has the streams of an engine leave it, then starts its process anew; answers when that is done. */
  @Post(':id/restart')
  @HttpCode(200)
  restart(@Param('id') id: string): Promise<EngineRestartedDto> {
    return this.commands.restart(id);
  }

  /** Shows what an engine wrote lately. */
  @Get(':id/logs')
  logs(@Param('id') id: string, @Query() query: LogQueryDto): Promise<EngineLogsDto> {
    return this.commands.logs(id, query);
  }

  /** Shows what an engine uses just now. */
  @Get(':id/stats')
  stats(@Param('id') id: string): Promise<EngineUsageDto> {
    return this.commands.usage(id);
  }
}
