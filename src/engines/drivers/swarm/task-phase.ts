import type { SwarmTask } from '../docker-client';
import type { EnginePhase } from '../engine-runtime.port';

export interface TaskPhase {
  readonly phase: EnginePhase;
  readonly detail: string;
}

/** What Swarm still has to do with a task. In all of these states it does so without being asked. */
const ON_THE_WAY: ReadonlySet<string> = new Set([
  ...['new', 'allocated', 'pending', 'assigned', 'accepted', 'preparing', 'ready', 'starting'],
]);

/** Swarm keeps a few old tasks of each service; only the newest says how it is. */
export function newestTask(tasks: readonly SwarmTask[]): SwarmTask | null {
  return tasks.reduce<SwarmTask | null>(
    (newest, task) =>
      newest === null || Date.parse(task.CreatedAt) > Date.parse(newest.CreatedAt) ? task : newest,
    null,
  );
}

/**
 * A service's phase by its newest task. A task on its way counts as running, without an address yet: Swarm brings
 * it up by itself, also after we crashed, which is what `created` would deny. A service without any task is over,
 * because Swarm makes the task together with the service and a task of ours is never tried again.
 */
export function phaseOf(task: SwarmTask | null): TaskPhase {
  if (task === null) return { phase: 'ended', detail: 'has no task' };
  const { State: state } = task.Status;
  // Also what a node that is away was doing last: Swarm has given it up, and nobody else will take it up.
  if (task.DesiredState === 'shutdown' || task.DesiredState === 'remove') {
    return { phase: 'ended', detail: isOver(state) ? endWords(task) : `given up while ${state}` };
  }
  if (state === 'running') return { phase: 'running', detail: 'running' };
  if (ON_THE_WAY.has(state)) return { phase: 'running', detail: wordsWith(state, task) };
  return { phase: 'ended', detail: endWords(task) };
}

function isOver(state: string): boolean {
  return state !== 'running' && !ON_THE_WAY.has(state);
}

function endWords(task: SwarmTask): string {
  const code = task.Status.ContainerStatus?.ExitCode ?? 0;
  const { State: state } = task.Status;
  if (state === 'complete' || (state === 'failed' && code > 0 && wasStarted(task))) {
    return `exited with code ${code}`;
  }
  return wordsWith(state, task);
}

/** A container that could not be started has an exit code too, of Docker's making. */
function wasStarted(task: SwarmTask): boolean {
  return task.Status.Message === 'started';
}

function wordsWith(state: string, task: SwarmTask): string {
  const reason = task.Status.Err ?? '';
  return reason === '' ? state : `${state}: ${reason}`;
}
