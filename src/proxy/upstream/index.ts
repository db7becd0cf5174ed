export { StreamHistory } from './stream-history';
export {
  StreamIngest,
  type Excess,
  type IngestListener,
  type IngestVerdict,
} from './stream-ingest';
export { StagedIntake, type SpliceTarget } from './staged-intake';
export { SilenceCheck, type SilentEngine } from './silence-check';
export {
  UpstreamReader,
  type AbandonReason,
  type MediaBody,
  type UpstreamEnd,
} from './upstream-reader';
export type { SourceJoin } from './splice-types';
export { BurstDetector, shouldPause, type BurstFacts } from './burst-pause';
export { LivePositionWatch, type LivePositionFault } from './live-position-watch';
