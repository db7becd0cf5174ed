import { type EndSignal, exitCodeOf } from './app-signals';

/** After the drain: engine sessions are stopped within 3 s, plus a margin. */
const STREAMS_MARGIN_MS = 5_000;
/** In sequence: stops of engine sessions (3 s), late starts (3 s), removal of engines (6 s). */
const CLOSE_DEADLINE_MS = 13_000;
/** Runs during the drain: a runtime without an answer so far may need this long. */
const REMAINING_ENGINES_DEADLINE_MS = 3_000;
const FLUSH_DEADLINE_MS = 1_000;
/** The process exits at most this long after the drain, whatever hangs. */
const HARD_MARGIN_MS = 20_000;

/** The parts to end, in this order. */
export interface EndingParts {
  /** Notifies load balancers first, because they need the time of the drain to react. */
  readonly readiness: { closeForShutdown(): void };
  /** No engine is created, replaced or removed any more; existing ones continue. */
  readonly engines: { hold(): void; farewell(): Promise<string | null> };
  readonly streams: { drain(deadlineMs: number): Promise<void>; abortNow(): void };
  readonly app: { close(): Promise<void> };
  readonly output: { flush(deadlineMs: number): Promise<void> };
  readonly drainMs: number;
  readonly report: (message: string, error?: unknown) => void;
  readonly exit: (code: number) => void;
}

/**
 * The end of the program. On the first signal, readiness answers 503, new viewers are refused, and present viewers
 * get media for the drain and are then reset; then engine sessions are stopped and everything closes. The exit code
 * is 0, or 1 if a part failed or hung. The second signal ends the program at once.
 */
export class Shutdown {
  private isBegun = false;

  constructor(private readonly parts: EndingParts) {}

  /** Resolves when the exit was requested. Never rejects. */
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
      // Logged now and not at the end, because an impatient operator sends the second signal before that.
      this.attempt(
        'engines that keep running are not known',
        this.reportRemainingEngines(),
        REMAINING_ENGINES_DEADLINE_MS,
      ),
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

  private async reportRemainingEngines(): Promise<void> {
    const farewell = await this.parts.engines.farewell();
    if (farewell !== null) this.parts.report(farewell);
  }

  /** True if `work` was done within `deadlineMs`. */
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
