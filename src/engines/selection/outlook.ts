import type { Candidate } from './candidate';
import { filterReasons, type FilterReason } from './filters';

/**
 * What a request can hope for when no engine can be chosen now:
 * - `full`: engines work, all their slots are taken, no further engine is on its way;
 * - `full_growing`: the same, but a further engine may come;
 * - `coming`: none works, one may come (starts, recovers, or its driver has announced none yet);
 * - `excluded`: each engine that could serve just failed on this content;
 * - `none`: there are engines, and none of them will take a stream (all are being drained).
 */
export type Outlook = 'full' | 'full_growing' | 'coming' | 'excluded' | 'none';

/** @param mayGrow the driver can add an engine on demand */
export function outlook(candidates: readonly Candidate[], mayGrow: boolean): Outlook {
  const open = candidates.filter((candidate) => !candidate.excluded);
  const onlyFull = open.some((candidate) => isOnly(filterReasons(candidate), 'full'));
  // An unhealthy engine beside working ones is a fault to repair, not growth to wait for.
  const growing = mayGrow || open.some((candidate) => candidate.state === 'starting');
  if (onlyFull) return growing ? 'full_growing' : 'full';
  if (growing || candidates.length === 0 || open.some(mayRecover)) return 'coming';
  return candidates.some((candidate) => candidate.excluded) ? 'excluded' : 'none';
}

/** Slots that are being given back, of engines that nothing but their number of streams speaks against. */
export function slotsOnTheWay(candidates: readonly Candidate[]): number {
  return candidates
    .filter((candidate) => isOnly(filterReasons(candidate), 'full'))
    .reduce((sum, { activeStreams, maxStreams, vacatedStreams }) => {
      return sum + Math.max(0, maxStreams - (activeStreams - vacatedStreams));
    }, 0);
}

/** Whether such an engine has a slot in which nothing plays yet: that start may fail, or become overdue. */
export function mayComeFree(candidates: readonly Candidate[]): boolean {
  return candidates.some(
    (candidate) => candidate.unprovedStreams > 0 && isOnly(filterReasons(candidate), 'full'),
  );
}

function mayRecover(candidate: Candidate): boolean {
  const reasons = filterReasons(candidate);
  return !reasons.includes('draining') && !reasons.includes('gone');
}

function isOnly(reasons: readonly FilterReason[], reason: FilterReason): boolean {
  return reasons.length === 1 && reasons[0] === reason;
}
