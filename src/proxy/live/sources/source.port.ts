import type { IncomingMessage } from 'node:http';
import type { EngineSession } from '../../../ace';
import type { DrainSignal, EngineView, SlotLease } from '../../../engines';
import type { SourceSelector } from '../../../kernel/content-selector';

export interface OpenRequest {
  readonly selector: SourceSelector;
  /** How long the engine may take to answer, in ms. */
  readonly answerMs: number;
  /** Whether the engine may be asked for the same 40 digits as the other kind of id. */
  readonly mayTryOtherForm: boolean;
}

/**
 * A place from which a stream can read its content. It is opened, read, and may be opened again after `stop`. Whoever
 * acquired it closes it.
 */
export interface Source {
  /** Live: after a restart the engine has its new address. */
  readonly engine: EngineView;
  /** The engine slot that the source occupies. */
  readonly lease: SlotLease;
  /** Null until the engine has answered, and after a stop. */
  readonly engineSession: EngineSession | null;
  /** A newer session of the same content has replaced the one that is being read. */
  readonly hasNewerSession: boolean;
  /** Aborts when the source has to be left at once; `lease` says why. */
  readonly revoked: AbortSignal;
  /** The source has to be left as soon as there is another one. */
  readonly drainRequested: DrainSignal;

  /**
   * Starts the content.
   *
   * @returns the form of the selector that the engine knew
   * @throws EngineFault; the signal's reason
   */
  open(request: OpenRequest, signal: AbortSignal): Promise<SourceSelector>;

  /**
   * The media of the newest session, as a response whose body has not been read. Asks again while the engine is looking
   * for peers.
   *
   * @param deadlineMs monotonic
   * @throws EngineFault; the signal's reason
   */
  media(deadlineMs: number, signal: AbortSignal): Promise<IncomingMessage>;

  /** The media flow: the slot can no longer be preempted as a start. Idempotent. */
  confirm(): void;

  /**
   * Waits until the engine may be asked once more.
   *
   * @param isFailover whether viewers of a running stream wait
   * @throws AppError `no_capacity`; the reason of the signal or of `revoked`
   */
  reserveAgain(isFailover: boolean, signal: AbortSignal): Promise<void>;

  /** Another stream has opened a newer session of the content here, which ends the present one. */
  adopt(engineSession: EngineSession): void;

  /** The session is another stream's from now on: a stop would freeze that stream's reader. */
  giveSessionAway(): void;

  /** Stops the session. Never rejects; bounded. */
  stop(): Promise<void>;

  /** Stops the session, then releases the slot. Resolves when both are done; never rejects. Idempotent. */
  close(): Promise<void>;
}
