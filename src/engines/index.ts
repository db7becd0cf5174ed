export { type DriverChoice } from './drivers/driver.factory';
export {
  type DemoChannel,
  DriverChoiceError,
  type DriverKind,
  EngineDriverError,
} from './drivers/engine-driver.port';
export { Engine } from './engine';
export { EngineHealth } from './health/engine-health';
export { EngineRegistry, type RegistryChange } from './engine-registry';
export { type DrainSignal, EngineDrainSignal } from './drain-signal';
export { SlotRevocation } from './held-slot';
export { EngineSupply } from './engine-supply';
export type { EngineComplaint, EngineDescription, EngineState, EngineView } from './engine.types';
export { EnginesModule } from './engines.module';
export {
  EngineScheduler,
  SlotHolder,
  SlotLease,
  SlotQueue,
  type SlotClass,
  type SlotRequest,
  type Watch,
} from './scheduling';
