import type { SourceSelector } from '../../kernel/content-selector';
import type { AppError } from '../../kernel/errors';
import type { Viewer } from '../viewers';
import type { FoundRecording } from './recording-host';
import type { StreamSession } from './stream-session';

/** What a session tells, and asks, whoever made it. */
export interface SessionOwner {
  /** The infohash is known. Returns the session that already plays it, if it is another one. */
  infohashKnown(session: StreamSession, infohash: string): StreamSession | null;
  /** Whether a session other than this one plays that content. */
  isPlayedElsewhere(session: StreamSession, content: SourceSelector): boolean;
  /** The session of a channel is about to play another content: it is not to be found as the old one any more. */
  sourceChanged(session: StreamSession): void;
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
