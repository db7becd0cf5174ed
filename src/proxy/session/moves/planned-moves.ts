import { AppError } from '../../../kernel/errors';
import type { SlotHolder } from '../../../engines';
import type { StreamIngest } from '../../upstream';
import type { AttemptLog } from '../supply/attempt-log';
import type { EngineAcquirer } from '../supply/engine-acquirer';
import type { Departures, EngineStay } from '../supply/engine-stay';
import type { EngineTrials } from '../supply/engine-trials';
import { MovePreparation, wordsOf, type MoveOrder, type PreparedSource } from './move-preparation';
import type { MoveReport, MoveResult, MoveUnderWay } from './move.types';
import { delay, settlesWithin } from '../../../kernel/wait';
import type { SessionServices } from '../session-services';
import type { SourceReading } from '../supply/source-reading';
import type { SourceRota } from '../supply/source-rota';

export interface MovesOwner {
  readonly holder: SlotHolder;
  /** What engines are asked for. */
  readonly rota: SourceRota;
  readonly ingest: StreamIngest;
  readonly report: MoveReport;
  /** Viewers have been let in. */
  isRunning(): boolean;
  /** Nobody is there now, not even paused. */
  isDeserted(): boolean;
}

export interface MovesParts {
  readonly services: SessionServices;
  readonly departures: Departures;
  readonly log: AttemptLog;
  readonly acquirer: EngineAcquirer;
  readonly trials: EngineTrials;
  readonly reading: SourceReading;
}

const HEED_MS = 20;
/** A place may come, and what was excluded may be asked again. */
const RETRY_MS = 2000;

/**
 * Moves a stream to another engine while the old one still feeds its viewers: when an operator asks for it, and for as
 * long as its engine is unwanted. One preparation at a time; everything here ends with the signal, and `departures`
 * waits for it.
 */
export class PlannedMoves {
  private preparation: MovePreparation | null = null;
  private stay: EngineStay | null = null;
  private unsubscribe: () => void = () => undefined;
  /** Ends the heeding of the present engine's wish. */
  private heeding: AbortController | null = null;

  constructor(
    private readonly owner: MovesOwner,
    private readonly parts: MovesParts,
    private readonly signal: AbortSignal,
  ) {}

  /** An engine is being prepared: who loses its source waits for that one. */
  get isPreparing(): boolean {
    return this.preparation?.stay != null;
  }

  /** The engine that is being prepared. */
  get preparing(): EngineStay | null {
    return this.preparation?.stay ?? null;
  }

  /** The stream is on this engine from now on. */
  follow(stay: EngineStay): void {
    if (this.stay === stay) return;
    this.unfollow();
    this.stay = stay;
    this.unsubscribe = stay.lease.drainRequested.subscribe(() => this.heed(stay));
    this.heed(stay);
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
    const { stay } = this;
    if (stay === null || !this.canMove()) {
      throw new AppError('conflict', 'The stream is not running, so there is nothing to move.');
    }
    if (engineId === stay.engineId) {
      throw new AppError('conflict', 'The stream is on this engine already.');
    }
    const under = this.preparation;
    if (
      under !== null &&
      under.order.toEngineId !== engineId &&
      engineId !== under.stay?.engineId
    ) {
      throw new AppError('conflict', 'The stream is being moved already.');
    }
    const preparation = under ?? this.begin(stay, 'operator', engineId);
    preparation.isAskedFor = true;
    const result = this.resultOf(preparation);
    result.catch(() => undefined);
    return { fromEngineId: stay.engineId, result };
  }

