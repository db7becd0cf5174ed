import type { Candidate } from '../selection/candidate';
import { filterReasons, type FilterReason } from '../selection/filters';

/** What a request can wait for when no engine can be chosen now. */
export interface CapacityForecast {
  /**
   * - `occupied`: engines work, and all are full or busy;
   * - `pending`: none works, and one may come (it starts, recovers, or its driver has announced none yet);
   * - `excluded`: each engine that could serve is excluded by the request;
   * - `none`: there are engines, and all are being drained.
   */
  readonly kind: 'occupied' | 'pending' | 'excluded' | 'none';
  /** Engines that would serve the request if one of their slots, or their share of starts, were free. */
  readonly usable: readonly Candidate[];
  /** A further engine may come. */
  readonly isGrowing: boolean;
}

/** @param mayGrow the driver can add an engine on demand */
export function forecastCapacity(
  candidates: readonly Candidate[],
  mayGrow: boolean,
): CapacityForecast {
  const open = candidates.filter(({ excluded }) => !excluded);
  const usable = open.filter((candidate) => filterReasons(candidate).every(isOccupancy));
  // An unhealthy engine beside working ones is a fault to repair, not growth to wait for.
  const isGrowing = mayGrow || open.some(({ state }) => state === 'starting');
  const result = (kind: CapacityForecast['kind']): CapacityForecast => ({
    kind,
    usable,
    isGrowing,
  });
  if (usable.length > 0) return result('occupied');
  if (isGrowing || candidates.length === 0 || open.some(mayRecover)) return result('pending');
  return result(candidates.length > open.length ? 'excluded' : 'none');
}

/** The engine has a free slot, and only waits for answers to earlier starts. */
export function isOnlyBusy({ activeStreams, maxStreams }: Candidate): boolean {
  return activeStreams < maxStreams;
}

function isOccupancy(reason: FilterReason): boolean {
  return reason === 'full' || reason === 'busy';
}

function mayRecover(candidate: Candidate): boolean {
  const reasons = filterReasons(candidate);
  return !reasons.includes('draining') && !reasons.includes('gone');
}
