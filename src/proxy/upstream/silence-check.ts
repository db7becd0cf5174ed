import { monotonicMs } from '../../kernel/clock';
import type { EventLoopLag } from '../../kernel/event-loop-lag';
import type { UpstreamReader } from './upstream-reader';

/** The engine of a source that may be silent. */
export interface SilentEngine {
  /** Resolves with true if the engine of the current source answers a probe within `withinMs`. */
  engineAnswers(withinMs: number): Promise<boolean>;
}

type Silent = Pick<UpstreamReader, 'silentForMs' | 'leave'>;

/** An engine is probed when its source has been silent for this long, and at most once in this time. */
const PROBE_AFTER_MS = 3000;
/** The engine must answer a probe within this time. */
const ANSWER_WITHIN_MS = 2000;

/**
 * Tells a frozen engine from an engine that has nothing to send. When a source has been silent for 3 s, its engine is
 * probed. If the engine does not answer within 2 s, the stream abandons the source. If it answers, only the stall
 * timeout applies. That timeout is much longer, because a swarm without peers may recover, and another engine would
 * have the same peers.
 */
export class SilenceCheck {
  private isAsking = false;
  private askedMs = -Infinity;

  constructor(
    private readonly engine: SilentEngine,
    private readonly lateness: Pick<EventLoopLag, 'lateMs'>,
    private readonly now: () => number = monotonicMs,
  ) {}

  /** Call at least twice a second while viewers wait for media of this source. */
  look(source: Silent, nowMs: number): void {
    if (this.isAsking || source.silentForMs(nowMs) < PROBE_AFTER_MS) return;
    if (nowMs - this.askedMs < PROBE_AFTER_MS) return;
    void this.ask(source);
  }

  private async ask(source: Silent): Promise<void> {
    this.isAsking = true;
    const answers = await this.engine.engineAnswers(ANSWER_WITHIN_MS);
    this.isAsking = false;
    const nowMs = this.now();
    this.askedMs = nowMs;
    // If our own event loop was late, the answer may have arrived without having been read yet.
    if (answers || this.lateness.lateMs(nowMs) > 0) return;
    if (source.silentForMs(nowMs) >= PROBE_AFTER_MS) source.leave('engine_unresponsive');
  }
}
