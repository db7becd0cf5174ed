export { EngineScheduler } from './engine-scheduler';
export { firstToEnd } from './preemption';
export { type Watch, SlotHolder } from './slot-holder';
export { SlotLease } from './slot-lease';
export { SlotQueue } from './slot-queue';
export { SLOT_CLASSES, type SlotClass, type SlotRequest, type WaitFor } from './slot-request';
export type { SlotState } from './slot-state';
