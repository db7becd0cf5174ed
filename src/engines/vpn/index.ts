export { VpnController } from './http/vpn.controller';
export { VpnModule } from './vpn.module';
