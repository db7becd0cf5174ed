import type { Candidate } from './candidate';

/** Why an engine is never chosen, whatever its score. */
export type FilterReason =
  'starting' | 'unhealthy' | 'draining' | 'gone' | 'full' | 'busy' | 'vpn_unhealthy' | 'excluded';

/** Why an engine is left for when nothing better is free. */
export type SpareReason = 'suspect' | 'network_disconnected';

/** Every reason that forbids this engine, in a fixed order. None: it may be chosen. */
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
 * Doubts that forbid nothing by themselves. They filter only while an engine without doubt is
 * free: a score alone could not promise that, because a forwarded port outweighs it.
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
