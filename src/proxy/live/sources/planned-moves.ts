import type { AppConfig } from '../../../config';
import { AppError } from '../../../kernel/errors';
import type { PendingWork } from '../../../kernel/pending-work';
import { delay, settlesWithin } from '../../../kernel/wait';
import type { MoveCause, MoveResult } from '../stream-reporter';
import type { AttemptLog } from './attempt-log';
import type { EngineAcquirer } from './engine-acquirer';
import type { EngineSources } from './engine-sources';
import { describeError } from './outcomes';
import { PreparationError, SourcePreparation, type PreparedSource } from './source-preparation';
import type { SourceReading } from './source-reading';
import type { Source } from './source.port';
import type { SourcedStream } from './sourced-stream';

/** A move in progress. Callers may ignore `result`, even if it rejects. */
export interface MoveUnderWay {
  readonly fromEngineId: string;
  /** Rejects with an AppError `conflict` if the stream stays on its engine */
  readonly result: Promise<MoveResult>;
}

/** One planned move of one stream. */
interface PlannedMove {
  readonly cause: MoveCause;
  readonly fromEngineId: string;
  /** The engine to move to; null for any engine. */
  readonly toEngineId: string | null;
  /** Ids of the engines that this move must not use. */
  readonly excluded: ReadonlySet<string>;
  readonly preparation: SourcePreparation;
  /** True if an operator waits for this move, even if a drain request began it. */
  isRequested: boolean;
}

/** An eviction requests a drain just before it revokes the lease. After this wait, only a drain is left to act on. */
const EVICTION_WAIT_MS = 20;
/** Time between attempts to leave a draining engine, in which a slot may become free or an exclusion may end. */
const RETRY_MS = 2000;

/**
 * Moves a stream to another engine while the old engine still feeds its viewers. A move begins when an operator
 * requests it, or when a drain is requested for the engine. Only one move runs at a time. If the stream loses its
 * source during a move, it continues with the source that is being prepared.
 */
export class PlannedMoves {
  private move: PlannedMove | null = null;
  /** The source in use, which is watched for drain requests. */
  private present: Source | null = null;
  private unsubscribe: () => void = () => undefined;
  /** Aborts the attempts to leave the draining engine; null while no drain is requested. */
  private draining: AbortController | null = null;

  constructor(
    private readonly stream: SourcedStream,
    private readonly engines: EngineSources,
    private readonly config: AppConfig,
    private readonly acquirer: EngineAcquirer,
    private readonly reading: SourceReading,
    private readonly log: AttemptLog,
    private readonly pending: PendingWork,
    private readonly signal: AbortSignal,
  ) {}

  /** The source that is being prepared; null while no move has an engine. */
  get preparing(): Source | null {
    return this.move?.preparation.source ?? null;
  }

  /** Watches `source` for drain requests from now on. Call when the stream uses it. */
  watch(source: Source): void {
    if (this.present === source) return;
    this.unwatch();
    this.present = source;
    this.unsubscribe = source.drainRequested.subscribe(() => this.onDrainRequest(source));
    this.onDrainRequest(source);
  }

  /**
   * Begins a move for an operator, or joins the move in progress if it leads to the same engine.
   *
   * @param engineId null: the best engine
   * @throws AppError `not_found` if there is no such engine; `conflict` if the stream is not running, is on this engine
   *   already, or is being moved to another one
   */
  request(engineId: string | null): MoveUnderWay {
    if (engineId !== null && !this.engines.has(engineId)) {
      throw new AppError('not_found', 'There is no such engine.');
    }
    const { present, move } = this;
    if (present === null || !this.canMove()) {
      throw new AppError('conflict', 'The stream is not running, so there is nothing to move.');
    }
    if (engineId === present.engine.id) {
      throw new AppError('conflict', 'The stream is on this engine already.');
    }
    if (
      move !== null &&
      move.toEngineId !== engineId &&
      engineId !== move.preparation.source?.engine.id
    ) {
      throw new AppError('conflict', 'The stream is being moved already.');
    }
    const requested = move ?? this.begin(present, 'operator', engineId);
    requested.isRequested = true;
    const result = this.resultOf(requested);
    result.catch(() => undefined);
    return { fromEngineId: present.engine.id, result };
  }

