import type { EngineState } from './engine.types';

/**
 * The states of an engine, and who sets them:
 *
 * - `starting`: it was announced and has not answered a probe yet, because a new process may need some time. Set by the
 *   driver (announcement, restart), and when an operator or the fleet ends a drain.
 * - `healthy`: the last probe was answered. Set by health.
 * - `suspect`: a probe was missed, or a stream complained; the engine is chosen only when no better one is free. Set by
 *   health.
 * - `unhealthy`: ENGINE_UNHEALTHY_AFTER probes were missed in a row. It is healthy again after three answered probes in
 *   a row, because an engine that has just recovered may fail again. Set by health.
 * - `draining`: it gets no new streams, and health does not change its state. Set by an operator or the fleet.
 * - `gone`: it was removed. Final, and set by the driver.
 *
 * A new process under the same id leads back to `starting` from every state but `draining`: a drain outlives the
 * process.
 */
const TRANSITIONS: Readonly<Record<EngineState, readonly EngineState[]>> = {
  starting: ['healthy', 'unhealthy', 'draining', 'gone'],
  healthy: ['suspect', 'unhealthy', 'starting', 'draining', 'gone'],
  suspect: ['healthy', 'unhealthy', 'starting', 'draining', 'gone'],
  unhealthy: ['healthy', 'starting', 'draining', 'gone'],
  draining: ['starting', 'gone'],
  gone: [],
};

/** Every state, in the order in which an engine usually passes through them. */
export const ENGINE_STATES = Object.keys(TRANSITIONS) as readonly EngineState[];

export function canMove(from: EngineState, to: EngineState): boolean {
  return TRANSITIONS[from].includes(to);
}

/** Result of one probe, for the state machine. */
export interface ProbeVerdict {
  readonly answered: boolean;
  /** Probes missed in a row, this one included. */
  readonly misses: number;
  /** Probes answered in a row, this one included. */
  readonly answers: number;
  readonly unhealthyAfter: number;
  /** True while the process is so new that a missed probe is expected. */
  readonly mayStillStart: boolean;
}

/** An unhealthy engine is healthy again after this many answered probes in a row. */
export const ANSWERS_TO_RECOVER = 3;

/** The state after a probe. Health never changes the state of a draining or gone engine. */
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
