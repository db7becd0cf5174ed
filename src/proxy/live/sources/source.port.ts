import type { EngineSession, EngineStat } from '../../../ace';
import type { DrainSignal, EngineView, SlotLease } from '../../../engines';
import type { SourceSelector } from '../../../kernel/content-selector';
import type { MediaBody } from '../../upstream';

/** What to start on the engine of a source. */
export interface OpenRequest {
  readonly selector: SourceSelector;
  /** Maximum time for the engine to answer, in ms. */
  readonly answerMs: number;
  /** True if an id that the engine does not know may be requested again as the other kind: content id or infohash. */
  readonly mayTryOtherForm: boolean;
}

/** What the engine has reported about the content that it opened. */
export type OpenedContent = Pick<EngineSession, 'infohash' | 'isLive' | 'playbackSessionId'>;

/**
 * A source from which a stream can read its content: an engine session, or the slot in which one can be opened. It can
 * be opened again after `stop`. The code that acquired a source must close it.
 *
 * "The channel's source" means something else: one of the contents of a channel (`ChannelSource`, see
 * `SourceRotation`).
 */
export interface Source {
  /**
   * The engine from which the media come. Its address is always the present one, even after a restart of the engine.
   */
  readonly engine: Pick<EngineView, 'id' | 'endpoint' | 'state'>;
  /** Null until the engine has answered, and after a stop. Each engine session has its own object. */
  readonly opened: OpenedContent | null;
  /** True if a newer engine session of the same content has replaced the one that is being read. */
  readonly hasNewerSession: boolean;
  /** Aborts with a `SlotRevocation` when the stream must leave the source at once. */
  readonly revoked: AbortSignal;
  /** Tells whether the stream should leave the source as soon as it has another one. */
  readonly drainRequested: DrainSignal;

  /**
   * Starts the content.
   *
   * @returns the selector that the engine knew, which may have the other kind of id
   * @throws EngineFault; the signal's reason
   */
  open(request: OpenRequest, signal: AbortSignal): Promise<SourceSelector>;

  /**
   * Opens the media of the newest engine session. Resolves before anything is read from them. Retries while the engine
   * is pre-buffering.
   *
   * @param deadlineMs monotonic time by which the engine must have answered
   * @throws EngineFault; the signal's reason
   */
  media(deadlineMs: number, signal: AbortSignal): Promise<MediaBody>;

  /**
   * Requests the engine's statistics of the open engine session.
   *
   * @returns null if no engine session is open, or if it has no statistics
   * @throws EngineFault; the signal's reason
   */
  stat(timeoutMs: number, signal: AbortSignal): Promise<EngineStat> | null;

  /** Protects the slot like that of any running stream. Call when media flow; further calls have no effect. */
  confirm(): void;

  /**
   * Waits until the engine accepts another start.
   *
   * @param isFailover true if viewers of a running stream are waiting
   * @throws AppError `no_capacity`; the reason of the signal or of `revoked`
   */
  reserveAgain(isFailover: boolean, signal: AbortSignal): Promise<void>;

  /**
   * Takes over a newer engine session that another stream has opened for the content, which has ended the present one.
   */
  adopt(engineSession: EngineSession): void;

  /**
   * Passes the engine session to `other`, a source of the same content on the same engine. `stop` and `close` of this
   * source then leave it running. Returns false if no engine session is open.
   */
  giveSessionTo(other: Pick<Source, 'adopt'>): boolean;

  /**
   * Offers the slot and the engine session to `take`, and returns what `take` returns: true if it has taken over both.
   * Do not close this source then. Returns false if no engine session is open.
   */
  handOver(take: (lease: SlotLease, engineSession: EngineSession) => boolean): boolean;

  /** Stops all engine sessions of this source. Never rejects; the wait is bounded. */
  stop(): Promise<void>;

  /** Stops all engine sessions of this source, then releases the slot. Never rejects; further calls have no effect. */
  close(): Promise<void>;
}
