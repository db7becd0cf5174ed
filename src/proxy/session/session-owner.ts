import type { AppError } from '../../kernel/errors';
import type { Viewer } from '../viewers';
import type { FoundRecording } from './recording-host';
import type { StreamSession } from './stream-session';

/** What a session tells, and asks, whoever made it. */
export interface SessionOwner {
  /** The infohash is known. Returns the session that already plays it, if it is another one. */
  infohashKnown(session: StreamSession, infohash: string): StreamSession | null;
  /** Viewers can join from now on. */
  sessionLive(session: StreamSession): void;
  /** The session is over; nothing may be added to it any more. Called once. */
  sessionOver(session: StreamSession): void;
  viewerGone(viewer: Viewer): void;
  /** An engine said that the content is recorded. True: its slot and session are the owner's from now on. */
  recordingAnswered(found: FoundRecording): boolean;
  /** Whether the content whose start ended with this is played elsewhere. */
  recordingFound(session: StreamSession, error: AppError): boolean;
}
