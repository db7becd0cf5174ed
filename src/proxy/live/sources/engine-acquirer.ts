import type { AppConfig } from '../../../config';
import type { WaitFor } from '../../../engines';
import { monotonicMs } from '../../../kernel/clock';
import { AppError } from '../../../kernel/errors';
import { retryDelayMs } from '../../../kernel/retry-delay';
import { delay } from '../../../kernel/wait';
import type { AttemptLog } from './attempt-log';
import type { EngineSources } from './engine-sources';
import type { SourcePolicy } from './source-policy';
import type { Source } from './source.port';
import type { SourcedStream } from './sourced-stream';

/** How long an engine that failed on this content is excluded. */
const EXCLUDE_MS = 60_000;

/** After this many failures in a row, a start gives up if only excluded engines are left. */
const MAX_START_FAILURES = 5;

/** Keeps an engine from being chosen for this content. */
interface Exclusion {
  /** Monotonic time at which the engine failed. */
  readonly sinceMs: number;
  /** True if a retry may succeed, because the failure was neither a refusal nor an invalid answer. */
  readonly isTransient: boolean;
}

/**
 * Acquires the source for the next attempt of one stream. Engines that have not failed on the content are tried first
 * and without delay. An engine that has failed is tried again when no other engine is left, and after the backoff.
 */
export class EngineAcquirer {
  /** Failures in a row, for the backoff. */
  private failures = 0;
  /** The value of `failures` when the source was lost. */
  private failuresBefore = 0;
  private readonly excluded = new Map<string, Exclusion>();

  constructor(
    private readonly engines: Pick<EngineSources, 'acquire'>,
    private readonly stream: Pick<SourcedStream, 'holder' | 'busyEngines' | 'endUnwatchedPart'>,
    private readonly policy: () => SourcePolicy,
    private readonly log: Pick<AttemptLog, 'lastOutcome'>,
    private readonly config: Pick<AppConfig, 'proxyRetryBaseMs' | 'proxyRetryMaxMs'>,
    private readonly signal: AbortSignal,
  ) {}

  get failuresInARow(): number {
    return this.failures;
  }

  /** Counts a failed attempt. */
  failed(): void {
    this.failures++;
  }

  /** Call when media have flowed for so long that earlier failures no longer count. */
  recovered(): void {
    this.failures = 0;
  }

  /** Call when a running stream has lost its source. */
  lossBegins(): void {
    this.failuresBefore = this.failures;
  }

  /** Resets the number of failures to that before the loss. Call when the source was lost because its engine died. */
  excuseLoss(): void {
    this.failures = this.failuresBefore;
  }

  /** Keeps an engine that has failed from being chosen for 60 s, or for less if no other engine is left. */
  exclude(engineId: string, isTransient: boolean): void {
    this.excluded.set(engineId, { sinceMs: monotonicMs(), isTransient });
  }

  /** Returns how long each excluded engine remains excluded, in ms by engine id. */
  exclusions(): ReadonlyMap<string, number> {
    this.dropExpired();
    const nowMs = monotonicMs();
    return new Map(
      [...this.excluded].map(([id, { sinceMs }]) => [id, sinceMs + EXCLUDE_MS - nowMs]),
    );
  }

  /**
   * Acquires a source on the best engine. A running stream retries until its signal aborts.
   *
   * @throws AppError `shutting_down`. A stream that starts can also get `no_capacity` and `no_engine`, as
   *   `EngineScheduler.acquire` describes; `engine_failed` if every engine has failed and a retry would not help;
   *   `start_timeout` if the start budget is spent; and `unsupported_content` instead of these two if the attempts
   *   suggest that the content is at fault.
   * @throws the reason of the signal
   */
  async acquire(): Promise<Source> {
    for (;;) {
      this.signal.throwIfAborted();
      this.dropExpired();
      const source =
        this.excluded.size === 0 ? await this.acquireAny() : await this.acquireFresh('answer');
      if (source !== null) return source;
      if (this.excluded.size === 0) continue;
      const isHopeless =
        this.failures >= MAX_START_FAILURES ||
        ![...this.excluded.values()].some(({ isTransient }) => isTransient);
      if (!this.policy().isPersistent && isHopeless) throw this.allFailed();
      await this.readmitAfterBackoff();
    }
  }

  /**
   * Acquires a source on an engine that is not excluded. Returns null if there is no such engine or none has a slot.
   *
   * @throws AppError `shutting_down`, `start_timeout`; the reason of the signal
   */
  acquireOther(): Promise<Source | null> {
    return this.acquireFresh(this.policy().waitForOther);
  }

  private async acquireFresh(waitFor: WaitFor): Promise<Source | null> {
    this.dropExpired();
    try {
      return await this.request(new Set(this.excluded.keys()), waitFor, this.startSignal());
    } catch (error) {
      this.signal.throwIfAborted();
      if (error instanceof AppError && error.code !== 'shutting_down') return null;
      throw this.reasonOf(error);
    }
  }

  /**
   * Forgets all failures. Call when the stream changes to the channel's next source. `rounds`: how often all sources of
   * the channel have failed. Unless it is 0, it sets the length of the next `backOff`.
   */
  startOver(rounds: number): void {
    this.excluded.clear();
    this.failures = rounds === 0 ? 0 : rounds + 1;
  }

