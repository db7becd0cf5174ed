import { join } from 'node:path';
import type { EventBus } from '../../events';
import { type DataFolder, obtainInstanceId } from '../../storage';
import type { EngineRegistry } from '../engine-registry';
import type { EnginesConfig } from '../engines.config';
import { ANYWHERE, type EnginePlacement } from '../fleet/engine-placement.port';
import { type EngineDemand, FleetKeeper } from '../fleet/fleet.keeper';
import { type DockerClient, isAccessDenied, pingDocker } from './docker-client';
import { DockerRuntime } from './docker/docker.runtime';
import { DriverChoiceError, type DriverKind, type EngineDriver } from './engine-driver.port';
import type { EngineRuntime, RuntimeKind } from './engine-runtime.port';
import { SimulatorRuntime } from './simulator/simulator.runtime';
import { StaticDriver } from './static.driver';
import { SwarmRuntime } from './swarm/swarm.runtime';

/** Which driver runs, and why, in words for the start banner. */
export interface DriverChoice {
  readonly kind: DriverKind;
  readonly why: string;
  /** True when nobody asked for it by name: worth a warning, because it is not the real thing. */
  readonly isStopgap: boolean;
}

/** The simulator's own program, three folders above this room in sources and in the built tree alike. */
export const SIMULATOR_SCRIPT = join(__dirname, '../../../simulator/dist/main.js');

/** A start is not held up for longer by a Docker Engine that does not answer. */
const PING_MS = 1000;

/** Whoever has Docker expects channels: test pictures in their place are for those who ask for them. */
const OTHER_WAYS =
  'or set ENGINE_ADDRESSES to engines that run elsewhere, or ENGINE_DRIVER=simulator to watch the demo channels';

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
  if (config.engineAddresses.length > 0) {
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

/** What a driver that runs engines itself needs beside the settings. */
export interface DriverSurroundings {
  readonly registry: EngineRegistry;
  readonly events: EventBus;
  readonly folder: DataFolder;
  readonly demand: EngineDemand;
  /** Where engines in containers of this Docker Engine go. */
  readonly placement: EnginePlacement;
  /** Closed with the driver that uses it. */
  readonly docker: DockerClient;
}

/** @throws EngineDriverError when the settings do not fit the driver */
export async function createDriver(
  choice: DriverChoice,
  config: EnginesConfig,
  surroundings: DriverSurroundings,
): Promise<EngineDriver> {
  if (choice.kind === 'static') return new StaticDriver(config.engineAddresses);
  const { registry, events, demand, placement } = surroundings;
  return new FleetKeeper({
    config,
    registry,
    events,
    demand,
    runtime: await createRuntime(choice.kind, choice.isStopgap, config, surroundings),
    placement: choice.kind === 'docker' ? placement : ANYWHERE,
  });
}

async function createRuntime(
  kind: RuntimeKind,
  isStopgap: boolean,
  config: EnginesConfig,
  { docker, events, folder }: DriverSurroundings,
): Promise<EngineRuntime> {
  switch (kind) {
    case 'docker':
      return new DockerRuntime(config, await obtainInstanceId(folder), events, docker);
    case 'swarm':
      return new SwarmRuntime(config, await obtainInstanceId(folder), events, docker);
    case 'simulator':
      // A stopgap that played every id would let test pictures pass for channels.
      return new SimulatorRuntime({ script: SIMULATOR_SCRIPT, playsAnyContent: !isStopgap });
  }
}
