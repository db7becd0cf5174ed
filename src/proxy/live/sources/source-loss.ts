import type { EngineState, EngineView } from '../../../engines';
import type { AttemptOutcome } from '../../streams';
import type { Outcome } from './outcomes';

/** States of an engine whose process ended, or that is taken out of service. */
const LEAVING: ReadonlySet<EngineState> = new Set<EngineState>(['starting', 'draining', 'gone']);

/**
 * How a running stream lost its source, from the loss until another source is read. Whether the engine is to blame
 * often shows later than the loss: when the same engine refuses the next attempt, or its driver reports its end.
 */
export class SourceLoss {
  private isEngineBlamed = false;

  constructor(
    private readonly engine: EngineView,
    /** How the lost source ended. */
    readonly code: AttemptOutcome,
  ) {}

  get engineId(): string {
    return this.engine.id;
  }

  /** The engine died, no longer answered, was removed or drained. */
  get isEngineGone(): boolean {
    return this.isEngineBlamed || LEAVING.has(this.engine.state);
  }

  /** Notes the outcome of the lost source, or of an attempt after it, on an engine. */
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
