export { type DriverChoice } from './drivers/driver-choice';
export {
  type DemoChannel,
  DriverChoiceError,
  type DriverKind,
  EngineDriverError,
} from './drivers/engine-driver.port';
export { Engine } from './registry/engine';
export { EngineHealth } from './health/engine-health';
export { EngineRegistry, type RegistryChange } from './registry/engine-registry';
export { type DrainSignal, EngineDrainSignal } from './registry/drain-signal';
export { SlotRevocation } from './registry/held-slot';
export { FleetControl } from './fleet/fleet-control.port';
export { EngineSupply } from './fleet/engine-supply';
export type {
  EngineComplaint,
  EngineDescription,
  EngineState,
  EngineView,
} from './registry/engine.types';
export { EnginesController } from './http/engines.controller';
export { OrchestratorController } from './http/orchestrator.controller';
export { VpnController } from './vpn';
export { EnginesModule } from './engines.module';
export {
  type ReportedStream,
  ReportedStreams,
  type StreamReport,
} from './reports/reported-streams';
export { slotLimit, slotsKeptFree } from './slot-limit';
export {
  EngineScheduler,
  firstToEnd,
  SLOT_CLASSES,
  SlotHolder,
  SlotLease,
  SlotQueue,
  type SlotClass,
  type SlotRequest,
  type WaitFor,
  type Watch,
} from './scheduling';
