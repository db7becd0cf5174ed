import { EngineFault, type EngineSession } from '../../../ace';
import type { SlotHolder, SlotLease } from '../../../engines';
import { monotonicMs } from '../../../kernel/clock';
import type { SourceSelector } from '../../../kernel/content-selector';
import { AppError } from '../../../kernel/errors';
import { linkAbort } from '../../../kernel/linked-abort';
import { EventLoopLag } from '../../../kernel/event-loop-lag';
import { Deferred } from '../../../kernel/deferred';
import { StagedIntake, UpstreamReader, type StreamIngest } from '../../upstream';
import type { AttemptEntry, AttemptLog } from '../sources/attempt-log';
import { startContent } from '../sources/engine-start';
import { EngineSource, type PendingReleases } from '../sources/engine-source';
import { openMedia } from '../sources/media-opening';
import type { MoveCause } from './move.types';
import type { SessionServices } from '../session-services';
import { SilenceCheck } from '../silence-check';

export interface MoveOrder {
  readonly cause: MoveCause;
  readonly fromEngineId: string;
  /** Null: any. */
  readonly toEngineId: string | null;
  readonly excluded: ReadonlySet<string>;
}

export interface PreparationParts {
  readonly holder: SlotHolder;
  readonly selector: SourceSelector;
  /** The channel's entry that it is; null for a content without a channel. */
  readonly sourceId: string | null;
  readonly ingest: StreamIngest;
  readonly services: SessionServices;
  readonly pendingReleases: PendingReleases;
  readonly log: AttemptLog;
  /** The source that feeds viewers meanwhile. */
  isGoingOn(): boolean;
  /** Ends that source; what is prepared has come as far as it will beside it. */
  supersede(): void;
  /** The new source goes on from here: `supersede` was called, its reader is the stream's. */
  placed(reader: UpstreamReader): void;
}

/** A source on another engine that feeds the stream already. */
export interface PreparedSource {
  readonly engineSource: EngineSource;
  readonly lease: SlotLease;
  readonly engineSession: EngineSession;
  readonly reader: UpstreamReader;
  readonly entry: AttemptEntry;
}

/** As for any start: an infohash that an engine does not know may take long. */
const ANSWER_MS = 30_000;
const CHECK_MS = 100;

/**
 * One try to have the next engine ready while the old source goes on: a slot that is free now, the content
 * started there, its media held back until their place in the stream is found. Until then nothing is felt of it, and
 * whatever goes wrong leaves nothing behind.
 *
 *   seeking ──slot──▶ starting ──answer, media──▶ staged ──place found──▶ placed
 *   any of the first three ──failed, aborted──▶ failed
 */
export class MovePreparation {
  readonly beganMs = monotonicMs();
  placedMs: number | null = null;
  /** An operator waits for it, whoever began it. */
  isAskedFor = false;
  /** Set while an engine is at work for it, and when it is placed. */
  engineSource: EngineSource | null = null;
  /** Resolves when it is over: null when it failed. */
  readonly over: Promise<PreparedSource | null>;
  /** Why it failed, and on which engine; null: there was none. */
  failure: unknown = null;
  failedOn: string | null = null;
  private readonly abortion = new AbortController();
  private isOverdue = false;

  constructor(
    readonly order: MoveOrder,
    private readonly parts: PreparationParts,
    signal: AbortSignal,
  ) {
    // A stream that can not leave tries for days.
    const unlink = linkAbort(this.abortion, [signal]);
    this.over = this.prepare(this.abortion.signal)
      .catch((error: unknown) => {
        this.failure = error;
        return null;
      })
      .finally(unlink);
  }

  /** It came to nothing for reasons that are not those of its engine. */
  get wasAborted(): boolean {
    return this.abortion.signal.aborted && !this.isOverdue;
  }

  /** Viewers wait, and the engine had as long as any source has. */
  abortOverdue(): void {
    if (this.placedMs !== null) return;
    this.isOverdue = true;
    this.abort('It was not ready when the stream lost its source.');
  }

  /** Gives up what is not placed yet. */
  abort(reason: string): void {
    if (this.placedMs === null) this.abortion.abort(new AppError('conflict', reason));
  }

