import { join } from 'node:path';
import type { EventBus } from '../../events';
import type { DataFolder } from '../../storage';
import type { EnginesConfig } from '../engines.config';
import { obtainInstanceId } from '../instance-id';
import { type DockerClient, isAccessDenied, pingDocker } from './docker-client';
import { DockerRuntime } from './docker/docker.runtime';
import { DriverChoiceError, type DriverKind, EngineDriverError } from './engine-driver.port';
import type { EngineRuntime } from './engine-runtime.port';
import { SimulatorRuntime } from './simulator/simulator.runtime';
import { SwarmRuntime } from './swarm/swarm.runtime';

/** Which driver runs, and why, in words for the start banner. */
export interface DriverChoice {
  readonly kind: DriverKind;
  readonly why: string;
  /** True when nobody asked for it by name: worth a warning, because it is not the real thing. */
  readonly isStopgap: boolean;
}

/** Injection token of the `DriverChoice`. */
export const DRIVER_CHOICE = 'DRIVER_CHOICE';

/** The simulator's own program, three folders above this room in sources and in the built tree alike. */
export const SIMULATOR_SCRIPT = join(__dirname, '../../../simulator/dist/main.js');

/** A start is not held up for longer by a Docker Engine that does not answer. */
const PING_MS = 1000;

/** Whoever has Docker expects channels: test pictures in their place are for those who ask for them. */
const OTHER_WAYS =
  'or set ENGINE_ADDRESSES to engines that run elsewhere, or ENGINE_DRIVER=simulator to watch the demo channels';

/** True when ENGINE_ADDRESSES lists the engines, so that acefleet does not run them. */
export function usesStaticEngines({
  engineDriver,
  engineAddresses,
}: Pick<EnginesConfig, 'engineDriver' | 'engineAddresses'>): boolean {
  return engineDriver === 'static' || (engineDriver === 'auto' && engineAddresses.length > 0);
}

/**
 * `auto` takes what was configured, else Docker where there is one, and only else test pictures.
 *
 * @throws DriverChoiceError when there is a Docker Engine that this process may not use
 */
export async function chooseDriver(
  config: Pick<EnginesConfig, 'engineDriver' | 'engineAddresses' | 'dockerHost'>,
): Promise<DriverChoice> {
  const { engineDriver } = config;
  if (engineDriver !== 'auto') {
    return { kind: engineDriver, why: `ENGINE_DRIVER=${engineDriver}`, isStopgap: false };
  }
  if (usesStaticEngines(config)) {
    return { kind: 'static', why: 'ENGINE_ADDRESSES is set', isStopgap: false };
  }
  const failure = await pingDocker(config.dockerHost, PING_MS);
  if (failure === null) {
    return { kind: 'docker', why: 'a Docker Engine answers', isStopgap: false };
  }
  if (isAccessDenied(failure)) throw new DriverChoiceError(`${failure.message}; ${OTHER_WAYS}`);
  return {
    kind: 'simulator',
    why: `ENGINE_ADDRESSES is empty and no Docker Engine answers (${failure.message}), so only test pictures are played`,
    isStopgap: true,
  };
}

/** What runs the engines; static engines have no runtime. */
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
    case 'docker':
      return new DockerRuntime(config, await obtainInstanceId(folder), events, docker);
    case 'swarm':
      return new SwarmRuntime(config, await obtainInstanceId(folder), events, docker);
    case 'simulator':
      // A fallback that played every id would let test pictures pass for channels.
      return new SimulatorRuntime({ script: SIMULATOR_SCRIPT, playsAnyContent: !choice.isStopgap });
  }
}
