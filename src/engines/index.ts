export { type DriverChoice } from './drivers/driver-choice';
export {
  type DemoChannel,
  DriverChoiceError,
  type DriverKind,
  EngineDriverError,
} from './drivers/engine-driver.port';
export { Engine } from './registry/engine';
export { EngineAllocator } from './engine.allocator';
export { EngineRegistry, type RegistryChange } from './registry/engine-registry';
export { EngineLeaveWish, type LeaveWish } from './leave-wish';
export { EngineSupply } from './fleet/engine-supply';
export type { AcquireRequest, EngineLease } from './engine.types';
export type {
  EngineComplaint,
  EngineDescription,
  EngineState,
  EngineView,
} from './registry/engine.types';
export { EnginesModule } from './engines.module';
export { EngineSelector, type SelectionRequest } from './selection/engine.selector';
