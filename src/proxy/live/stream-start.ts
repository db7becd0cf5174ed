import { AppError, type ErrorCode } from '../../kernel/errors';
import { Deferred } from '../../kernel/deferred';
import type { EndReason } from '../streams';

const CODES: Partial<Record<EndReason, ErrorCode>> = {
  shutdown: 'shutting_down',
  recorded: 'unsupported_content',
  reclaimed: 'no_capacity',
};

/** The start of a stream, for all requests that wait for it. */
export class StreamStart<Stream> {
  /** Settles with the stream to watch, which is another one after a merge, or with the error. */
  readonly ready = new Deferred<Stream>();
  /** Settles when an engine has answered, before any media. */
  readonly answered = new Deferred<Stream>();

  /** All requests that wait here wait for the start of another stream from now on. */
  follow(other: { readonly ready: Promise<Stream>; readonly answered: Promise<Stream> }): void {
    other.answered.then(this.answered.resolve, this.answered.reject);
    other.ready.then(this.ready.resolve, this.ready.reject);
  }

  /** The stream has ended for a reason that is not a failure. */
  stopped(reason: EndReason): void {
    const code = CODES[reason] ?? 'not_found';
    this.reject(new AppError(code, 'The stream was stopped before it started.'));
  }

  reject(error: AppError): void {
    this.ready.reject(error);
    this.answered.reject(error);
  }
}
