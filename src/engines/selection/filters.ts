import type { Candidate } from './candidate';

/** Why an engine must not be chosen, whatever its score. */
export type FilterReason =
  'starting' | 'unhealthy' | 'draining' | 'gone' | 'full' | 'busy' | 'vpn_unhealthy' | 'excluded';

/** Why an engine is chosen only if no better one is free. */
export type SpareReason = 'suspect' | 'network_disconnected';

/** All reasons that exclude this engine, in a fixed order; empty if it may be chosen. */
export function filterReasons(candidate: Candidate): FilterReason[] {
  const reasons: FilterReason[] = [];
  const byState = stateReason(candidate);
  if (byState !== null) reasons.push(byState);
  if (candidate.activeStreams >= candidate.maxStreams) reasons.push('full');
  if (candidate.isBusy) reasons.push('busy');
  if (candidate.vpnHealthy === false) reasons.push('vpn_unhealthy');
  if (candidate.excluded) reasons.push('excluded');
  return reasons;
}

/**
 * Reasons that exclude an engine only while an engine without them is free. A score could not guarantee that, because
 * the weight of a forwarded port may outweigh it.
 */
export function spareReasons(candidate: Candidate): SpareReason[] {
  const reasons: SpareReason[] = [];
  if (candidate.state === 'suspect') reasons.push('suspect');
  if (candidate.networkConnected === false) reasons.push('network_disconnected');
  return reasons;
}

function stateReason(candidate: Candidate): FilterReason | null {
  switch (candidate.state) {
    case 'healthy':
    case 'suspect':
      return null;
    case 'starting':
    case 'unhealthy':
    case 'draining':
    case 'gone':
      return candidate.state;
  }
}
