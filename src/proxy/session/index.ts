export { SessionDirectory } from './session.directory';
export { ContentAliases } from './content-aliases';
export { SessionServices } from './session-services';
export { StreamSession, isoOf } from './stream-session';
export { StreamShutdown } from './stream-shutdown';
export type { Attempt, SessionState, SessionTimeline } from './session.types';
export { snapshotOf, type SessionSnapshot } from './session-snapshot';
export { otherForm } from './engine-handshake';
export { delay } from './retry-backoff';
