export {
  type FilledSink,
  MAX_CHUNK_BYTES,
  MAX_OWED_BYTES,
  RingBuffer,
  type RingLimits,
  type ViewHolder,
} from './ring-buffer';
export { fairShares, type MemoryDemand } from './fair-shares';
export { JoinPoints, type JoinPoint, type MediaTimeAt, type RingPoint } from './join-points';
export { joinPointBehind } from './join-choice';
