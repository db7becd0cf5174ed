export { StreamHistory } from './stream-history';
export { StreamIngest, type Excess, type IngestOwner, type IngestVerdict } from './stream-ingest';
export { StagedIntake } from './staged-intake';
export { UpstreamReader, type Desertion, type UpstreamEnd } from './upstream-reader';
export type { SourceJoin } from './splice.types';
export { BurstGauge, shouldPause, type BurstFacts } from './burst-pause';
export { LivePositionWatch, type LivePositionFault } from './live-position-watch';
