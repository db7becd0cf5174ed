import type { AppConfig } from '../../config';
import type { StreamFanout } from '../viewers';
import type { StreamHistory } from '../upstream';

/** What the settings say of one stream's history. */
export function historyLimits(config: AppConfig): ConstructorParameters<typeof StreamHistory>[0] {
  return { maxBytes: config.proxyBufferSizeBytes, maxAgeMs: config.proxyBufferTtlMs };
}

/** What the settings say of its viewers. */
export function fanoutLimits(config: AppConfig): ConstructorParameters<typeof StreamFanout>[2] {
  return {
    joinBehindMs: config.proxyJoinBehindMs,
    maxLagMs: config.proxyClientMaxLagMs,
    stallTimeoutMs: config.proxyClientStallTimeoutMs,
  };
}
