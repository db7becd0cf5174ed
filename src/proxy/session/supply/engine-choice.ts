import type { AcquireRequest, EngineLease } from '../../../engines';
import { monotonicMs } from '../../../kernel/clock';
import { AppError, type ErrorCode } from '../../../kernel/errors';
import { retryDelayMs } from '../../../kernel/retry-delay';
import { delay } from './retry-backoff';
import type { SessionServices } from '../session-services';
import type { StartTurn } from '../starts/start-turn';
import { TurnedLease } from '../starts/turned-lease';

/** An engine that failed on this content is not tried again for this long. */
const EXCLUDE_MS = 60_000;

/** Some players open the next channel up to a second before they close the one that they leave. */
const SWITCH_OVERLAP_MS = 1500;

/** What goes wrong this often in a row at a start is not passing, whatever it looks like. */
const MAX_START_FAILURES = 5;

interface Exclusion {
  /** Monotonic time at which it failed. */
  readonly sinceMs: number;
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
  /** What the tries say against the content itself; null while they do not. */
  contentFault(): AppError | null;
  /** Somebody waits for it. */
  isWanted(): boolean;
  /** Its viewers still watch something else, alone, and are about to leave that: an engine not among `excluded` has it. */
  isSwitching(excluded: ReadonlySet<string>): boolean;
}

/**
 * Which engine is tried next. One that has not failed comes first and at once; only when there is none is one
 * that has failed asked again, and that is what back-off is for.
 */
