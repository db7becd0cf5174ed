import type { EngineState, EngineView } from '../../../engines';
import type { AttemptOutcome } from '../../streams';
import type { Outcome } from './outcomes';

/** States of an engine whose process has ended, or that is being taken out of service. */
const LEAVING: ReadonlySet<EngineState> = new Set<EngineState>(['starting', 'draining', 'gone']);

/**
 * One loss: from the end of a source until the next one is read. It is often known only after the loss that the engine is
 * to blame: when the same engine refuses the next attempt, or its driver reports its end.
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

  /** True if the engine died, stopped answering, was removed or drained. */
  get isEngineGone(): boolean {
    return this.isEngineBlamed || LEAVING.has(this.engine.state);
  }

  /**
   * True if the loss, and a failure on `engineId` with this outcome, are no fault of the content: the lost engine is gone,
   * and the failure happened on it or was caused by the death of another engine.
   */
  excuses(engineId: string, outcome: Outcome): boolean {
    return this.isEngineGone && (engineId === this.engineId || isEngineToBlame(outcome));
  }

  /** Records an outcome; only those of the lost source's engine count. */
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
