import { AppError, type ErrorCode } from '../../kernel/errors';
import { Deferred } from '../../kernel/deferred';
import type { EndReason } from '../streams';

/** The error code for each reason for which a stream may end before it has started. */
const CODES: Partial<Record<EndReason, ErrorCode>> = {
  shutdown: 'shutting_down',
  recorded: 'unsupported_content',
  reclaimed: 'no_capacity',
};

/** The result of a stream's start, for all requests that wait for it. */
export class StreamStart<Stream> {
  /** Resolves with the stream to watch, which is another one after a merge; rejects with the start's error. */
  readonly ready = new Deferred<Stream>();
  /**
   * Resolves when an engine has answered, before any media arrive; rejects if the start fails or the stream is stopped.
   */
  readonly answered = new Deferred<Stream>();

  /** Passes on the result of another stream's start to all requests that wait for this one. */
  follow(other: { readonly ready: Promise<Stream>; readonly answered: Promise<Stream> }): void {
    other.answered.then(this.answered.resolve, this.answered.reject);
    other.ready.then(this.ready.resolve, this.ready.reject);
  }

  /** Call when the stream has ended without an error. */
  stopped(reason: EndReason): void {
    const code = CODES[reason] ?? 'not_found';
    this.reject(new AppError(code, 'The stream was stopped before it started.'));
  }

  reject(error: AppError): void {
    this.ready.reject(error);
    this.answered.reject(error);
  }
}
