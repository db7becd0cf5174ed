import { type EndSignal, exitCodeOf } from './app-signals';

/** After the drain: engine sessions are stopped within 3 s, and a little air. */
const STREAMS_MARGIN_MS = 5_000;
/** One after the other: sessions that are being stopped (3 s), late starts (3 s), engines that are to be removed (6 s). */
const CLOSE_DEADLINE_MS = 13_000;
/** Beside the drain: a runtime that has not been asked yet may have to be waited for. */
const FAREWELL_MS = 3_000;
const FLUSH_DEADLINE_MS = 1_000;
/** Whatever hangs, the process is gone this long after the drain. */
const HARD_MARGIN_MS = 20_000;

/** What ends, in the order in which it ends. */
export interface EndingParts {
  /** Tells load balancers first: they need the time of the drain to notice. */
  readonly readiness: { closeForShutdown(): void };
  /** No engine is made, replaced or let go any more; those that there are go on. */
  readonly engines: { hold(): void; farewell(): Promise<string | null> };
  readonly streams: { drain(deadlineMs: number): Promise<void>; abortNow(): void };
  readonly app: { close(): Promise<void> };
  readonly output: { flush(deadlineMs: number): Promise<void> };
  readonly drainMs: number;
  readonly report: (message: string, error?: unknown) => void;
  readonly exit: (code: number) => void;
}

/**
 * The end of the program. The first signal: readiness answers 503, new viewers are refused, present ones are fed for
 * the drain and then reset, engine sessions are stopped, everything closes; exit code 0, or 1 when a part failed or
 * hung. The second signal ends at once.
 */
export class Shutdown {
  private isBegun = false;

  constructor(private readonly parts: EndingParts) {}

  /** Resolves when the exit was asked for. Never rejects. */
  async signal(name: EndSignal): Promise<void> {
    const { streams, exit } = this.parts;
    if (this.isBegun) {
      streams.abortNow();
      exit(exitCodeOf(name));
      return;
    }
    this.isBegun = true;
    await this.end(name);
  }

  private async end(name: EndSignal): Promise<void> {
    const { readiness, engines, streams, app, output, drainMs, report, exit } = this.parts;
    const hard = setTimeout(() => exit(1), drainMs + HARD_MARGIN_MS);
    hard.unref();
    report(`${name}: ending; viewers receive media for another ${drainMs / 1000} s`);
    readiness.closeForShutdown();
    engines.hold();
    const [drained] = await Promise.all([
      this.attempt(
        'streams did not end in time',
        streams.drain(drainMs),
        drainMs + STREAMS_MARGIN_MS,
      ),
      // Said now and not at the end: an impatient operator sends the second signal before that.
      this.attempt('engines that keep running are not known', this.sayFarewell(), FAREWELL_MS),
    ]);
    const closed = await this.attempt(
      'modules did not close in time',
      app.close(),
      CLOSE_DEADLINE_MS,
    );
    await output.flush(FLUSH_DEADLINE_MS);
    clearTimeout(hard);
    exit(drained && closed ? 0 : 1);
  }

  private async sayFarewell(): Promise<void> {
    const farewell = await this.parts.engines.farewell();
    if (farewell !== null) this.parts.report(farewell);
  }

  /** True when `work` was done within `deadlineMs`. */
  private async attempt(
    complaint: string,
    work: Promise<void>,
    deadlineMs: number,
  ): Promise<boolean> {
    const { report } = this.parts;
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        report(complaint);
        resolve(false);
      }, deadlineMs);
      work.then(
        () => {
          clearTimeout(timer);
          resolve(true);
        },
        (error: unknown) => {
          clearTimeout(timer);
          report('a module failed to end', error);
          resolve(false);
        },
      );
    });
  }
}
