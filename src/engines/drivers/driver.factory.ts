import { join } from 'node:path';
import type { EnginesConfig } from '../engines.config';
import type { DriverKind, EngineDriver } from './engine-driver.port';
import { SimulatorDriver } from './simulator/simulator.driver';
import { StaticDriver } from './static.driver';

/** Which driver runs, and why, in words for the start banner. */
export interface DriverChoice {
  readonly kind: DriverKind;
  readonly why: string;
  /** True when nobody asked for it by name: worth a warning, because it is not the real thing. */
  readonly isStopgap: boolean;
}

export type DriverConfig = Pick<EnginesConfig, 'engineDriver' | 'engineAddresses' | 'minReplicas'>;

/** The simulator's own program, three folders above this room in sources and in the built tree alike. */
export const SIMULATOR_SCRIPT = join(__dirname, '../../../simulator/dist/main.js');

/** `auto` takes what was configured, and only else test pictures. */
export function chooseDriver(config: DriverConfig): DriverChoice {
  switch (config.engineDriver) {
    case 'static':
    case 'simulator': {
      const why = `ENGINE_DRIVER=${config.engineDriver}`;
      return { kind: config.engineDriver, why, isStopgap: false };
    }
    case 'auto':
      return config.engineAddresses.length > 0
        ? { kind: 'static', why: 'ENGINE_ADDRESSES is set', isStopgap: false }
        : {
            kind: 'simulator',
            why: 'ENGINE_ADDRESSES is empty, so only test pictures are played',
            isStopgap: true,
          };
  }
}

/** @throws EngineDriverError when the settings do not fit the driver */
export function createDriver(
  choice: DriverChoice,
  config: DriverConfig,
  script: string = SIMULATOR_SCRIPT,
): EngineDriver {
  switch (choice.kind) {
    case 'static':
      return new StaticDriver(config.engineAddresses);
    case 'simulator':
      return new SimulatorDriver({
        script,
        // MIN_REPLICAS=0 is for drivers that add engines on demand; this one cannot.
        replicas: Math.max(1, config.minReplicas),
        // A stopgap that played every id would let test pictures pass for channels.
        playsAnyContent: !choice.isStopgap,
      });
  }
}
