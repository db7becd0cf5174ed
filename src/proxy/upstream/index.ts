export { StreamHistory } from './stream-history';
export { StreamIngest, type IngestOwner, type IngestVerdict } from './stream-ingest';
export { UpstreamReader, type UpstreamEnd } from './upstream-reader';
export { BurstGauge, shouldPause, type BurstFacts } from './burst-pause';
