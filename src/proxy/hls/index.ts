export { HlsModule } from './hls.module';
export { HlsPlaybacks, type HlsPlayback } from './hls-playbacks';
export { segmentBytes, type Segment } from './segment';
export { SegmentSender } from './segment-sender';
export { SegmentTrack } from './segment-track';
