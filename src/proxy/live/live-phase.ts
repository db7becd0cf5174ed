import type { EngineSession } from '../../ace';
import type { SlotLease } from '../../engines';

/**
 * What a session is doing, and who moves it:
 *
 *   starting ──first random access point──▶ live ◀──media── stalled
 *   live ──source ended or silent──▶ stalled
 *   starting ──start failed──▶ failed;  stalled ──outage budget spent, or nothing fits──▶ failed
 *   any ──last viewer gone and grace over, operator, shutdown, joined another session──▶ ended
 *
 * `grace` is not a phase of its own: it is any of the first three while nobody watches, so that a viewer
 * who comes back changes nothing but who is there.
 */
export type LivePhase = 'starting' | 'live' | 'stalled' | 'ended' | 'failed';

const TRANSITIONS: Readonly<Record<LivePhase, readonly LivePhase[]>> = {
  starting: ['live', 'failed', 'ended'],
  live: ['stalled', 'failed', 'ended'],
  stalled: ['live', 'failed', 'ended'],
  ended: [],
  failed: [],
};

export function mayMove(from: LivePhase, to: LivePhase): boolean {
  return TRANSITIONS[from].includes(to);
}

/** The engine a session runs on and what it said. */
export interface CurrentEngine {
  readonly lease: SlotLease;
  /** Null until the engine has answered. */
  readonly engineSession: EngineSession | null;
}
