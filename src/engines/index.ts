export { type DriverChoice } from './drivers/driver.factory';
export {
  type DemoChannel,
  DriverChoiceError,
  type DriverKind,
  EngineDriverError,
} from './drivers/engine-driver.port';
export { Engine } from './engine';
export { EngineAllocator } from './engine.allocator';
export { EngineRegistry, type RegistryChange } from './engine-registry';
export { EngineLeaveWish, type LeaveWish } from './leave-wish';
export { EngineSupply } from './engine-supply';
export type {
  AcquireRequest,
  EngineComplaint,
  EngineDescription,
  EngineLease,
  EngineState,
  EngineView,
} from './engine.types';
export { EnginesModule } from './engines.module';
export { EngineSelector, type SelectionRequest } from './selection/engine.selector';
