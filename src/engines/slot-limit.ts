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
