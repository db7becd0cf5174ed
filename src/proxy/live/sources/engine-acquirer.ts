import type { AppConfig } from '../../../config';
import type { SlotHolder, WaitFor } from '../../../engines';
import { monotonicMs } from '../../../kernel/clock';
import { AppError } from '../../../kernel/errors';
import { retryDelayMs } from '../../../kernel/retry-delay';
import { delay } from '../../../kernel/wait';
import type { AttemptLog } from './attempt-log';
import type { EngineSources } from './engine-sources';
import type { SourcePolicy } from './source-policy';
import type { Source } from './source.port';

/** An engine that failed on this content is excluded for this long. */
const EXCLUDE_MS = 60_000;

/** After this many failures in a row, a start treats the problem as permanent. */
const MAX_START_FAILURES = 5;

interface Exclusion {
  /** Monotonic time at which the engine failed. */
  readonly sinceMs: number;
  /** The failure is transient and a retry may work, unlike a refusal or an invalid answer. */
  readonly isTransient: boolean;
}

/**
 * Acquires the source for the next attempt of one stream. Engines that have not failed are tried first and without delay.
 * Engines that have failed are tried again only if no other engine is left, and after the backoff.
 */
export class EngineAcquirer {
  /** Failures in a row, for the backoff. */
  private failures = 0;
  /** The value of `failures` at the time when the source was lost. */
  private failuresBefore = 0;
  private readonly excluded = new Map<string, Exclusion>();

  constructor(
    private readonly engines: Pick<EngineSources, 'acquire'>,
    private readonly holder: SlotHolder,
    private readonly policy: () => SourcePolicy,
    private readonly log: Pick<AttemptLog, 'lastOutcome'>,
    private readonly config: Pick<AppConfig, 'proxyRetryBaseMs' | 'proxyRetryMaxMs'>,
    private readonly signal: AbortSignal,
  ) {}

  get failuresInARow(): number {
    return this.failures;
  }

  failed(): void {
    this.failures++;
  }

  /** Call when media have flowed for long enough that earlier failures no longer count. */
  recovered(): void {
    this.failures = 0;
  }

  /** Call when a running stream has lost its source. */
  lossBegins(): void {
    this.failuresBefore = this.failures;
  }

  /** Call when the source was lost because its engine died. Failures since the loss then do not count. */
  excuseLoss(): void {
    this.failures = this.failuresBefore;
  }

  exclude(engineId: string, isTransient: boolean): void {
    this.excluded.set(engineId, { sinceMs: monotonicMs(), isTransient });
  }

  /** The excluded engines by id, each with the remaining time of its exclusion in ms. */
  exclusions(): ReadonlyMap<string, number> {
    this.dropExpired();
    const nowMs = monotonicMs();
    return new Map(
      [...this.excluded].map(([id, { sinceMs }]) => [id, sinceMs + EXCLUDE_MS - nowMs]),
    );
  }

  /**
   * Acquires a source on the best engine. A running stream retries until its signal aborts; its only `AppError`
   * is `shutting_down`.
   *
   * @throws AppError `engine_failed`: at a start, every engine failed and a retry would not help. `start_timeout`: the
   *   start budget is spent. `unsupported_content`: instead of either of these, if the attempts suggest that
   *   the content is at fault. `no_capacity`, `no_engine`, `shutting_down`: see `EngineScheduler.acquire`.
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
      await this.forgiveRested();
    }
  }

  /** Acquires a source on an engine that is not excluded. Returns null if no such engine has a slot. */
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
   * Call when the stream changes to another source, so earlier failures do not count. Once all sources have failed, the
   * next round waits (backoff).
   */
  startOver(rounds: number): void {
    this.excluded.clear();
    this.failures = rounds === 0 ? 0 : rounds + 1;
  }

  /** Waits until `source` may be opened again: for the backoff, and until its engine accepts another start. */
  async retryHere(source: Source): Promise<void> {
    try {
      await this.backOff(source.revoked);
      await source.reserveAgain(this.policy().replacesSource, this.startSignal());
    } catch (error) {
      this.signal.throwIfAborted();
      // Do not throw if the slot was revoked, because the next attempt ends with that outcome.
      if (source.revoked.aborted) return;
      throw this.reasonOf(error);
    }
  }

  /** Waits for the rest time of a failed engine. */
  backOff(also?: AbortSignal): Promise<void> {
    return this.wait(this.restMs, also);
  }

  /** Time a failed engine rests, given the failures so far. */
  private get restMs(): number {
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
    excluded: ReadonlySet<string>,
    waitFor: WaitFor,
    signal: AbortSignal,
  ): Promise<Source> {
    const { holder } = this;
    return this.engines.acquire({
      holder,
      class: this.policy().slotClass,
      excluded,
      waitFor,
      signal,
    });
  }

  /** Acquires a source on any engine. Null: no slot, and the caller should retry (running streams only). */
  private async acquireAny(): Promise<Source | null> {
    try {
      return await this.request(new Set(), 'slot', this.startSignal());
    } catch (error) {
      this.signal.throwIfAborted();
      if (!(error instanceof AppError) || !this.policy().isPersistent) throw this.reasonOf(error);
      this.failures++;
      await this.backOff();
      return null;
    }
  }

  /** A signal that aborts with the stream, and at the end of the start budget. */
  private startSignal(): AbortSignal {
    const leftMs = this.startBudgetMs();
    if (!Number.isFinite(leftMs)) return this.signal;
    return AbortSignal.any([this.signal, AbortSignal.timeout(Math.ceil(Math.max(1, leftMs)))]);
  }

  /** Replaces the start budget's timeout by a `start_timeout` error. Returns any other error unchanged. */
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
   * Waits until the engine that failed first has rested, and removes the exclusion of every engine that has rested. Each
   * engine's rest time runs from its own last failure, not from the latest failure of any engine.
   */
  private async forgiveRested(): Promise<void> {
    const { restMs } = this;
    const mayAsk = ({ isTransient }: Exclusion): boolean =>
      isTransient || this.policy().isPersistent;
    const failedMs = [...this.excluded.values()].filter(mayAsk).map(({ sinceMs }) => sinceMs);
    // Exclusions may have expired meanwhile, so there may be nothing to wait for.
    if (failedMs.length === 0) return;
    const oldestMs = Math.min(...failedMs);
    await this.wait(Math.max(0, oldestMs + restMs - monotonicMs()));
    // The timer may fire slightly early, so always forgive the engine that failed first.
    const restedMs = Math.max(oldestMs, monotonicMs() - restMs);
    for (const [id, exclusion] of this.excluded) {
      if (mayAsk(exclusion) && exclusion.sinceMs <= restedMs) this.excluded.delete(id);
    }
  }

  private startBudgetMs(): number {
    return this.policy().deadlineMs - monotonicMs();
  }

  private allFailed(): AppError {
    const last = this.log.lastOutcome ?? 'no answer';
    return (
      this.policy().contentFault ??
      new AppError('engine_failed', `Every engine tried failed; the last with ${last}.`)
    );
  }

  private tooLate(): AppError {
    const last = this.log.lastOutcome ?? 'no answer';
    return (
      this.policy().contentFault ??
      new AppError('start_timeout', `No media within the start budget; last: ${last}.`)
    );
  }
}
