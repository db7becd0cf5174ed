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

/** An engine that failed on this content is not tried again for this long. */
const EXCLUDE_MS = 60_000;

/** After this many failures in a row, a start treats the problem as permanent. */
const MAX_START_FAILURES = 5;

interface Exclusion {
  /** Monotonic time at which it failed. */
  readonly sinceMs: number;
  /** The failure is transient and a retry may work, unlike a refusal or an invalid answer. */
  readonly isTransient: boolean;
}

/**
 * Acquires the source for the next attempt of one stream. Engines that have not failed come first and at once. Engines
 * that have failed are asked again only if no other is left, after the backoff.
 */
export class EngineAcquirer {
  /** Failures in a row, for the backoff. */
  private failures = 0;
  /** `failures` at the time when the source was lost. */
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

  /** Media have flowed for long enough that earlier failures no longer count. */
  recovered(): void {
    this.failures = 0;
  }

  /** A running stream has lost its source. */
  lossBegins(): void {
    this.failuresBefore = this.failures;
  }

  /** The source was lost because its engine died: failures since then do not count. */
  excuseLoss(): void {
    this.failures = this.failuresBefore;
  }

  exclude(engineId: string, isTransient: boolean): void {
    this.excluded.set(engineId, { sinceMs: monotonicMs(), isTransient });
  }

  /** Engines that failed on this content lately, and for how many ms more they are excluded. */
  exclusions(): ReadonlyMap<string, number> {
    this.dropExpired();
    const nowMs = monotonicMs();
    return new Map(
      [...this.excluded].map(([id, { sinceMs }]) => [id, sinceMs + EXCLUDE_MS - nowMs]),
    );
  }

  /**
   * A source on the best engine.
   *
   * @throws AppError `engine_failed` when every engine gave invalid answers at a start, `start_timeout`, or what the
   *   scheduler says; the reason of the signal
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

  /** A source on an engine that has not failed, if there is one now; else null. */
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

  /** Another content is asked for, so earlier failures do not count. From the second round of all sources on, a backoff applies. */
  startOver(rounds: number): void {
    this.excluded.clear();
    this.failures = rounds === 0 ? 0 : rounds + 1;
  }

  /** `source` is to be opened once more: waits for the backoff, and until its engine may be asked. */
  async retryHere(source: Source): Promise<void> {
    try {
      await this.backOff(source.revoked);
      await source.reserveAgain(this.policy().replacesSource, this.startSignal());
    } catch (error) {
      this.signal.throwIfAborted();
      // The attempt that follows finds out by itself that its slot was revoked.
      if (source.revoked.aborted) return;
      throw this.reasonOf(error);
    }
  }

  /** Waits before an engine that has failed is asked again. */
  backOff(also?: AbortSignal): Promise<void> {
    return this.wait(this.restMs, also);
  }

  /** How long an engine that has failed is not asked, after the failures so far. */
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

  /** Null when there was none, and a running stream is to ask again. */
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

  /** Aborts with the stream, and at the end of the start budget. */
  private startSignal(): AbortSignal {
    const leftMs = this.startBudgetMs();
    if (!Number.isFinite(leftMs)) return this.signal;
    return AbortSignal.any([this.signal, AbortSignal.timeout(Math.ceil(Math.max(1, leftMs)))]);
  }

  /** What a request is to fail with that ended with `error`. */
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
   * Waits until the engine that failed longest ago has rested, and forgives all that have. The rest counts from each
   * engine's own failure, so viewers do not wait because of the most recent one.
   */
  private async forgiveRested(): Promise<void> {
    const { restMs } = this;
    const mayAsk = ({ isTransient }: Exclusion): boolean =>
      isTransient || this.policy().isPersistent;
    const failedMs = [...this.excluded.values()].filter(mayAsk).map(({ sinceMs }) => sinceMs);
    // What failed may have been forgiven meanwhile.
    if (failedMs.length === 0) return;
    const oldestMs = Math.min(...failedMs);
    await this.wait(Math.max(0, oldestMs + restMs - monotonicMs()));
    // A timer may be a little early: the oldest is forgiven in any case.
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
