import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { ApiBody, ApiTags } from '@nestjs/swagger';
import { CONFIG } from '../../config';
import { ApiProblems } from '../../http';
import { AppError } from '../../kernel/errors';
import { DrainDto } from './dto/engine-control.dto';
import { EngineDto, toEngineDtos } from './dto/engine.dto';
import { SelectionDto } from './dto/selection.dto';
import type { Engine } from '../registry/engine';
import { EngineRegistry } from '../registry/engine-registry';
import type { EnginesConfig } from '../engines-config';
import { EngineScheduler } from '../scheduling';

@ApiTags('engines')
@Controller(['api/v1/engines', 'engines'])
export class EnginesController {
  constructor(
    @Inject(CONFIG) private readonly config: EnginesConfig,
    private readonly registry: EngineRegistry,
    private readonly scheduler: EngineScheduler,
  ) {}

  /** List all engines, sorted by id. */
  @Get()
  list(): EngineDto[] {
    return toEngineDtos(this.registry.list(), this.config.maxStreamsPerEngine);
  }

  /** Explain which engine a new stream would get now. Lists the filters and scores of each engine. */
  @Get('selection')
  selection(): SelectionDto {
    return new SelectionDto(this.scheduler.explain(), this.config);
  }

  /** Show an engine. */
  @Get(':id')
  one(@Param('id') id: string): EngineDto {
    return this.dto(this.engine(id));
  }

  /**
   * Drain an engine. It gets no new streams. Its present streams move to other engines when these have room, without
   * an interruption for viewers. A stream for which no other engine has room stays.
   */
  @Post(':id/drain')
  @HttpCode(200)
  @ApiBody({ type: DrainDto, required: false })
  drain(@Param('id') id: string, @Body() body?: DrainDto): EngineDto {
    const engine = this.engine(id);
    this.registry.drain(engine, body?.reason ?? 'requested by an operator');
    return this.dto(engine);
  }

  /**
   * Put a drained engine back. It may be chosen again as soon as it answers a probe. Answers 409 for an engine that
   * the fleet drains, because it is being replaced, removed or restarted, or because its VPN is down.
   */
  @Delete(':id/drain')
  @ApiProblems('conflict')
  undrain(@Param('id') id: string): EngineDto {
    const engine = this.engine(id);
    if (engine.drainedBy === 'fleet') {
      throw new AppError('conflict', `The fleet drains this engine: ${engine.drainDetail ?? ''}.`);
    }
    this.registry.undrain(engine);
    return this.dto(engine);
  }

  private dto(engine: Engine): EngineDto {
    return new EngineDto(engine, this.config.maxStreamsPerEngine);
  }

  private engine(id: string): Engine {
    const engine = this.registry.get(id);
    if (engine === undefined) throw new AppError('not_found', 'No engine has this id.');
    return engine;
  }
}
