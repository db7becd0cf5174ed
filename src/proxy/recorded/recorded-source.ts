import type { IncomingMessage } from 'node:http';
import { EngineFault, type EngineSession, type FilePart } from '../../ace';
import type { SlotLease } from '../../engines';
import { monotonicMs } from '../../kernel/clock';
import { retryDelayMs } from '../../kernel/retry-delay';
import { delay } from '../../kernel/wait';
import type { SessionServices } from '../live';

/** One slot and the engine session that is open on it. Whoever holds it closes it. */
export class RecordedSource {
  private closing: Promise<void> | null = null;

  constructor(
    readonly lease: SlotLease,
    private current: EngineSession,
    private readonly services: SessionServices,
  ) {}

  get engineId(): string {
    return this.lease.engine.id;
  }

  get engineSession(): EngineSession {
    return this.current;
  }

  /** Aborted when the engine is taken away. */
  get revoked(): AbortSignal {
    return this.lease.revoked;
  }

  /**
   * Another start of ours was told by the same engine that it has this content, which ended the session before: what
   * is opened from now on is opened on the newer one.
   */
  adopt(engineSession: EngineSession): void {
    this.current = engineSession;
  }

  /**
   * The head of a part of the file; its body has not been read. Asks again while the engine is pre-buffering.
   *
   * @param deadlineMs monotonic
   * @throws EngineFault, the signal's reason
   */
  async open(part: FilePart, deadlineMs: number, signal: AbortSignal): Promise<IncomingMessage> {
    const { ace, config } = this.services;
    for (let tries = 1; ; tries += 1) {
      try {
        const response = await ace.openFile(
          this.lease.engine.endpoint,
          this.current.playbackPath,
          part,
          { timeoutMs: Math.max(1, deadlineMs - monotonicMs()), signal },
        );
        this.lease.confirm();
        return response;
      } catch (error) {
        if (!(error instanceof EngineFault) || error.kind !== 'warming') throw error;
        const waitMs = retryDelayMs(tries + 1, config.proxyRetryBaseMs, config.proxyRetryMaxMs);
        if (monotonicMs() + waitMs >= deadlineMs) throw error;
        await delay(waitMs, signal);
      }
    }
  }

  /** Stops the engine session, then gives the slot back. Bounded by the stop's own 3 s; idempotent. */
  close(): Promise<void> {
    this.lease.beginRelease();
    this.closing ??= this.services.ace
      .stop(this.lease.engine.endpoint, this.current)
      .finally(() => this.lease.release());
    return this.closing;
  }
}
