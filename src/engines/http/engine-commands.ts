import { Injectable } from '@nestjs/common';
import { AppError } from '../../kernel/errors';
import { ContainerDto } from './dto/container.dto';
import {
  EngineLogsDto,
  EngineRemovingDto,
  EngineRestartedDto,
  EngineUsageDto,
  EnginesReplacingDto,
  ImageRefreshStartedDto,
  linesWanted,
  type LogQueryDto,
} from './dto/engine-control.dto';
import { ExternalEngines } from '../external/external-engines';
import { EngineRegistry } from '../registry/engine-registry';
import { FleetControl } from '../fleet/fleet-control.port';

/** Operations on one engine, addressed as an engine or as a container. */
@Injectable()
export class EngineCommands {
  constructor(
    private readonly fleet: FleetControl,
    private readonly registry: EngineRegistry,
    private readonly external: ExternalEngines,
  ) {}

  /** @throws AppError `not_managed`, `docker_unavailable` */
  refreshImage(): ImageRefreshStartedDto {
    this.fleet.refreshImage();
    return new ImageRefreshStartedDto(this.fleet.status().image?.reference ?? '');
  }

  /** @throws AppError `not_managed`, `conflict` */
  replaceAll(): EnginesReplacingDto {
    return new EnginesReplacingDto(this.fleet.replaceAll());
  }

  /**
   * @param mayChangeFleet false: engines that somebody else runs may not be removed
   * @throws AppError `not_found`, `not_managed`, `forbidden`; as `Database.change`
   */
  async remove(id: string, mayChangeFleet: boolean): Promise<EngineRemovingDto> {
    if (this.external.has(id)) {
      if (!mayChangeFleet) {
        throw new AppError('forbidden', 'The removal of this engine needs the scope "admin".');
      }
      await this.external.remove(id);
      return new EngineRemovingDto(id);
    }
    this.expectKnown(id);
    this.fleet.remove(id);
    return new EngineRemovingDto(id);
  }

  /** @throws AppError `not_found`, `not_managed`, `docker_unavailable` */
  async restart(id: string): Promise<EngineRestartedDto> {
    this.expectKnown(id);
    await this.fleet.restart(id);
    return new EngineRestartedDto(id);
  }

  /** @throws AppError `not_found`, `not_managed`, `docker_unavailable` */
  async logs(id: string, query: LogQueryDto): Promise<EngineLogsDto> {
    this.expectKnown(id);
    return new EngineLogsDto(id, await this.fleet.logs(id, linesWanted(query)));
  }

  /** @throws AppError `not_found`, `not_managed`, `docker_unavailable` */
  async usage(id: string): Promise<EngineUsageDto> {
    this.expectKnown(id);
    return new EngineUsageDto(id, await this.fleet.usage(id));
  }

  /** @throws AppError `not_found`, `not_managed` */
  container(id: string): ContainerDto {
    this.expectKnown(id);
    return new ContainerDto(this.fleet.observed(id));
  }

  /** Throws `not_found` for an unknown id of an unmanaged fleet, which would answer `not_managed` for every id. */
  private expectKnown(id: string): void {
    if (this.external.has(id)) {
      throw new AppError('not_managed', 'Somebody else runs this engine.');
    }
    const isManaged = this.fleet.status().runtime !== null;
    if (isManaged || this.registry.get(id) !== undefined) return;
    throw new AppError('not_found', 'No engine has this id.');
  }
}
