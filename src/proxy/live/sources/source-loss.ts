import type { EngineState, EngineView } from '../../../engines';
import type { AttemptOutcome } from '../../streams';
import type { Outcome } from './outcomes';

/** States of an engine whose process has ended or restarts, or that is being taken out of service. */
const LEAVING: ReadonlySet<EngineState> = new Set<EngineState>(['starting', 'draining', 'gone']);

/**
 * The loss of one source: it lasts from the end of that source until the next one is read. Whether the engine is to
 * blame is often known only later, when it refuses the next attempt or its driver reports that it has ended.
 */
export class SourceLoss {
  private isEngineBlamed = false;

  constructor(
    private readonly engine: Pick<EngineView, 'id' | 'state'>,
    /** Outcome of the lost source. */
    readonly code: AttemptOutcome,
  ) {}

  get engineId(): string {
    return this.engine.id;
  }

  /** True if the engine of the lost source has died, does not answer, or was removed or drained. */
  get isEngineGone(): boolean {
    return this.isEngineBlamed || LEAVING.has(this.engine.state);
  }

  /**
   * True if neither the loss nor a failure on `engineId` with this outcome is a fault of the content: the engine of the
   * lost source is gone, and the failure happened on that engine or is the fault of another one.
   */
  excuses(engineId: string, outcome: Outcome): boolean {
    return this.isEngineGone && (engineId === this.engineId || isEngineToBlame(outcome));
  }

  /** Records the outcome of an attempt since the loss. It counts only if it is from the engine of the lost source. */
  note(engineId: string, outcome: Outcome): void {
    if (engineId === this.engineId && isEngineToBlame(outcome)) this.isEngineBlamed = true;
  }
}

function isEngineToBlame(outcome: Outcome): boolean {
  if (outcome.next === 'withdrawn' || outcome.next === 'preempted') return true;
  return (
    outcome.next === 'other_engine' &&
    (outcome.complaint === 'connect_refused' || outcome.complaint === 'unresponsive')
  );
}
