import type { SwarmTask } from '../docker-client';
import type { EnginePhase } from '../engine-runtime.port';

export interface TaskPhase {
  readonly phase: EnginePhase;
  readonly detail: string;
}

/** States that a Swarm leaves by itself while it brings up a task. */
const COMING_UP: ReadonlySet<string> = new Set([
  ...['new', 'allocated', 'pending', 'assigned', 'accepted', 'preparing', 'ready', 'starting'],
]);

/** A Swarm keeps a few old tasks of each service; only the newest one shows its current state. */
export function newestTask(tasks: readonly SwarmTask[]): SwarmTask | null {
  return tasks.reduce<SwarmTask | null>(
    (newest, task) =>
      newest === null || Date.parse(task.CreatedAt) > Date.parse(newest.CreatedAt) ? task : newest,
    null,
  );
}

/**
 * The phase of a service by its newest task. A task that is being brought up counts as running without an address:
 * the Swarm continues by itself even if acefleet crashes, whereas `created` would mean that nobody starts it. A
 * service without a task has ended, because the Swarm creates the task with the service and never retries the task of
 * an engine.
 */
export function phaseOf(task: SwarmTask | null): TaskPhase {
  if (task === null) return { phase: 'ended', detail: 'has no task' };
  const { State: state } = task.Status;
  // This includes the last state of a lost node: the Swarm has given that task up and does not retry it.
  if (task.DesiredState === 'shutdown' || task.DesiredState === 'remove') {
    return { phase: 'ended', detail: isOver(state) ? endDetail(task) : `given up while ${state}` };
  }
  if (state === 'running') return { phase: 'running', detail: 'running' };
  if (COMING_UP.has(state)) return { phase: 'running', detail: withReason(state, task) };
  return { phase: 'ended', detail: endDetail(task) };
}

function isOver(state: string): boolean {
  return state !== 'running' && !COMING_UP.has(state);
}

function endDetail(task: SwarmTask): string {
  const code = task.Status.ContainerStatus?.ExitCode ?? 0;
  const { State: state } = task.Status;
  if (state === 'complete' || (state === 'failed' && code > 0 && wasStarted(task))) {
    return `exited with code ${code}`;
  }
  return withReason(state, task);
}

/** Without a start the exit code is Docker's own. */
function wasStarted(task: SwarmTask): boolean {
  return task.Status.Message === 'started';
}

function withReason(state: string, task: SwarmTask): string {
  const reason = task.Status.Err ?? '';
  return reason === '' ? state : `${state}: ${reason}`;
}
