import { AppError, type ErrorCode } from '../../kernel/errors';
import { Settleable } from '../../kernel/settleable';
import type { EndReason } from './session.types';
import type { StreamSession } from './stream-session';

const CODES: Partial<Record<EndReason, ErrorCode>> = {
  shutdown: 'shutting_down',
  recorded: 'unsupported_content',
  reclaimed: 'no_capacity',
};

/** How a session's start goes, for those who wait for it. */
export class SessionStart {
  /** Settles with the session to watch, which may be another one, or the error. */
  readonly ready = new Settleable<StreamSession>();
  /** Settles when an engine has answered, before any media. */
  readonly answered = new Settleable<StreamSession>();

  /** Whoever waits here waits for another session's start from now on. */
  follow(other: StreamSession): void {
    other.answered.then(this.answered.resolve, this.answered.reject);
    other.ready.then(this.ready.resolve, this.ready.reject);
  }

  /** The session has ended for a reason that is no fault. */
  stopped(reason: EndReason): void {
    const code = CODES[reason] ?? 'not_found';
    this.reject(new AppError(code, 'The stream was stopped before it started.'));
  }

  reject(error: AppError): void {
    this.ready.reject(error);
    this.answered.reject(error);
  }
}
