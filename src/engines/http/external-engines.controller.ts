import { Body, Controller, Inject, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { NeedsScope } from '../../access';
import { CONFIG } from '../../config';
import { ApiProblems } from '../../http';
import { AppError } from '../../kernel/errors';
import type { EnginesConfig } from '../engines-config';
import { ExternalEngines } from '../external/external-engines';
import { EngineRegistry } from '../registry/engine-registry';
import { EngineDto } from './dto/engine.dto';
import { CreateEngineDto } from './dto/external-engine.dto';

/** Engines that somebody else runs. */
@ApiTags('engines')
@Controller(['api/v1/engines', 'engines'])
export class ExternalEnginesController {
  constructor(
    @Inject(CONFIG) private readonly config: EnginesConfig,
    private readonly external: ExternalEngines,
    private readonly registry: EngineRegistry,
  ) {}

  /**
   * Add an engine that somebody else runs, with any driver. It is stored, chosen for streams like other engines, and
   * counts as capacity; acefleet does not restart or replace it. Answers 502 if it does not answer now, unless
   * `accept_unreachable` is true. `DELETE /engines/{id}` removes it, which needs a key with the scope `admin`.
   */
  @Post()
  @NeedsScope('admin')
  @ApiProblems('conflict', 'engine_failed', 'storage_full')
  async create(@Body() body: CreateEngineDto): Promise<EngineDto> {
    const given = {
      host: body.host.replace(/^\[(.*)\]$/, '$1').toLowerCase(),
      port: body.port,
      apiPort: body.api_port ?? null,
      labels: body.labels ?? {},
      maxStreams: body.max_streams ?? null,
    };
    const id = await this.external.add(given, body.accept_unreachable ?? false);
    const engine = this.registry.get(id);
    if (engine === undefined) throw new AppError('conflict', 'The engine was removed again.');
    return new EngineDto(engine, this.config.maxStreamsPerEngine);
  }
}
