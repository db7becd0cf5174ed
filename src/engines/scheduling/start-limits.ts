import type { SlotClass } from './slot-request';

/** Maximum number of streams that engines may be asked for at once. */
export interface StartLimits {
  readonly perEngine: number;
  readonly total: number;
}

/** A stream for which an engine is being asked. */
export interface Asking {
  readonly engineId: string;
  readonly class: SlotClass;
}

/**
 * True if asking the engine for one more stream of this class would exceed a limit. A quarter of each limit, at
 * least one, is reserved for failovers, so that dead channels never keep a watched stream waiting.
 */
export function isBusy(
  engineId: string,
  slotClass: SlotClass,
  asking: readonly Asking[],
  { perEngine, total }: StartLimits,
): boolean {
  const onEngine = asking.filter((request) => request.engineId === engineId);
  return exceeds(asking, total, slotClass) || exceeds(onEngine, perEngine, slotClass);
}

function exceeds(asking: readonly Asking[], limit: number, slotClass: SlotClass): boolean {
  if (asking.length >= limit) return true;
  if (slotClass === 'failover') return false;
  const reserved = Math.max(1, Math.floor(limit / 4));
  return asking.filter((request) => request.class !== 'failover').length >= limit - reserved;
}
