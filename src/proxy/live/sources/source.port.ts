import type { EngineSession, EngineStat } from '../../../ace';
import type { DrainSignal, EngineView, SlotLease } from '../../../engines';
import type { SourceSelector } from '../../../kernel/content-selector';
import type { MediaBody } from '../../upstream';

export interface OpenRequest {
  readonly selector: SourceSelector;
  /** Maximum time for the engine to answer, in ms. */
  readonly answerMs: number;
  /** True if the engine may be asked for the same 40 digits as the other kind of id. */
  readonly mayTryOtherForm: boolean;
}

/** The content as the engine that opened it describes it. */
export type OpenedContent = Pick<EngineSession, 'infohash' | 'isLive' | 'playbackSessionId'>;

/**
 * A source from which a stream can read its content. It is opened and read, and it may be opened again after `stop`. The
 * code that acquired the source must close it.
 */
export interface Source {
  /** The engine that the media come from. Always current: after a restart the engine has its new address. */
  readonly engine: Pick<EngineView, 'id' | 'endpoint' | 'state'>;
  /** Null until the engine has answered, and after a stop. Another object for each session of the engine. */
  readonly opened: OpenedContent | null;
  /** A newer session of the same content has replaced the one that is being read. */
  readonly hasNewerSession: boolean;
  /** Aborts with a `SlotRevocation` when the stream must leave the source at once. */
  readonly revoked: AbortSignal;
  /** Signals that the stream should leave the source as soon as it has another one. */
  readonly drainRequested: DrainSignal;

  /**
   * Starts the content.
   *
   * @returns the selector in the form that the engine knew
   * @throws EngineFault; the signal's reason
   */
  open(request: OpenRequest, signal: AbortSignal): Promise<SourceSelector>;

  /**
   * Opens the media of the newest session, and returns the response before its body is read. Retries while the engine is
   * looking for peers.
   *
   * @param deadlineMs monotonic time by which the engine must have answered
   * @throws EngineFault; the signal's reason
   */
  media(deadlineMs: number, signal: AbortSignal): Promise<MediaBody>;

  /**
   * Reads the engine's statistics of the session that is open.
   *
   * @returns null if there are no statistics to ask for
   * @throws EngineFault; the signal's reason
   */
  stat(timeoutMs: number, signal: AbortSignal): Promise<EngineStat> | null;

  /** Call when media flow. The slot is now protected as that of a running stream. Idempotent. */
  confirm(): void;

  /**
   * Waits until the engine accepts another start.
   *
   * @param isFailover true if viewers of a running stream are waiting
   * @throws AppError `no_capacity`; the reason of the signal or of `revoked`
   */
  reserveAgain(isFailover: boolean, signal: AbortSignal): Promise<void>;

  /** Takes over a newer session that another stream opened for the content on this engine. It ends the present session. */
  adopt(engineSession: EngineSession): void;

  /**
   * Leaves the session to `other`, a source of the same content on the same engine. This source then stops nothing, because
   * the engine has one session for the content. Returns false without a session.
   */
  giveSessionTo(other: Pick<Source, 'adopt'>): boolean;

  /**
   * Offers the slot and the session to `take`, which returns true if it has taken both over. Then do not close this source.
   * Returns false without a session.
   */
  handOver(take: (lease: SlotLease, engineSession: EngineSession) => boolean): boolean;

  /** Stops the session. Never rejects; the wait is bounded. */
  stop(): Promise<void>;

  /** Stops the session, then releases the slot. Resolves when both are done; never rejects. Idempotent. */
  close(): Promise<void>;
}
