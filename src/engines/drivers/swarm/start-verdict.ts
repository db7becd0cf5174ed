import type { SwarmTask } from '../docker-client';
import { RuntimeError } from '../engine-runtime.port';

/** What to make of a task that is to run. */
export type StartVerdict =
  | { readonly kind: 'runs' }
  /** Goes on: at most `limitMs` in this state, then it has failed with `error`. */
  | { readonly kind: 'wait'; readonly limitMs: number; readonly error: RuntimeError }
  | { readonly kind: 'failed'; readonly error: RuntimeError };

/** Scheduling is a matter of milliseconds; a node that just came may still take it. */
const SCHEDULING_MS = 5000;

/** A node fetches the image while it prepares, and says nothing of how far it is. */
const PREPARING_MS = 15 * 60_000;

/** Handing the task over, making the container, starting it: on a slow node under load. */
const STEP_MS = 60_000;

/** @param task the newest one of the service; null: Swarm has made none yet */
export function judgeStart(task: SwarmTask | null): StartVerdict {
  const state = task?.Status.State ?? 'new';
  switch (state) {
    case 'running':
      return { kind: 'runs' };
    case 'pending':
      return { kind: 'wait', limitMs: SCHEDULING_MS, error: unplaced(task) };
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

/** `no suitable node (scheduling constraints not satisfied on 1 node)` and the like. */
function unplaced(task: SwarmTask | null): RuntimeError {
  const reason = reasonOf(task);
  const code = /host-mode port already in use/i.test(reason) ? 'port_conflict' : 'no_place';
  return new RuntimeError(code, reason === '' ? 'the Swarm found no node' : reason);
}

/** The words are those of Swarm and of the Docker Engine on the node (20.10 to 28). */
function failure(task: SwarmTask | null): RuntimeError {
  const reason = reasonOf(task);
  if (/no such image|pull access denied|manifest (?:unknown|for .* not found)/i.test(reason)) {
    return new RuntimeError('image_missing', reason);
  }
  if (/address already in use|port is already allocated/i.test(reason)) {
    return new RuntimeError('port_conflict', reason);
  }
  const wasStarted = task?.Status.Message === 'started' || task?.Status.Message === 'finished';
  const words = reason === '' ? `the task is ${task?.Status.State ?? 'gone'}` : reason;
  return new RuntimeError(wasStarted ? 'engine_exited' : 'runtime_refused', words);
}

function reasonOf(task: SwarmTask | null): string {
  return (task?.Status.Err ?? '').replace(/\s+/g, ' ').slice(0, 300);
}
