/**
 * The phases of a live stream, and what causes each transition:
 *
 *   starting ──first random access point──▶ live ◀──media── stalled
 *   live ──source ended or silent──▶ stalled
 *   starting ──start failed──▶ failed;  stalled ──outage budget spent, or no usable source──▶ failed
 *   any ──grace period over, operator, shutdown, slot preempted, merged into another stream──▶ ended
 *
 * `grace` is not a phase of its own. A stream in any of the first three phases is shown as `grace` while it is idle, so the
 * return of a viewer does not change the phase.
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
