import type { AppConfig } from '../../config';

/** The settings that this room reads. */
export type VpnConfig = Pick<
  AppConfig,
  | 'vpnContainers'
  | 'vpnControlPort'
  | 'vpnControlApiKey'
  | 'vpnCheckIntervalMs'
  | 'vpnStableAfterMs'
  | 'portRangeHost'
  | 'dockerNetwork'
>;
