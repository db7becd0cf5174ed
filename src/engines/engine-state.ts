import type { EngineState } from './engine.types';

/**
 * The states of an engine and who moves it:
 *
 *   starting   announced, no probe answered yet      driver (announcement, restart), operator (back from draining)
 *   healthy    the last probe was answered           health
 *   suspect    a probe missed, or a stream complained; still chosen when nothing better is free
 *                                                    health
 *   unhealthy  too many probes missed in a row       health
 *   draining   an operator wants it empty; new streams go elsewhere, health moves it no more
 *                                                    operator
 *   gone       its driver took it away; terminal     driver
 *
 * A restart by the driver (same id, new process) leads back to `starting` from every state but
 * `draining`: what an operator decided outlives the process.
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
  readonly unhealthyAfter: number;
}

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
      if (verdict.answered) return 'healthy';
      if (verdict.misses >= verdict.unhealthyAfter) return 'unhealthy';
      return state === 'healthy' ? 'suspect' : state;
  }
}
