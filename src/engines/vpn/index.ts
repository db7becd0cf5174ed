export { VpnController } from './http/vpn.controller';
export { ENGINE_PLACEMENT, VpnPlacement } from './vpn-placement';
export { vpnProviders } from './vpn.providers';
