import type { Candidate } from '../selection/candidate';
import { filterReasons, type FilterReason } from '../selection/filters';

/** Whether a slot request may still succeed although no engine can be chosen for it now. */
export interface CapacityForecast {
  /**
   * - `occupied`: engines are usable, and all are full or busy;
   * - `pending`: no engine is usable yet, and one may become usable (it starts, recovers, or was not announced yet);
   * - `excluded`: every engine is excluded by the request, draining or gone, and at least one is excluded;
   * - `none`: there are engines, and all are draining or gone.
   */
  readonly kind: 'occupied' | 'pending' | 'excluded' | 'none';
  /** Engines that would serve the request if they had a free slot or fewer starts in progress. */
  readonly usable: readonly Candidate[];
  /** True if an engine is starting, or a further one may be created. */
  readonly isGrowing: boolean;
}

/** @param mayGrow true if the driver can create an engine on demand */
export function forecastCapacity(
  candidates: readonly Candidate[],
  mayGrow: boolean,
): CapacityForecast {
  const open = candidates.filter(({ excluded }) => !excluded);
  const usable = open.filter((candidate) => filterReasons(candidate).every(isOccupancy));
  // An unhealthy engine is not counted as growth, because nobody knows whether it will recover.
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

/**
 * True if the engine has a free slot. If a usable engine has one and still cannot be chosen, it is busy: earlier
 * starts must be answered first.
 */
export function hasFreeSlot({ activeStreams, maxStreams }: Candidate): boolean {
  return activeStreams < maxStreams;
}

function isOccupancy(reason: FilterReason): boolean {
  return reason === 'full' || reason === 'busy';
}

function mayRecover(candidate: Candidate): boolean {
  const reasons = filterReasons(candidate);
  return !reasons.includes('draining') && !reasons.includes('gone');
}
