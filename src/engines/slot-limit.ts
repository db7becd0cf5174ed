import type { EnginesConfig } from './engines-config';
import { usesStaticEngines } from './drivers/driver-choice';

/** The settings that limit the number of slots. */
export type SlotLimitConfig = Pick<
  EnginesConfig,
  'engineDriver' | 'engineAddresses' | 'maxReplicas' | 'maxStreamsPerEngine'
>;

/** The number of slots when the fleet is as large as the settings allow. */
export function slotLimit(config: SlotLimitConfig): number {
  const engines = usesStaticEngines(config) ? config.engineAddresses.length : config.maxReplicas;
  return engines * config.maxStreamsPerEngine;
}

/** The number of slots of the engines that the fleet keeps free for starts. */
export function slotsKeptFree(
  config: SlotLimitConfig & Pick<EnginesConfig, 'minFreeReplicas'>,
): number {
  if (usesStaticEngines(config)) return 0;
  // If MIN_FREE_REPLICAS is MAX_REPLICAS or more, one engine is left out, because otherwise a check would never find a
  // slot that it may take.
  const engines = Math.min(config.minFreeReplicas, config.maxReplicas - 1);
  return Math.max(0, engines) * config.maxStreamsPerEngine;
}