  /**
   * Call when the source in use has ended or was superseded. Waits for the move in progress and returns its source,
   * which now feeds the stream. Returns null if there is none, or if it has found no splice point within the stall
   * timeout.
   */
  async takeOver(): Promise<PreparedSource | null> {
    const { preparation } = this.move ?? {};
    if (preparation === undefined) return null;
    if (preparation.source === null) {
      preparation.abort('The stream lost its source meanwhile.');
      return null;
    }
    if (!(await settlesWithin(preparation.over, this.config.proxyStallTimeoutMs))) {
      preparation.abortOverdue();
    }
    const prepared = await preparation.over;
    this.move = null;
    return prepared;
  }

  /** Cancels the move in progress, unless its source feeds the stream already. */
  cancel(reason: string): void {
    this.move?.preparation.abort(reason);
  }

  /** Cancels the move in progress, and closes its source if `takeOver` has not returned it. */
  close(): void {
    this.unwatch();
    const { move } = this;
    if (move === null) return;
    move.preparation.abort('The stream is over.');
    this.pending.add(move.preparation.over.then(discard));
  }

  private unwatch(): void {
    this.unsubscribe();
    this.unsubscribe = () => undefined;
    this.draining?.abort();
    this.draining = null;
    this.present = null;
  }

  private onDrainRequest(source: Source): void {
    const isRequested = source.drainRequested.reason !== null;
    if (isRequested === (this.draining !== null)) return;
    this.draining?.abort();
    this.draining = null;
    if (!isRequested) {
      if (this.move?.isRequested === false) this.cancel('The drain was lifted.');
      return;
    }
    this.draining = new AbortController();
    const signal = AbortSignal.any([this.signal, this.draining.signal]);
    this.pending.add(this.leaveWhenPossible(source, signal));
  }

  /**
   * Retries until the stream has left the engine, the drain request is withdrawn, or the stream is over. Does not move
   * a stream without viewers, because it ends soon anyway.
   */
  private async leaveWhenPossible(source: Source, signal: AbortSignal): Promise<void> {
    await delay(EVICTION_WAIT_MS, signal).catch(() => undefined);
    while (!signal.aborted) {
      if (this.move !== null) await this.move.preparation.over;
      else if (this.canMove() && this.stream.holder.watch !== 'unwatched') {
        const prepared = await this.begin(source, 'drain', null).preparation.over;
        if (prepared !== null) return;
      }
      await delay(RETRY_MS, signal).catch(() => undefined);
    }
  }

  /** True if viewers can join the stream and its source has delivered media. */
  private canMove(): boolean {
    return this.stream.ingest.isJoinable && this.reading.reader?.isFlowing === true;
  }

  private begin(source: Source, cause: MoveCause, toEngineId: string | null): PlannedMove {
    const { reading } = this;
    const fromEngineId = source.engine.id;
    const excluded = new Set(toEngineId === null ? this.acquirer.exclusions().keys() : []);
    for (const engineId of this.stream.busyEngines()) excluded.add(engineId);
    excluded.add(fromEngineId);
    // If the old source ends by itself before the new one is spliced in, the change counts as a failover.
    let wasSuperseded = false;
    const supersede = (): void => {
      wasSuperseded ||= reading.reader !== null;
      reading.supersede();
    };
    const preparation = new SourcePreparation(
      this.stream,
      this.engines,
      this.config,
      this.log,
      this.pending,
      // A move preempts no other stream and waits for no slot.
      (signal) =>
        this.engines.acquire({
          holder: this.stream.holder,
          class: 'move',
          excluded,
          signal,
          ...(toEngineId === null ? {} : { only: toEngineId }),
        }),
      {
        get isFlowing() {
          return reading.reader !== null;
        },
        supersede,
        replacedBy: (reader, engineId) => {
          supersede();
          reading.take(reader, engineId, !wasSuperseded);
        },
      },
      this.signal,
    );
    const move = { cause, fromEngineId, toEngineId, excluded, preparation, isRequested: false };
    this.move = move;
    this.pending.add(preparation.over.then((prepared) => this.conclude(move, prepared)));
    return move;
  }

