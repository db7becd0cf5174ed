import { Controller, Get, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { OwnQueryName } from '../../access';
import { CONFIG } from '../../config';
import { EngineDto } from '../dto/engine.dto';
import { GarbageCollectedDto, LabelQueryDto, ScaledDto, ScaleParamsDto } from '../dto/fleet.dto';
import { EngineRegistry } from '../engine-registry';
import type { EnginesConfig } from '../engines.config';
import { FleetControl } from '../fleet/fleet-control';
import { inOrder } from './engine-order';

/** The fleet as a whole. */
@ApiTags('fleet')
@Controller(['api/v1', ''])
export class FleetController {
  constructor(
    @Inject(CONFIG) private readonly config: EnginesConfig,
    private readonly fleet: FleetControl,
    private readonly registry: EngineRegistry,
  ) {}

  /** Sets how many engines there shall be at least, from now until it is asked again. */
  @Post('scale/:n')
  @HttpCode(200)
  scale(@Param() { n }: ScaleParamsDto): ScaledDto {
    const requested = Number(n);
    return new ScaledDto(this.fleet.scaleTo(requested), requested, this.fleet.status().limits);
  }

  /** Looks at once, and removes what is left over of engines. */
  @Post('gc')
  @HttpCode(200)
  async collectGarbage(): Promise<GarbageCollectedDto> {
    return new GarbageCollectedDto(await this.fleet.collectGarbage());
  }

  /** Lists the engines that have this label with this value, by id. */
  @Get('by-label')
  @OwnQueryName('key')
  byLabel(@Query() { key, value }: LabelQueryDto): EngineDto[] {
    return inOrder(this.registry.list())
      .filter(({ labels }) => Object.hasOwn(labels, key) && labels[key] === value)
      .map((engine) => new EngineDto(engine, this.config.maxStreamsPerEngine));
  }
}