export class EngineChoice {
  /** Failures in a row, for back-off. */
  private failures = 0;
  private readonly excluded = new Map<string, Exclusion>();
  /** The start under way. */
  private turn: StartTurn | null = null;
  /** What was acquired last. */
  private held: TurnedLease | null = null;

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
    this.excluded.set(engineId, { sinceMs: monotonicMs(), isPassing });
  }

  /** Engines that failed on this content lately, and for how many ms more they are left alone. */
  leftAlone(): ReadonlyMap<string, number> {
    this.dropExpired();
    const nowMs = monotonicMs();
    return new Map(
      [...this.excluded].map(([id, { sinceMs }]) => [id, sinceMs + EXCLUDE_MS - nowMs]),
    );
  }

  /** The stream goes on here, on a slot that was not acquired through this. */
  hold(lease: TurnedLease): void {
    this.held = lease;
    this.turn = null;
  }

  /**
   * A slot on the best engine, and the turn to start there.
   *
   * @throws AppError `engine_failed` when every engine gave nonsense at a start, `start_timeout`, or what the
   *   allocator says; the signal's reason
   */
  async acquire(): Promise<EngineLease> {
    for (;;) {
      // Whose place a running stream was given does not go for another one behind its back.
      if (this.turn?.taken.aborted === true) throw this.turn.taken.reason as Error;
      const lease = await this.acquireSlot();
      const turn = await this.turnOn(lease);
      if (turn === null) {
        lease.release();
        continue;
      }
      this.held = new TurnedLease(lease, turn);
      return this.held;
    }
  }

  /**
   * The same on an engine that has not failed, if one has a slot now; else null. A start, which has an engine still,
   * stands in no line for another one.
   */
  async acquireOther(): Promise<EngineLease | null> {
    this.dropExpired();
    const unfit = (): Set<string> =>
      new Set([...this.excluded.keys(), ...this.services.starts.crowded()]);
    const lease = this.owner.isRunning()
      ? await this.acquireFirst()
      : await this.acquireNow(unfit());
    if (lease === null || typeof lease === 'string') return null;
    const turn = await this.turnOn(lease);
    if (turn === null) {
      lease.release();
      return null;
    }
    this.held = new TurnedLease(lease, turn);
    return this.held;
  }

  /** Another content is asked for: what failed on the one before says nothing about it. After `rounds` of all: back-off. */
  startOver(rounds: number): void {
    this.excluded.clear();
    this.failures = rounds === 0 ? 0 : rounds + 1;
  }

  /** The same engine is tried again: waits as long as back-off says, and for another turn if this needs one. */
  async stay(): Promise<void> {
    await this.backOff();
    if (this.held === null) return;
    if (!this.owner.isRunning()) {
      await this.turnAgain(this.held);
      return;
    }
    const turn = await this.turnOn(this.held);
    if (turn !== null) this.held.add(turn);
  }

  /** The engine has answered: for a stream that was watched before, that is the end of its start. */
  answered(): void {
    if (this.turn?.isRestart === true) this.turn.leave();
    else this.turn?.answered();
  }

  /** Media flow: the start is over. */
  started(): void {
    this.turn?.leave();
    this.held?.prove();
  }

  /** A request that was given up goes on at the engine until `work` settles. */
  occupiedUntil(work: Promise<unknown>): void {
    this.turn?.occupyUntil(work);
  }

  /** A first start keeps its place until it has media, but each question to the engine needs a turn. */
  private async turnAgain(held: TurnedLease): Promise<void> {
    try {
      await this.turn?.again(this.turnTimeoutMs());
    } catch (error) {
      // Whoever goes on with the engine finds out by itself that it was taken away.
      if (!held.revoked.aborted) throw error;
    }
  }

  private turnTimeoutMs(): number {
    const { proxyOutageBudgetMs, engineWaitTimeoutMs } = this.services.config;
    const waitMs = this.owner.isRunning() ? proxyOutageBudgetMs : engineWaitTimeoutMs;
    return Math.max(1, Math.min(waitMs, this.startBudgetMs()));
  }

  /** Null when the engine was taken away meanwhile. */
  private async turnOn(lease: EngineLease): Promise<StartTurn | null> {
    let turn: StartTurn | null = null;
    try {
      turn = this.services.starts.enter({
        engineId: lease.engine.id,
        isRestart: this.owner.isRunning(),
        timeoutMs: this.turnTimeoutMs(),
        signal: AbortSignal.any([this.signal, lease.revoked]),
      });
      await turn.begun;
      // Until then the one before is that of the engine where the stream still is.
      this.turn = turn;
      return turn;
    } catch (error) {
      turn?.leave();
      if (!this.signal.aborted && lease.revoked.aborted && error === lease.revoked.reason) {
        return null;
      }
      lease.release();
      throw error;
    }
  }

  private async acquireSlot(): Promise<EngineLease> {
    for (;;) {
      this.signal.throwIfAborted();
      this.dropExpired();
      if (this.owner.isRunning()) {
        const lease = await this.acquireFirst();
        if (lease !== null) return lease;
      }
      if (this.excluded.size === 0) {
        const lease = (await this.acquireUncrowded()) ?? (await this.acquireAny());
        if (lease !== null) return lease;
        continue;
      }
      const fresh = this.owner.isRunning() ? null : await this.acquireNow();
      if (fresh !== null && typeof fresh === 'object') return fresh;
      const isPassing = [...this.excluded.values()].some((exclusion) => exclusion.isPassing);
      const isHopeless = !isPassing || this.failures >= MAX_START_FAILURES;
      if (!this.owner.isRunning() && isHopeless) throw this.allFailed();
      await this.forgiveRested();
    }
  }

  /** Waits before what has failed is asked again. */
  backOff(): Promise<void> {
    return this.wait(this.restMs);
  }

  /** How long an engine that has failed is left in peace, as things stand. */
  private get restMs(): number {
    const { proxyRetryBaseMs, proxyRetryMaxMs } = this.services.config;
    return retryDelayMs(this.failures, proxyRetryBaseMs, proxyRetryMaxMs);
  }

  private async wait(waitMs: number): Promise<void> {
    const leftMs = this.startBudgetMs();
    await delay(Math.max(0, Math.min(waitMs, leftMs)), this.signal);
    if (waitMs >= leftMs) throw this.tooLate();
  }

  /** For those who watch: what is free, else the slot of a stream that nobody sees yet. */
  private async acquireFirst(): Promise<EngineLease | null> {
    const free = await this.acquireNow();
    if (typeof free === 'object') return free;
    if (free !== 'no_capacity') return null;
    if (!(await this.services.starts.makeRoom(new Set(this.excluded.keys())))) return null;
    this.signal.throwIfAborted();
    const freed = await this.acquireNow();
    return typeof freed === 'object' ? freed : null;
  }

  /** For a first start: an engine that can be asked at once is better than one with a line, however good that is. */
  private async acquireUncrowded(): Promise<EngineLease | null> {
    const crowded = this.services.starts.crowded();
    if (crowded.size === 0 || this.owner.isRunning()) return null;
    const lease = await this.acquireNow(crowded);
    return typeof lease === 'object' ? lease : null;
  }

  /** A slot that is free now, or why there is none. */
  private async acquireNow(
    excluded: ReadonlySet<string> = new Set(this.excluded.keys()),
  ): Promise<EngineLease | ErrorCode> {
    try {
      return await this.services.engines.acquire({
        streamId: this.owner.streamId,
        excluded,
        signal: this.signal,
        isFirstStart: !this.owner.isRunning(),
        isWanted: () => this.owner.isWanted(),
        mayWait: false,
      });
    } catch (error) {
      this.signal.throwIfAborted();
      if (error instanceof AppError && error.code !== 'shutting_down') return error.code;
      throw error;
    }
  }

  /** Null when there was none and, for a running stream, it is worth asking again. */
  private async acquireAny(): Promise<EngineLease | null> {
    const leftMs = this.startBudgetMs();
    const deadline = Number.isFinite(leftMs)
      ? AbortSignal.timeout(Math.ceil(Math.max(1, leftMs)))
      : null;
    const { engines } = this.services;
    const hope = this.hope();
    try {
      return await engines.acquire({
        streamId: this.owner.streamId,
        excluded: new Set(),
        signal: deadline === null ? this.signal : AbortSignal.any([this.signal, deadline]),
        isFirstStart: !this.owner.isRunning(),
        mayHope: hope.mayHope,
        isWanted: () => this.owner.isWanted(),
      });
    } catch (error) {
      this.signal.throwIfAborted();
      if (deadline?.aborted === true) throw this.tooLate();
      if (!(error instanceof AppError) || !this.owner.isRunning()) throw error;
      this.failures++;
      await this.backOff();
      return null;
    } finally {
      hope.end();
    }
  }

  /** What a first start waits for a moment long while every slot is taken. */
  private hope(): { mayHope: AcquireRequest['mayHope']; end: () => void } {
    if (this.owner.isRunning()) return { mayHope: undefined, end: () => undefined };
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      this.services.engines.reconsider();
    }, SWITCH_OVERLAP_MS);
    return {
      mayHope: (excluded) => !isLate && this.owner.isSwitching(excluded),
      end: () => clearTimeout(timer),
    };
  }

  private dropExpired(): void {
    const nowMs = monotonicMs();
    for (const [id, { sinceMs }] of this.excluded) {
      if (nowMs - sinceMs >= EXCLUDE_MS) this.excluded.delete(id);
    }
  }

  /**
   * Waits until the engine that failed longest ago has rested, and forgives all that have. Engines may have failed one
   * after the other, with media in between: who watches does not wait because of the last one.
   */
  private async forgiveRested(): Promise<void> {
    const { restMs } = this;
    const mayAsk = ({ isPassing }: Exclusion): boolean => isPassing || this.owner.isRunning();
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
    const deadlineMs = this.owner.startDeadlineMs();
    return deadlineMs === null || this.owner.isRunning() ? Infinity : deadlineMs - monotonicMs();
  }

  private allFailed(): AppError {
    const fault = this.owner.contentFault();
    if (fault !== null) return fault;
    const last = this.owner.lastReason() ?? 'nothing said';
    return new AppError('engine_failed', `Every engine tried failed; the last with ${last}.`);
  }

  private tooLate(): AppError {
    const fault = this.owner.contentFault();
    if (fault !== null) return fault;
    const last = this.owner.lastReason() ?? 'nothing said';
    return new AppError('start_timeout', `No media within the start budget; last: ${last}.`);
  }
}
