import { Controller, Get, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { OwnQueryName } from '../../access';
import { CONFIG } from '../../config';
import { ApiProblems } from '../../http';
import { shownLabels } from '../drivers/containers/engine-limits';
import { EngineDto, toEngineDtos } from './dto/engine.dto';
import { GarbageCollectedDto, LabelQueryDto, ScaledDto, ScaleParamsDto } from './dto/fleet.dto';
import { EngineRegistry } from '../registry/engine-registry';
import type { EnginesConfig } from '../engines-config';
import { FleetControl } from '../fleet/fleet-control.port';

/** The fleet as a whole. */
@ApiTags('fleet')
@Controller(['api/v1', ''])
export class FleetController {
  constructor(
    @Inject(CONFIG) private readonly config: EnginesConfig,
    private readonly fleet: FleetControl,
    private readonly registry: EngineRegistry,
  ) {}

  /**
   * Set the minimum number of engines. The number is bounded by `MIN_REPLICAS` and `MAX_REPLICAS`, and holds until
   * the next such request or the next start of acefleet.
   */
  @Post('scale/:n')
  @HttpCode(200)
  @ApiProblems('not_managed')
  scale(@Param() { n }: ScaleParamsDto): ScaledDto {
    const requested = Number(n);
    return new ScaledDto(this.fleet.scaleTo(requested), requested, this.fleet.status().limits);
  }

  /** Remove engines that have ended or were never started. */
  @Post('gc')
  @HttpCode(200)
  @ApiProblems('not_managed', 'docker_unavailable')
  async collectGarbage(): Promise<GarbageCollectedDto> {
    return new GarbageCollectedDto(await this.fleet.collectGarbage());
  }

  /** List engines with a label. The name and the value of the label must match exactly. Sorted by id. */
  @Get('by-label')
  @OwnQueryName('key')
  byLabel(@Query() { key, value }: LabelQueryDto): EngineDto[] {
    const labelled = this.registry.list().filter((engine) => {
      const labels = shownLabels(engine.labels);
      return Object.hasOwn(labels, key) && labels[key] === value;
    });
    return toEngineDtos(labelled, this.config.maxStreamsPerEngine);
  }
}