  /**
   * The source is over, or was relieved. What is being prepared elsewhere goes on in its place; null when there is
   * nothing, or it comes to nothing in the time that viewers bear.
   */
  async handOver(): Promise<PreparedSource | null> {
    const { preparation } = this;
    if (preparation === null) return null;
    if (preparation.stay === null) {
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
    void this.parts.departures.track(preparation.over.then(abandon));
  }

  private unfollow(): void {
    this.unsubscribe();
    this.unsubscribe = () => undefined;
    this.heeding?.abort();
    this.heeding = null;
    this.stay = null;
  }

  private heed(stay: EngineStay): void {
    const isUnwanted = stay.lease.drainRequested.reason !== null;
    if (isUnwanted === (this.heeding !== null)) return;
    this.heeding?.abort();
    this.heeding = null;
    if (!isUnwanted) {
      if (this.preparation?.isAskedFor === false) this.preparation.abort('It may stay.');
      return;
    }
    this.heeding = new AbortController();
    const signal = AbortSignal.any([this.signal, this.heeding.signal]);
    void this.parts.departures.track(this.leaveWhenPossible(stay, signal));
  }

  /** Tries until the stream has left, may stay, or is over. Who is not watched ends before long anyway. */
  private async leaveWhenPossible(stay: EngineStay, signal: AbortSignal): Promise<void> {
    // Who takes an engine away at once says this first.
    await delay(HEED_MS, signal).catch(() => undefined);
    while (!signal.aborted) {
      if (this.preparation !== null) await this.preparation.over;
      else if (this.canMove() && !this.owner.isDeserted()) {
        const placed = await this.begin(stay, 'drain', null).over;
        if (placed !== null) return;
      }
      await delay(RETRY_MS, signal).catch(() => undefined);
    }
  }

  private canMove(): boolean {
    return this.owner.isRunning() && this.parts.reading.reader?.isFlowing === true;
  }

  private begin(
    stay: EngineStay,
    cause: MoveOrder['cause'],
    toEngineId: string | null,
  ): MovePreparation {
    const { services, departures, log, acquirer, trials, reading } = this.parts;
    const { holder, ingest, rota } = this.owner;
    const { request: selector, source } = rota;
    const excluded = new Set(acquirer.exclusions().keys());
    if (toEngineId !== null) excluded.clear();
    excluded.add(stay.engineId);
    let wasRelieved = false;
    const relieve = (): void => {
      wasRelieved ||= reading.reader !== null;
      trials.relieve();
    };
    const preparation: MovePreparation = new MovePreparation(
      { cause, fromEngineId: stay.engineId, toEngineId, excluded },
      {
        ...{ holder, selector, sourceId: source?.id ?? null },
        ...{ ingest, services, departures, log },
        isGoingOn: () => reading.reader !== null,
        relieve,
        placed: (reader) => {
          relieve();
          reading.take(reader, preparation.stay?.engineId ?? stay.engineId, !wasRelieved);
        },
      },
      this.signal,
    );
    this.preparation = preparation;
    void departures.track(preparation.over.then((placed) => this.conclude(preparation, placed)));
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
    this.owner.report.moveFailed(fromEngineId, failedOn, cause, wordsOf(preparation.failure));
  }

  private async resultOf(preparation: MovePreparation): Promise<MoveResult> {
    const placed = await preparation.over;
    if (placed !== null) return resultOf(preparation, placed);
    throw new AppError('conflict', this.whyItStays(preparation));
  }

  private whyItStays(preparation: MovePreparation): string {
    const { failure, failedOn, order } = preparation;
    if (failedOn !== null) {
      return `Engine ${failedOn} did not take the stream, so it stays: ${wordsOf(failure)}`;
    }
    const areAllLeftOut = failure instanceof AppError && failure.code === 'engine_failed';
    if (areAllLeftOut && order.toEngineId === null) {
      const why =
        order.excluded.size > 1
          ? 'Every other engine failed on this content a moment ago'
          : 'There is no other engine';
      return `${why}, so the stream stays.${this.wordsOfLeftAlone(preparation)}`;
    }
    return `No other engine has room for the stream, so it stays: ${wordsOf(failure)}${this.wordsOfLeftAlone(preparation)}`;
  }

  /** What an operator sees working, and would wonder about. */
  private wordsOfLeftAlone({ order: { fromEngineId, toEngineId } }: MovePreparation): string {
    if (toEngineId !== null) return '';
    const { acquirer, services } = this.parts;
    return [...acquirer.exclusions()]
      .filter(([id]) => id !== fromEngineId && services.engines.get(id) !== undefined)
      .map(([id, leftMs]) => ` Engine ${id} ${leftAloneFor(leftMs)}`)
      .join('');
  }
}

function leftAloneFor(leftMs: number): string {
  const seconds = Math.ceil(leftMs / 1000);
  return `failed on this content and is left alone for ${seconds} s; it is tried at once when it is named (engine_id).`;
}

function abandon(placed: PreparedSource | null): void {
  if (placed === null) return;
  placed.reader.abort();
  placed.stay.leave();
  placed.entry.attempt.outcome = 'ended by us';
  placed.entry.end();
}

function resultOf(
  { beganMs, placedMs, order }: MovePreparation,
  { stay }: PreparedSource,
): MoveResult {
  return {
    fromEngineId: order.fromEngineId,
    toEngineId: stay.engineId,
    durationMs: Math.round((placedMs ?? beganMs) - beganMs),
  };
}
