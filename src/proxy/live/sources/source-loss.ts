import type { EngineState, EngineView } from '../../../engines';
import type { Outcome } from './start-outcome';

/** States of an engine whose process ended, or that is taken out of service. */
const LEAVING: ReadonlySet<EngineState> = new Set<EngineState>(['starting', 'draining', 'gone']);

/**
 * How a running stream lost its source, from the loss until another source is read. Whether the engine is to blame
 * often shows later than the loss: when the same engine refuses the next try, or its driver has seen it end.
 */
export class SourceLoss {
  private isEngineBlamed = false;

  constructor(
    private readonly engine: EngineView,
    readonly reason: string,
  ) {}

  get engineId(): string {
    return this.engine.id;
  }

  /** The engine died, answered nothing any more, was removed or drained. */
  get isEngineGone(): boolean {
    return this.isEngineBlamed || LEAVING.has(this.engine.state);
  }

  /** What the loss itself, or a try after it, came to on an engine. */
  note(engineId: string, outcome: Outcome): void {
    if (engineId === this.engineId && speaksOfEngine(outcome)) this.isEngineBlamed = true;
  }
}

function speaksOfEngine(outcome: Outcome): boolean {
  if (outcome.next === 'moved' || outcome.next === 'preempted') return true;
  return (
    outcome.next === 'other_engine' &&
    (outcome.complaint === 'connect_refused' || outcome.complaint === 'unresponsive')
  );
}