  /** Reports the result of a move, and excludes the engine on which it failed. */
  private conclude(move: PlannedMove, prepared: PreparedSource | null): void {
    const { report } = this.stream;
    if (prepared !== null) {
      // `takeOver` still has to return the prepared source, so `this.move` stays set.
      report.moved(resultOf(move, prepared), move.cause);
      return;
    }
    if (this.move === move) this.move = null;
    const { failedOn, wasAborted, failure } = move.preparation;
    if (failedOn === null || this.signal.aborted || wasAborted) return;
    this.acquirer.exclude(failedOn, true);
    const { code, detail } =
      failure instanceof PreparationError
        ? failure.outcome
        : ({
            code: failure instanceof AppError ? 'not_moved' : 'internal_error',
            detail: describeError(failure),
          } as const);
    report.moveFailed(move.fromEngineId, failedOn, move.cause, code, detail);
  }

  private async resultOf(move: PlannedMove): Promise<MoveResult> {
    const prepared = await move.preparation.over;
    if (prepared !== null) return resultOf(move, prepared);
    throw new AppError('conflict', this.whyItStays(move));
  }

  private whyItStays(move: PlannedMove): string {
    const { failure, failedOn } = move.preparation;
    if (failedOn !== null) {
      return `Engine ${failedOn} did not take over the stream, so it stays: ${describeError(failure)}`;
    }
    const areAllExcluded = failure instanceof AppError && failure.code === 'engine_failed';
    if (areAllExcluded && move.toEngineId === null) {
      const why =
        move.excluded.size > 1
          ? 'Every other engine failed on this content a moment ago or plays another part of it'
          : 'There is no other engine';
      return `${why}, so the stream stays.${this.exclusionTexts(move)}`;
    }
    if (move.toEngineId !== null && this.stream.busyEngines().has(move.toEngineId)) {
      return `Engine ${move.toEngineId} plays another part of this content, so the stream stays.`;
    }
    if (areAllExcluded)
      return `Engine ${move.toEngineId} accepts no streams now, so the stream stays.`;
    const where =
      move.toEngineId === null ? 'No other engine has' : `Engine ${move.toEngineId} has no`;
    return `${where} room for the stream, so it stays: ${describeError(failure)}${this.exclusionTexts(move)}`;
  }

  /** Explains why engines were skipped that the operator sees as healthy. */
  private exclusionTexts({ fromEngineId, toEngineId }: PlannedMove): string {
    if (toEngineId !== null) return '';
    return [...this.acquirer.exclusions()]
      .filter(([id]) => id !== fromEngineId && this.engines.has(id))
      .map(([id, leftMs]) => ` Engine ${id} ${exclusionText(leftMs)}`)
      .join('');
  }
}

function exclusionText(leftMs: number): string {
  const seconds = Math.ceil(leftMs / 1000);
  return `failed on this content a moment ago and is skipped for another ${seconds} s, unless you name it (engine_id).`;
}

/** Closes a source that was spliced in when the stream was already over. */
async function discard(prepared: PreparedSource | null): Promise<void> {
  if (prepared === null) return;
  prepared.reader.abort();
  prepared.entry.note('stopped');
  prepared.entry.end();
  await prepared.source.close();
}

function resultOf(
  { preparation: { beganMs, splicedMs }, fromEngineId }: PlannedMove,
  { source }: PreparedSource,
): MoveResult {
  return {
    fromEngineId,
    toEngineId: source.engine.id,
    durationMs: Math.round((splicedMs ?? beganMs) - beganMs),
  };
}
