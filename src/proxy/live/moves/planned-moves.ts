import { AppError } from '../../../kernel/errors';
import type { SlotHolder } from '../../../engines';
import type { StreamIngest } from '../../upstream';
import type { AttemptLog } from '../sources/attempt-log';
import type { EngineAcquirer } from '../sources/engine-acquirer';
import type { PendingReleases, EngineSource } from '../sources/engine-source';
import type { SourceAttempts } from '../sources/source-attempts';
import {
  MovePreparation,
  describeError,
  type MoveOrder,
  type PreparedSource,
} from './move-preparation';
import type { MoveReport, MoveResult, MoveUnderWay } from './move.types';
import { delay, settlesWithin } from '../../../kernel/wait';
import type { SessionServices } from '../session-services';
import type { SourceReading } from '../sources/source-reading';
import type { SourceRotation } from '../sources/source-rotation';

export interface MovesOwner {
  readonly holder: SlotHolder;
  /** What engines are asked for. */
  readonly rotation: SourceRotation;
  readonly ingest: StreamIngest;
  readonly report: MoveReport;
  /** Viewers have been let in. */
  isRunning(): boolean;
  /** Nobody is there now, not even paused. */
  isDeserted(): boolean;
}

export interface MovesParts {
  readonly services: SessionServices;
  readonly pendingReleases: PendingReleases;
  readonly log: AttemptLog;
  readonly acquirer: EngineAcquirer;
  readonly trials: SourceAttempts;
  readonly reading: SourceReading;
}

/** An eviction sets the drain signal just before it revokes the lease: wait briefly to tell them apart. */
const EVICTION_WAIT_MS = 20;
/** A place may come, and what was excluded may be asked again. */
const RETRY_MS = 2000;

/**
 * Moves a stream to another engine while the old engine still feeds its viewers: when an operator asks for it, and while a
 * drain of its engine is requested. One preparation runs at a time. Everything here ends with the signal, and
 * `pendingReleases` waits for it.
 */
export class PlannedMoves {
  private preparation: MovePreparation | null = null;
  private engineSource: EngineSource | null = null;
  private unsubscribe: () => void = () => undefined;
  /** Aborts the attempts to leave the present engine. */
  private draining: AbortController | null = null;

  constructor(
    private readonly owner: MovesOwner,
    private readonly parts: MovesParts,
    private readonly signal: AbortSignal,
  ) {}

  /** An engine is being prepared: who loses its source waits for that one. */
  get isPreparing(): boolean {
    return this.preparation?.engineSource != null;
  }

  /** The engine that is being prepared. */
  get preparing(): EngineSource | null {
    return this.preparation?.engineSource ?? null;
  }

  /** The stream is on this engine from now on. */
  follow(engineSource: EngineSource): void {
    if (this.engineSource === engineSource) return;
    this.unfollow();
    this.engineSource = engineSource;
    this.unsubscribe = engineSource.lease.drainRequested.subscribe(() =>
      this.onDrainRequest(engineSource),
    );
    this.onDrainRequest(engineSource);
  }

  /**
   * An operator's move.
   *
   * @param engineId null: whichever engine is best
   * @throws AppError `not_found`: no such engine; `conflict`: the stream is not running, is there already, or is
   *   just being moved to another engine
   */
  request(engineId: string | null): MoveUnderWay {
    if (engineId !== null && this.parts.services.engines.get(engineId) === undefined) {
      throw new AppError('not_found', 'There is no such engine.');
    }
    const { engineSource } = this;
    if (engineSource === null || !this.canMove()) {
      throw new AppError('conflict', 'The stream is not running, so there is nothing to move.');
    }
    if (engineId === engineSource.engineId) {
      throw new AppError('conflict', 'The stream is on this engine already.');
    }
    const under = this.preparation;
    if (
      under !== null &&
      under.order.toEngineId !== engineId &&
      engineId !== under.engineSource?.engineId
    ) {
      throw new AppError('conflict', 'The stream is being moved already.');
    }
    const preparation = under ?? this.begin(engineSource, 'operator', engineId);
    preparation.isAskedFor = true;
    const result = this.resultOf(preparation);
    result.catch(() => undefined);
    return { fromEngineId: engineSource.engineId, result };
  }

  /**
   * The source is over, or was relieved. What is being prepared elsewhere goes on in its place; null when there is
   * nothing, or it comes to nothing in the time that viewers bear.
   */
  async handOver(): Promise<PreparedSource | null> {
    const { preparation } = this;
    if (preparation === null) return null;
    if (preparation.engineSource === null) {
      preparation.abort('The stream lost its source meanwhile.');
      return null;
    }
    const budgetMs = this.parts.services.config.proxyStallTimeoutMs;
    if (!(await settlesWithin(preparation.over, budgetMs))) {
      preparation.abortOverdue();
    }
    const placed = await preparation.over;
    this.preparation = null;
    return placed;
  }

  /** What is being prepared is of no use any more. */
  cancel(reason: string): void {
    this.preparation?.abort(reason);
  }

  /** Nothing goes on any more; what was ready and not handed over is left. */
  close(): void {
    this.unfollow();
    const { preparation } = this;
    if (preparation === null) return;
    preparation.abort('The stream is over.');
    void this.parts.pendingReleases.track(preparation.over.then(abandon));
  }

  private unfollow(): void {
    this.unsubscribe();
    this.unsubscribe = () => undefined;
    this.draining?.abort();
    this.draining = null;
    this.engineSource = null;
  }

