/**
 * The phases of a live stream, and what causes each transition:
 *
 *   starting ──first random access point──▶ live ◀──media── stalled
 *   live ──source ended or silent──▶ stalled
 *   starting ──start failed──▶ failed;  stalled ──outage budget spent, or nothing fits──▶ failed
 *   any ──last viewer gone and grace over, operator, shutdown, joined another stream──▶ ended
 *
 * `grace` is not a phase of its own. It is any of the first three while the stream has no viewers, so a
 * viewer who returns changes only the number of viewers.
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
