export { VpnController } from './http/vpn.controller';
export { VPN_STATES } from './vpn-health';
export { VpnRegistry } from './vpn-registry';
export { VpnModule } from './vpn.module';
