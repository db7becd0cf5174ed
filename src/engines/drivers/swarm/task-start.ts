import { setTimeout as delay } from 'node:timers/promises';
import { monotonicMs } from '../../../kernel/clock';
import type { DockerClient, SwarmTask } from '../docker-client';
import { RuntimeError } from '../engine-runtime.port';
import { newestTask } from './task-phase';

/** A Swarm sends no events about tasks, so they are polled: fast at first, then slower. */
const POLL_EVERY_MS = 200;
const POLL_LATER_EVERY_MS = 1000;
const LATER_AFTER_MS = 10_000;

export interface TaskStart {
  readonly serviceId: string;
  /** Id of the task before a restart, which does not count; null: there was none. */
  readonly except: string | null;
  readonly signal: AbortSignal;
  /** Called with each polled task. */
  readonly onTask?: (task: SwarmTask | null) => void;
}

/**
 * Returns when the newest task of the service runs. The time in each state of a task is limited, so this always ends.
 *
 * @throws RuntimeError why the task does not run; the reason of `signal` when that fires
 */
export async function untilTaskRuns(
  swarm: Pick<DockerClient['swarm'], 'listTasks'>,
  { serviceId, except, signal, onTask }: TaskStart,
): Promise<void> {
  const startMs = monotonicMs();
  let since = { state: '', ms: startMs };
  for (;;) {
    const newest = newestTask(await swarm.listTasks({ service: [serviceId] }, signal));
    const task = newest?.ID === except ? null : newest;
    onTask?.(task);
    const verdict = judgeStart(task);
    if (verdict.kind === 'runs') return;
    if (verdict.kind === 'failed') throw verdict.error;
    const now = monotonicMs();
    const state = task?.Status.State ?? '';
    if (since.state !== state) since = { state, ms: now };
    if (now - since.ms > verdict.limitMs) throw verdict.error;
    const pauseMs = now - startMs < LATER_AFTER_MS ? POLL_EVERY_MS : POLL_LATER_EVERY_MS;
    await delay(pauseMs, undefined, { signal }).catch(() => undefined);
    signal.throwIfAborted();
  }
}

/** What a task's state means for a start. */
export type StartVerdict =
  | { readonly kind: 'runs' }
  /** The start continues. After `limitMs` in this state it has failed with `error`. */
  | { readonly kind: 'wait'; readonly limitMs: number; readonly error: RuntimeError }
  | { readonly kind: 'failed'; readonly error: RuntimeError };

/** Scheduling takes milliseconds; a node that has just joined may still take the task. */
const SCHEDULING_MS = 5000;

/** A node pulls the image in this state and does not report its progress. */
const PREPARING_MS = 15 * 60_000;

/** Time for one step (assigning the task, creating the container, starting it) on a slow node under load. */
const STEP_MS = 60_000;

/** @param task the newest task of the service; null: the Swarm has created none yet */
export function judgeStart(task: SwarmTask | null): StartVerdict {
  const state = task?.Status.State ?? 'new';
  switch (state) {
    case 'running':
      return { kind: 'runs' };
    case 'pending':
      return { kind: 'wait', limitMs: SCHEDULING_MS, error: unscheduled(task) };
    case 'preparing':
      return wait(state, PREPARING_MS);
    case 'new':
    case 'allocated':
    case 'assigned':
    case 'accepted':
    case 'ready':
    case 'starting':
      return wait(state, STEP_MS);
    case 'complete':
    case 'shutdown':
    case 'failed':
    case 'rejected':
    case 'remove':
    case 'orphaned':
      return { kind: 'failed', error: failure(task) };
    default:
      return wait(String(state), STEP_MS);
  }
}

function wait(state: string, limitMs: number): StartVerdict {
  const message = `the Swarm left the task ${state} for ${limitMs / 1000} s`;
  return { kind: 'wait', limitMs, error: new RuntimeError('runtime_refused', message) };
}

/** The Swarm's reason is like `no suitable node (scheduling constraints not satisfied on 1 node)`. */
function unscheduled(task: SwarmTask | null): RuntimeError {
  const reason = reasonOf(task);
  const code = /host-mode port already in use/i.test(reason) ? 'port_conflict' : 'no_place';
  return new RuntimeError(code, reason === '' ? 'the Swarm found no node' : reason);
}

/** The messages are those of the Swarm and of the Docker Engine on the node (20.10 to 28). */
function failure(task: SwarmTask | null): RuntimeError {
  const reason = reasonOf(task);
  if (/no such image|pull access denied|manifest (?:unknown|for .* not found)/i.test(reason)) {
    return new RuntimeError('image_missing', reason);
  }
  if (/address already in use|port is already allocated/i.test(reason)) {
    return new RuntimeError('port_conflict', reason);
  }
  const wasStarted = task?.Status.Message === 'started' || task?.Status.Message === 'finished';
  const message = reason === '' ? `the task is ${task?.Status.State ?? 'gone'}` : reason;
  return new RuntimeError(wasStarted ? 'engine_exited' : 'runtime_refused', message);
}

function reasonOf(task: SwarmTask | null): string {
  return (task?.Status.Err ?? '').replace(/\s+/g, ' ').slice(0, 300);
}
