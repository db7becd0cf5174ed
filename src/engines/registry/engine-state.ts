import type { EngineState } from './engine.types';

/**
 * The states of an engine and who moves it:
 *
 *   starting   announced, no probe answered yet; a new process may take its time
 *                                                    driver (announcement, restart), operator and fleet (back from draining)
 *   healthy    the last probe was answered           health
 *   suspect    a probe missed, or a stream complained; still chosen when nothing better is free
 *                                                    health
 *   unhealthy  too many probes missed in a row; healthy again after three answered ones in a row, because an
 *              engine that just thawed may freeze again
 *                                                    health
 *   draining   it is to become empty; new streams go elsewhere, health moves it no more
 *                                                    operator, fleet
 *   gone       its driver took it away; terminal     driver
 *
 * A restart by the driver (same id, new process) leads back to `starting` from every state but
 * `draining`: what was decided about an engine outlives its process.
 */
const TRANSITIONS: Readonly<Record<EngineState, readonly EngineState[]>> = {
  starting: ['healthy', 'unhealthy', 'draining', 'gone'],
  healthy: ['suspect', 'unhealthy', 'starting', 'draining', 'gone'],
  suspect: ['healthy', 'unhealthy', 'starting', 'draining', 'gone'],
  unhealthy: ['healthy', 'starting', 'draining', 'gone'],
  draining: ['starting', 'gone'],
  gone: [],
};

/** In the order of a life; for metrics and lists that show every state, also the empty ones. */
export const ENGINE_STATES = Object.keys(TRANSITIONS) as readonly EngineState[];

export function canMove(from: EngineState, to: EngineState): boolean {
  return TRANSITIONS[from].includes(to);
}

/** One probe's result as the state machine sees it. */
export interface ProbeVerdict {
  readonly answered: boolean;
  /** Probes missed in a row, this one included. */
  readonly misses: number;
  /** Probes answered in a row, this one included. */
  readonly answers: number;
  readonly unhealthyAfter: number;
  /** Its process is so new that a miss is nothing to wonder about. */
  readonly mayStillStart: boolean;
}

/** So many answers in a row bring an unhealthy engine back. */
export const ANSWERS_TO_RECOVER = 3;

/** The state after a probe. Draining and gone engines are not health's to move. */
export function stateAfterProbe(state: EngineState, verdict: ProbeVerdict): EngineState {
  switch (state) {
    case 'draining':
    case 'gone':
      return state;
    case 'starting':
    case 'healthy':
    case 'suspect':
    case 'unhealthy':
      if (verdict.answered) {
        return state === 'unhealthy' && verdict.answers < ANSWERS_TO_RECOVER ? state : 'healthy';
      }
      if (state === 'starting' && verdict.mayStillStart) return state;
      if (verdict.misses >= verdict.unhealthyAfter) return 'unhealthy';
      return state === 'healthy' ? 'suspect' : state;
  }
}