  /** Waits until `source` may be opened again: first for the backoff, then until its engine accepts another start. */
  async retryHere(source: Source): Promise<void> {
    try {
      await this.backOff(source.revoked);
      await source.reserveAgain(this.policy().replacesSource, this.startSignal());
    } catch (error) {
      this.signal.throwIfAborted();
      // If the slot was revoked, return: the next attempt then ends at once with that outcome.
      if (source.revoked.aborted) return;
      throw this.reasonOf(error);
    }
  }

  /** Waits for the backoff. @throws the reason of the stream's signal or of `also`; AppError `start_timeout` */
  backOff(also?: AbortSignal): Promise<void> {
    return this.wait(this.backoffMs, also);
  }

  /** The backoff after the failures so far. */
  private get backoffMs(): number {
    const { proxyRetryBaseMs, proxyRetryMaxMs } = this.config;
    return retryDelayMs(this.failures, proxyRetryBaseMs, proxyRetryMaxMs);
  }

  private async wait(waitMs: number, also?: AbortSignal): Promise<void> {
    const leftMs = this.startBudgetMs();
    const signal = also === undefined ? this.signal : AbortSignal.any([this.signal, also]);
    await delay(Math.max(0, Math.min(waitMs, leftMs)), signal);
    if (waitMs >= leftMs) throw this.tooLate();
  }

  private request(
    failed: ReadonlySet<string>,
    waitFor: WaitFor,
    signal: AbortSignal,
  ): Promise<Source> {
    return this.engines.acquire({
      holder: this.stream.holder,
      class: this.policy().slotClass,
      excluded: new Set([...failed, ...this.stream.busyEngines()]),
      waitFor,
      signal,
    });
  }

  /**
   * Acquires a source on any engine. For a running stream, returns null after the backoff if there is no slot. Also returns
   * null if the only hindrance was a stream that nobody watches, such as the one from which a player has just changed.
   */
  private async acquireAny(): Promise<Source | null> {
    try {
      return await this.request(new Set(), 'slot', this.startSignal());
    } catch (error) {
      this.signal.throwIfAborted();
      const isOnlyBusy = this.isOnlyBusy(error);
      if (isOnlyBusy && (await this.endUnwatchedPart())) return null;
      if (!(error instanceof AppError) || !this.policy().isPersistent) {
        throw this.reasonOf(isOnlyBusy ? allBusy() : error);
      }
      this.failures++;
      await this.backOff();
      return null;
    }
  }

  /** As for slots, only a stream that is watched ends another one. */
  private async endUnwatchedPart(): Promise<boolean> {
    const { holder } = this.stream;
    return holder.isWatched && this.stream.endUnwatchedPart();
  }

  /** True if no engine is left although none has failed. */
  private isOnlyBusy(error: unknown): boolean {
    const isLeft = !(error instanceof AppError) || error.code !== 'engine_failed';
    return !isLeft && this.stream.busyEngines().size > 0;
  }

  /** Returns a signal that aborts when the stream ends or the start budget is spent. */
  private startSignal(): AbortSignal {
    const leftMs = this.startBudgetMs();
    if (!Number.isFinite(leftMs)) return this.signal;
    return AbortSignal.any([this.signal, AbortSignal.timeout(Math.ceil(Math.max(1, leftMs)))]);
  }

  /** Turns the timeout of `startSignal` into a `start_timeout` error. Returns any other error unchanged. */
  private reasonOf(error: unknown): unknown {
    return error instanceof DOMException && error.name === 'TimeoutError' ? this.tooLate() : error;
  }

  private dropExpired(): void {
    const nowMs = monotonicMs();
    for (const [id, { sinceMs }] of this.excluded) {
      if (nowMs - sinceMs >= EXCLUDE_MS) this.excluded.delete(id);
    }
  }

  /**
   * Waits until the backoff of the first engine is over, and then ends the exclusion of every engine whose backoff is
   * over. Each engine's backoff begins with its own last failure.
   */
  private async readmitAfterBackoff(): Promise<void> {
    const { backoffMs } = this;
    const mayReadmit = ({ isTransient }: Exclusion): boolean =>
      isTransient || this.policy().isPersistent;
    const failedMs = [...this.excluded.values()].filter(mayReadmit).map(({ sinceMs }) => sinceMs);
    // There is nothing to wait for if all exclusions have expired meanwhile.
    if (failedMs.length === 0) return;
    const oldestMs = Math.min(...failedMs);
    await this.wait(Math.max(0, oldestMs + backoffMs - monotonicMs()));
    // The timer may fire slightly early, so always readmit the engine that failed first.
    const failedUntilMs = Math.max(oldestMs, monotonicMs() - backoffMs);
    for (const [id, exclusion] of this.excluded) {
      if (mayReadmit(exclusion) && exclusion.sinceMs <= failedUntilMs) this.excluded.delete(id);
    }
  }

  /** Time left of the start budget, in ms; Infinity for a running stream. */
  private startBudgetMs(): number {
    return this.policy().deadlineMs - monotonicMs();
  }

  private allFailed(): AppError {
    const last = this.log.lastOutcome ?? 'no answer';
    return (
      this.policy().contentFault ??
      new AppError(
        'engine_failed',
        `Every engine that was tried has failed, the last one with ${last}.`,
      )
    );
  }

  private tooLate(): AppError {
    const last = this.log.lastOutcome ?? 'no answer';
    return (
      this.policy().contentFault ??
      new AppError(
        'start_timeout',
        `No media arrived within the start budget. The last attempt ended with ${last}.`,
      )
    );
  }
}

function allBusy(): AppError {
  const detail =
    'Every engine plays another part of this content, with another file or parameters.';
  return new AppError('no_capacity', detail);
}
