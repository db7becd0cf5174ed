import { join } from 'node:path';
import { type DynamicModule, Module, type Provider } from '@nestjs/common';
import { EventBus } from '../../events';
import { DataFolder, obtainInstanceId } from '../../storage';
import type { EnginesConfig } from '../engines-config';
import type { DockerClient } from './docker-client';
import { chooseDriver, DRIVER_CHOICE, type DriverChoice, usesStaticEngines } from './driver-choice';
import {
  loadDockerClient,
  loadDockerRuntime,
  loadSimulatorRuntime,
  loadSwarmRuntime,
} from './drivers.loader';
import { EngineDriverError } from './engine-driver.port';
import { EngineRuntime } from './engine-runtime.port';

/** Injection token of the `DockerClient`; null when the driver does not use Docker. */
export const DOCKER_CLIENT = 'DOCKER_CLIENT';

/** The simulator's main script, three folders above this one, both in the sources and in the build. */
export const SIMULATOR_SCRIPT = join(__dirname, '../../../simulator/dist/main.js');

/** Provides the choice of the driver, the Docker client, and the runtime, which static engines do not have. */
@Module({})
export class DriversModule {
  /**
   * Returns a global module: its content depends on the configuration, and every other module must use the same
   * instance.
   */
  static forRoot(config: EnginesConfig): DynamicModule {
    const shared: Provider[] = [
      { provide: DRIVER_CHOICE, useFactory: () => chooseDriver(config) },
      {
        provide: DOCKER_CLIENT,
        useFactory: ({ kind }: DriverChoice) => createDockerClient(kind, config),
        inject: [DRIVER_CHOICE],
      },
    ];
    const runtime: Provider = {
      provide: EngineRuntime,
      useFactory: (
        choice: DriverChoice,
        docker: DockerClient,
        events: EventBus,
        folder: DataFolder,
      ) => createRuntime(choice, config, docker, events, folder),
      inject: [DRIVER_CHOICE, DOCKER_CLIENT, EventBus, DataFolder],
    };
    const isManaged = !usesStaticEngines(config);
    return {
      module: DriversModule,
      global: true,
      providers: isManaged ? [...shared, runtime] : shared,
      exports: [DRIVER_CHOICE, DOCKER_CLIENT, ...(isManaged ? [EngineRuntime] : [])],
    };
  }
}

function createDockerClient(
  kind: DriverChoice['kind'],
  { dockerHost }: EnginesConfig,
): DockerClient | null {
  if (kind !== 'docker' && kind !== 'swarm') return null;
  const { DockerClient } = loadDockerClient();
  return new DockerClient(dockerHost);
}

/** @param docker not null for the drivers that use Docker */
export async function createRuntime(
  choice: DriverChoice,
  config: EnginesConfig,
  docker: DockerClient,
  events: EventBus,
  folder: DataFolder,
): Promise<EngineRuntime> {
  switch (choice.kind) {
    case 'static':
      throw new EngineDriverError('ENGINE_DRIVER=static runs no engines');
    case 'docker': {
      const { DockerRuntime } = loadDockerRuntime();
      return new DockerRuntime(config, await obtainInstanceId(folder), events, docker);
    }
    case 'swarm': {
      const { SwarmRuntime } = loadSwarmRuntime();
      return new SwarmRuntime(config, await obtainInstanceId(folder), events, docker);
    }
    case 'simulator': {
      const { SimulatorRuntime } = loadSimulatorRuntime();
      // If the fallback played every id, viewers could take test pictures for their channels.
      return new SimulatorRuntime({
        script: SIMULATOR_SCRIPT,
        playsAnyContent: !choice.isFallback,
      });
    }
  }
}
