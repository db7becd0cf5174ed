export { CatchUpScheduler } from './catch-up.scheduler';
export { StreamFanout } from './stream-fanout';
export { Viewer, type LeaveReason, type ViewerHost, type ViewerIdentity } from './viewer';
