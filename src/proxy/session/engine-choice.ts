import type { EngineLease } from '../../engines';
import { monotonicMs } from '../../kernel/clock';
import { AppError } from '../../kernel/errors';
import { retryDelayMs } from '../../kernel/retry-delay';
import { delay } from './retry-backoff';
import type { SessionServices } from './session-services';

/** Rule 23: an engine that failed on this content is left alone for this long. */
const EXCLUDE_MS = 60_000;

/** What goes wrong this often in a row at a start is not passing, whatever it looks like. */
const MAX_START_FAILURES = 5;

interface Exclusion {
  readonly untilMs: number;
  /** What went wrong may be over at the next try, unlike nonsense or a refusal. */
  readonly isPassing: boolean;
}

export interface ChoiceOwner {
  readonly streamId: string;
  /** Viewers have been let in: any engine is better than none, until the outage budget is spent. */
  isRunning(): boolean;
  /** Monotonic time at which the start must have succeeded; null before the first engine was had. */
  startDeadlineMs(): number | null;
  /** What the last try ended with, for the error that says that all failed. */
  lastReason(): string | null;
}

/**
 * Which engine is tried next. One that has not failed comes first and at once; only when there is none is one
 * that has failed asked again, and that is what back-off is for.
 */
export class EngineChoice {
  /** Failures in a row, for back-off. */
  private failures = 0;
  private readonly excluded = new Map<string, Exclusion>();

  constructor(
    private readonly owner: ChoiceOwner,
    private readonly services: SessionServices,
    private readonly signal: AbortSignal,
  ) {}

  get failuresInARow(): number {
    return this.failures;
  }

  failed(): void {
    this.failures++;
  }

  /** Media have flowed for long enough: what was before does not count any more. */
  recovered(): void {
    this.failures = 0;
  }

  exclude(engineId: string, isPassing: boolean): void {
    this.excluded.set(engineId, { untilMs: monotonicMs() + EXCLUDE_MS, isPassing });
  }

  /**
   * A slot on the best engine.
   *
   * @throws AppError `engine_failed` when every engine gave nonsense at a start, `start_timeout`, or what the
   *   allocator says; the signal's reason
   */
  async acquire(): Promise<EngineLease> {
    for (;;) {
      this.signal.throwIfAborted();
      this.dropExpired();
      if (this.excluded.size === 0) {
        const lease = await this.acquireAny();
        if (lease !== null) return lease;
        continue;
      }
      const fresh = await this.acquireNow();
      if (fresh !== null) return fresh;
      const isPassing = [...this.excluded.values()].some((exclusion) => exclusion.isPassing);
      const isHopeless = !isPassing || this.failures >= MAX_START_FAILURES;
      if (!this.owner.isRunning() && isHopeless) throw this.allFailed();
      await this.backOff();
      this.forgive();
    }
  }

  /** Waits before an engine that has failed is asked again. */
  async backOff(): Promise<void> {
    const { proxyRetryBaseMs, proxyRetryMaxMs } = this.services.config;
    const waitMs = retryDelayMs(this.failures, proxyRetryBaseMs, proxyRetryMaxMs);
    const leftMs = this.startBudgetMs();
    await delay(Math.max(0, Math.min(waitMs, leftMs)), this.signal);
    if (waitMs >= leftMs) throw this.tooLate();
  }

  private async acquireNow(): Promise<EngineLease | null> {
    try {
      return await this.services.engines.acquire({
        streamId: this.owner.streamId,
        excluded: new Set(this.excluded.keys()),
        signal: this.signal,
        mayWait: false,
      });
    } catch (error) {
      this.signal.throwIfAborted();
      if (error instanceof AppError && error.code !== 'shutting_down') return null;
      throw error;
    }
  }

  /** Null when there was none and, for a running stream, it is worth asking again. */
  private async acquireAny(): Promise<EngineLease | null> {
    const leftMs = this.startBudgetMs();
    const deadline = Number.isFinite(leftMs)
      ? AbortSignal.timeout(Math.ceil(Math.max(1, leftMs)))
      : null;
    try {
      return await this.services.engines.acquire({
        streamId: this.owner.streamId,
        excluded: new Set(),
        signal: deadline === null ? this.signal : AbortSignal.any([this.signal, deadline]),
      });
    } catch (error) {
      this.signal.throwIfAborted();
      if (deadline?.aborted === true) throw this.tooLate();
      if (!(error instanceof AppError) || !this.owner.isRunning()) throw error;
      this.failures++;
      await this.backOff();
      return null;
    }
  }

  private dropExpired(): void {
    const nowMs = monotonicMs();
    for (const [id, { untilMs }] of this.excluded) if (untilMs <= nowMs) this.excluded.delete(id);
  }

  private forgive(): void {
    for (const [id, { isPassing }] of this.excluded) {
      if (isPassing || this.owner.isRunning()) this.excluded.delete(id);
    }
  }

  private startBudgetMs(): number {
    const deadlineMs = this.owner.startDeadlineMs();
    return deadlineMs === null || this.owner.isRunning() ? Infinity : deadlineMs - monotonicMs();
  }

  private allFailed(): AppError {
    const last = this.owner.lastReason() ?? 'nothing said';
    return new AppError('engine_failed', `Every engine tried failed; the last with ${last}.`);
  }

  private tooLate(): AppError {
    const last = this.owner.lastReason() ?? 'nothing said';
    return new AppError('start_timeout', `No media within the start budget; last: ${last}.`);
  }
}
