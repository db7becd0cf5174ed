import { type AppConfig, viewOf } from '../../config';
import type { StreamFanout } from '../viewers';
import type { StreamHistory } from '../upstream';

/** Returns the limits of a stream's history from the settings. */
export function historyLimits(config: AppConfig): ConstructorParameters<typeof StreamHistory>[0] {
  return viewOf(config, { maxBytes: 'proxyBufferSizeBytes', maxAgeMs: 'proxyBufferTtlMs' });
}

/** Returns the limits for a stream's viewers from the settings. */
export function fanoutLimits(config: AppConfig): ConstructorParameters<typeof StreamFanout>[2] {
  return viewOf(config, {
    joinBehindMs: 'proxyJoinBehindMs',
    maxLagMs: 'proxyClientMaxLagMs',
    stallTimeoutMs: 'proxyClientStallTimeoutMs',
  });
}
