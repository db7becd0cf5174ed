export { BacklogScheduler } from './backlog-scheduler';
export { StreamFanout } from './stream-fanout';
export { classifyProgress, PAUSED_AFTER_MS } from './lag-policy';
export {
  isDismissal,
  Viewer,
  unsentBytesOf,
  LEAVE_REASONS,
  type LeaveReason,
  type WatchedStream,
  type ViewerIdentity,
} from './viewer';
