import { unavailable } from './docker-error';

/** Why a call ends early: its caller has no use for it, or its time is over, or the client is closed. */
export class CallDeadline {
  private readonly controller = new AbortController();
  private readonly timer: NodeJS.Timeout;
  private readonly onCallerGone = (): void => {
    this.end(this.caller?.reason);
  };

  /** @param what for the message: `GET /containers/json` */
  constructor(
    what: string,
    deadlineMs: number,
    private readonly caller: AbortSignal | undefined,
  ) {
    this.timer = setTimeout(() => {
      this.end(unavailable(`Docker gave no answer to ${what} within ${deadlineMs / 1000} s`));
    }, deadlineMs);
    if (caller?.aborted === true) this.onCallerGone();
    else caller?.addEventListener('abort', this.onCallerGone, { once: true });
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  /** From now on only the caller, or who calls `end`, ends the call. */
  lift(): void {
    clearTimeout(this.timer);
  }

  /** Ends the call for this reason. Without effect after `dispose`, and after another reason. */
  end(reason: unknown): void {
    this.controller.abort(reason);
    this.dispose();
  }

  /** Lets go of timer and caller. Must be called on every way out. */
  dispose(): void {
    clearTimeout(this.timer);
    this.caller?.removeEventListener('abort', this.onCallerGone);
  }
}