  private onDrainRequest(engineSource: EngineSource): void {
    const isUnwanted = engineSource.lease.drainRequested.reason !== null;
    if (isUnwanted === (this.draining !== null)) return;
    this.draining?.abort();
    this.draining = null;
    if (!isUnwanted) {
      if (this.preparation?.isAskedFor === false) this.preparation.abort('It may engineSource.');
      return;
    }
    this.draining = new AbortController();
    const signal = AbortSignal.any([this.signal, this.draining.signal]);
    void this.parts.pendingReleases.track(this.leaveWhenPossible(engineSource, signal));
  }

  /** Tries until the stream has left, may stay, or is over. Who is not watched ends before long anyway. */
  private async leaveWhenPossible(engineSource: EngineSource, signal: AbortSignal): Promise<void> {
    await delay(EVICTION_WAIT_MS, signal).catch(() => undefined);
    while (!signal.aborted) {
      if (this.preparation !== null) await this.preparation.over;
      else if (this.canMove() && !this.owner.isDeserted()) {
        const placed = await this.begin(engineSource, 'drain', null).over;
        if (placed !== null) return;
      }
      await delay(RETRY_MS, signal).catch(() => undefined);
    }
  }

  private canMove(): boolean {
    return this.owner.isRunning() && this.parts.reading.reader?.isFlowing === true;
  }

  private begin(
    engineSource: EngineSource,
    cause: MoveOrder['cause'],
    toEngineId: string | null,
  ): MovePreparation {
    const { services, pendingReleases, log, acquirer, trials, reading } = this.parts;
    const { holder, ingest, rotation } = this.owner;
    const { request: selector, source } = rotation;
    const excluded = new Set(acquirer.exclusions().keys());
    if (toEngineId !== null) excluded.clear();
    excluded.add(engineSource.engineId);
    let wasSuperseded = false;
    const supersede = (): void => {
      wasSuperseded ||= reading.reader !== null;
      trials.supersede();
    };
    const preparation: MovePreparation = new MovePreparation(
      { cause, fromEngineId: engineSource.engineId, toEngineId, excluded },
      {
        ...{ holder, selector, sourceId: source?.id ?? null },
        ...{ ingest, services, pendingReleases, log },
        isGoingOn: () => reading.reader !== null,
        supersede,
        placed: (reader) => {
          supersede();
          reading.take(
            reader,
            preparation.engineSource?.engineId ?? engineSource.engineId,
            !wasSuperseded,
          );
        },
      },
      this.signal,
    );
    this.preparation = preparation;
    void pendingReleases.track(
      preparation.over.then((placed) => this.conclude(preparation, placed)),
    );
    return preparation;
  }

  private conclude(preparation: MovePreparation, placed: PreparedSource | null): void {
    const { cause, fromEngineId } = preparation.order;
    if (placed !== null) {
      // Whoever supplies the stream takes it over.
      this.owner.report.moved(resultOf(preparation, placed), cause);
      return;
    }
    if (this.preparation === preparation) this.preparation = null;
    const { failedOn } = preparation;
    if (failedOn === null || this.signal.aborted || preparation.wasAborted) return;
    this.parts.acquirer.exclude(failedOn, true);
    this.owner.report.moveFailed(fromEngineId, failedOn, cause, describeError(preparation.failure));
  }

  private async resultOf(preparation: MovePreparation): Promise<MoveResult> {
    const placed = await preparation.over;
    if (placed !== null) return resultOf(preparation, placed);
    throw new AppError('conflict', this.whyItStays(preparation));
  }

  private whyItStays(preparation: MovePreparation): string {
    const { failure, failedOn, order } = preparation;
    if (failedOn !== null) {
      return `Engine ${failedOn} did not take the stream, so it stays: ${describeError(failure)}`;
    }
    const areAllExcluded = failure instanceof AppError && failure.code === 'engine_failed';
    if (areAllExcluded && order.toEngineId === null) {
      const why =
        order.excluded.size > 1
          ? 'Every other engine failed on this content a moment ago'
          : 'There is no other engine';
      return `${why}, so the stream stays.${this.exclusionTexts(preparation)}`;
    }
    return `No other engine has room for the stream, so it stays: ${describeError(failure)}${this.exclusionTexts(preparation)}`;
  }

  /** What an operator sees working, and would wonder about. */
  private exclusionTexts({ order: { fromEngineId, toEngineId } }: MovePreparation): string {
    if (toEngineId !== null) return '';
    const { acquirer, services } = this.parts;
    return [...acquirer.exclusions()]
      .filter(([id]) => id !== fromEngineId && services.engines.get(id) !== undefined)
      .map(([id, leftMs]) => ` Engine ${id} ${exclusionText(leftMs)}`)
      .join('');
  }
}

function exclusionText(leftMs: number): string {
  const seconds = Math.ceil(leftMs / 1000);
  return `failed on this content and is left alone for ${seconds} s; it is tried at once when it is named (engine_id).`;
}

function abandon(placed: PreparedSource | null): void {
  if (placed === null) return;
  placed.reader.abort();
  placed.engineSource.leave();
  placed.entry.attempt.outcome = 'ended by us';
  placed.entry.end();
}

function resultOf(
  { beganMs, placedMs, order }: MovePreparation,
  { engineSource }: PreparedSource,
): MoveResult {
  return {
    fromEngineId: order.fromEngineId,
    toEngineId: engineSource.engineId,
    durationMs: Math.round((placedMs ?? beganMs) - beganMs),
  };
}
