export { VpnModule } from './vpn.module';
