import type { EngineDescription } from './registry/engine.types';
import type { EnginesConfig } from './engines.config';

/** An engine of this machine, behind no VPN, as a driver announces it. */
export function aDescription(
  id = 'sim-1',
  over: Partial<EngineDescription> = {},
): EngineDescription {
  return {
    id,
    name: id,
    endpoint: { host: '127.0.0.1', port: 6878 },
    apiPort: null,
    labels: {},
    forwarded: false,
    vpn: null,
    ...over,
  };
}

/** What each score weighs when nothing else is set. */
export const WEIGHTS = {
  selectionWeightForwarded: 1000,
  selectionWeightActiveStream: -10,
  selectionWeightUnhealthy: -1000,
  selectionWeightSuspect: -500,
} as const satisfies Partial<EnginesConfig>;
