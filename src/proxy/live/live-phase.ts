/**
 * The phases of a live stream, and the causes of the transitions:
 *
 *   starting ──first random access point──▶ live ◀──media── stalled
 *   live ──source ended or silent──▶ stalled
 *   starting ──start failed──▶ failed;  stalled ──outage budget spent, or no usable source──▶ failed
 *   any ──grace period over, operator, shutdown, slot preempted, merged into another stream──▶ ended
 *
 * `grace` is not a phase. The API shows a stream in one of the first three phases as `grace` while it is idle, so the
 * phase does not change when a viewer returns.
 */
export type LivePhase = 'starting' | 'live' | 'stalled' | 'ended' | 'failed';

const TRANSITIONS: Readonly<Record<LivePhase, readonly LivePhase[]>> = {
  starting: ['live', 'failed', 'ended'],
  live: ['stalled', 'failed', 'ended'],
  stalled: ['live', 'failed', 'ended'],
  ended: [],
  failed: [],
};

/** Returns true if a stream may go from phase `from` to phase `to`. */
export function mayBecome(from: LivePhase, to: LivePhase): boolean {
  return TRANSITIONS[from].includes(to);
}
