export { ATTEMPT_OUTCOMES, type Attempt, type AttemptOutcome } from './attempt';
export { NegativeCache } from './negative-cache';
export { publicStreamId } from './public-id';
export type { Stream, StreamKind, StreamSnapshot } from './stream';
export { StreamRegistry } from './stream-registry';
export { StreamShutdown } from './stream-shutdown';
export { StreamsModule } from './streams.module';
export { END_REASONS, type EndReason, type StreamState, type StreamTimeline } from './stream.types';
export type { StreamUse } from './user-streams';