  private async prepare(signal: AbortSignal): Promise<PreparedSource> {
    const lease = await this.acquire(signal);
    const { log, services, pendingReleases, sourceId } = this.parts;
    const engineSource = new EngineSource(lease, services.ace, pendingReleases);
    const entry = log.begin(engineSource.engineId, sourceId);
    entry.attempt.outcome = 'preparing';
    this.engineSource = engineSource;
    try {
      const either = AbortSignal.any([signal, lease.revoked]);
      const { engineSession, reader } = await this.start(engineSource, lease, either);
      return { engineSource, lease, engineSession, reader, entry };
    } catch (error) {
      this.engineSource = null;
      // It was taken away, which says nothing about it.
      this.failedOn = lease.revoked.aborted ? null : engineSource.engineId;
      engineSource.leave();
      entry.attempt.outcome = `not moved here: ${describeError(error)}`;
      entry.end();
      throw error;
    }
  }

  /** A slot that is free now: a move preempts nobody and waits for no slot. */
  private acquire(signal: AbortSignal): Promise<SlotLease> {
    const { holder, services } = this.parts;
    const { excluded, toEngineId } = this.order;
    return services.scheduler.acquire({
      holder,
      class: 'move',
      excluded,
      signal,
      ...(toEngineId === null ? {} : { only: toEngineId }),
    });
  }

  private async start(
    engineSource: EngineSource,
    lease: SlotLease,
    signal: AbortSignal,
  ): Promise<{ readonly engineSession: EngineSession; readonly reader: UpstreamReader }> {
    const { services, selector } = this.parts;
    const { ace, config } = services;
    const deadlineMs = monotonicMs() + config.proxyInitTimeoutMs;
    const { engineSession } = await startContent(ace, lease.engine.endpoint, {
      selector,
      timeoutMs: Math.min(ANSWER_MS, config.proxyInitTimeoutMs),
      mayTryOtherForm: false,
      onLate: (settled) => lease.occupyUntil(settled),
      signal,
    });
    lease.answered();
    engineSource.use(engineSession);
    if (engineSession.isLive === 0) throw new AppError('conflict', 'It is not live there.');
    const { response, failure } = await openMedia(ace, lease, engineSession, config, {
      deadlineMs,
      signal,
      isRunning: () => true,
      isOverdue: () => false,
    });
    if (response === null) throw new AppError('conflict', failure.reason);
    const placed = new Deferred<'placed'>();
    const reader: UpstreamReader = new UpstreamReader(
      response,
      new StagedIntake(
        this.parts.ingest,
        this.stagedOwner(lease, placed, () => reader),
      ),
      { silenceMs: config.proxyStallTimeoutMs, firstMediaDeadlineMs: deadlineMs },
      monotonicMs,
    );
    await this.stage(reader, lease.engine.id, placed, deadlineMs, signal);
    return { engineSession, reader };
  }

  private stagedOwner(
    lease: SlotLease,
    placed: Deferred<'placed'>,
    reader: () => UpstreamReader,
  ): ConstructorParameters<typeof StagedIntake>[1] {
    const { parts } = this;
    return {
      get isFlowing() {
        return parts.isGoingOn();
      },
      supersede: () => parts.supersede(),
      placed: () => {
        this.placedMs = monotonicMs();
        parts.placed(reader());
        lease.confirm();
        placed.resolve('placed');
      },
    };
  }

  /** Reads beside the old source until the place is found. @throws when that ends before */
  private async stage(
    reader: UpstreamReader,
    engineId: string,
    placed: Deferred<'placed'>,
    deadlineMs: number,
    signal: AbortSignal,
  ): Promise<void> {
    const onAbort = (): void => reader.abort();
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) reader.abort();
    const lateness = new EventLoopLag(CHECK_MS, monotonicMs());
    const { engineHealth } = this.parts.services;
    const silence = new SilenceCheck(
      { engineAnswers: (withinMs) => engineHealth.answersNow(engineId, withinMs) },
      lateness,
    );
    const timer = setInterval(() => {
      const nowMs = monotonicMs();
      // What came while our own loop was late still waits to be read.
      if (lateness.at(nowMs) > 0) {
        reader.resetSilence(nowMs);
        return;
      }
      reader.check(nowMs);
      silence.look(reader, nowMs);
      if (nowMs >= deadlineMs) reader.leave('no_splice_point');
    }, CHECK_MS);
    reader.start();
    const first = await Promise.race([placed.promise, reader.ended]);
    clearInterval(timer);
    signal.removeEventListener('abort', onAbort);
    if (first === 'placed' || this.placedMs !== null) return;
    if (first === 'fault') throw reader.fault;
    signal.throwIfAborted();
    throw new AppError('conflict', `its source ended: ${first}`);
  }
}

/** The reason of a failed attempt, for messages. */
export function describeError(error: unknown): string {
  if (error instanceof EngineFault) return `${error.reason}: ${error.detail}`;
  if (error instanceof AppError) return error.detail;
  return error instanceof Error ? error.message : String(error);
}
