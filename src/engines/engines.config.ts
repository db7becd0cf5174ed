import type { AppConfig } from '../config';

/** The settings that this room reads. */
export type EnginesConfig = Pick<
  AppConfig,
  | 'engineDriver'
  | 'engineAddresses'
  | 'engineWaitTimeoutMs'
  | 'engineProbeIntervalMs'
  | 'engineProbeTimeoutMs'
  | 'engineUnhealthyAfter'
  | 'minReplicas'
  | 'maxStreamsPerEngine'
  | 'selectionWeightForwarded'
  | 'selectionWeightActiveStream'
  | 'selectionWeightUnhealthy'
  | 'selectionWeightSuspect'
>;
