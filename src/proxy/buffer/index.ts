export { type FilledSink, MAX_CHUNK_BYTES, RingBuffer, type RingLimits } from './ring-buffer';
export { fairShares, type RingDemand } from './fair-shares';
export { JoinPoints, type JoinPoint, type MediaTimeAt, type RingPoint } from './join-points';
export { joinPointBehind } from './join-choice';
