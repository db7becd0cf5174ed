import { monotonicMs } from '../../kernel/clock';
import type { EventLoopLag } from '../../kernel/event-loop-lag';
import type { UpstreamReader } from './upstream-reader';

/** What a silent source is asked about. */
export interface SilentEngine {
  /** Whether the engine of the source that is being read answers a probe within `withinMs`. */
  engineAnswers(withinMs: number): Promise<boolean>;
}

type Silent = Pick<UpstreamReader, 'silentForMs' | 'leave'>;

/** An engine is probed after this much silence of its source, and again this long after each answer … */
const PROBE_AFTER_MS = 3000;
/** … and has this long to answer. */
const ANSWER_WITHIN_MS = 2000;

/**
 * Tells a frozen engine from one that has nothing to send: a source that has been silent for 3 s is left when its engine
 * does not answer a probe within 2 s. A source whose engine answers is left to the stall timeout, which is much longer
 * because a swarm without peers recovers and another engine has the same peers.
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
    // An answer that came while our own event loop was late still waits to be read.
    if (answers || this.lateness.lateMs(nowMs) > 0) return;
    if (source.silentForMs(nowMs) >= PROBE_AFTER_MS) source.leave('engine_unresponsive');
  }
}
