import { setTimeout as delay } from 'node:timers/promises';
import { monotonicMs } from '../../../kernel/clock';
import type { DockerClient, SwarmTask } from '../docker-client';
import { judgeStart } from './start-verdict';
import { newestTask } from './task-phase';

/** Swarm tells of services, not of tasks: those are asked for. Fast at first, then as for something long. */
const LOOK_EVERY_MS = 200;
const LOOK_LATER_EVERY_MS = 1000;
const LATER_AFTER_MS = 10_000;

export interface TaskWatch {
  readonly serviceId: string;
  /** The task that was there before, which does not count; null: none was. */
  readonly except: string | null;
  readonly signal: AbortSignal;
  /** Told of each look. */
  readonly onLook?: (task: SwarmTask | null) => void;
}

/**
 * Returns when the service's newest task runs. Ends by itself: a task may stay in each state for so long only.
 *
 * @throws RuntimeError why it does not run; the reason of `signal` when that fires
 */
export async function untilTaskRuns(
  swarm: Pick<DockerClient['swarm'], 'listTasks'>,
  { serviceId, except, signal, onLook }: TaskWatch,
): Promise<void> {
  const startMs = monotonicMs();
  let since = { state: '', ms: startMs };
  for (;;) {
    const newest = newestTask(await swarm.listTasks({ service: [serviceId] }, signal));
    const task = newest?.ID === except ? null : newest;
    onLook?.(task);
    const verdict = judgeStart(task);
    if (verdict.kind === 'runs') return;
    if (verdict.kind === 'failed') throw verdict.error;
    const now = monotonicMs();
    const state = task?.Status.State ?? '';
    if (since.state !== state) since = { state, ms: now };
    if (now - since.ms > verdict.limitMs) throw verdict.error;
    const pauseMs = now - startMs < LATER_AFTER_MS ? LOOK_EVERY_MS : LOOK_LATER_EVERY_MS;
    await pause(pauseMs, signal);
  }
}

/** Ends early, and without a word, when the signal fires: the next call says why. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal }).catch(() => undefined);
  signal.throwIfAborted();
}
