import type { Engine } from '../registry/engine';
import { type CachedFacts, CachedFactSource } from '../selection/cached-facts';
import { isServing } from './vpn-health';
import type { VpnRegistry } from './vpn-registry';

/**
 * The result of the last probe, and the health of the engine's VPN. An engine behind no VPN, which was created before
 * VPN_CONTAINERS was set, counts as unhealthy: no stream may bypass the VPNs. An engine that somebody else runs may have
 * its own VPN, so an administrator who adds it decides that it may be used.
 */
export class VpnFacts extends CachedFactSource {
  constructor(private readonly vpns: VpnRegistry) {
    super();
  }

  override get revision(): number {
    return this.vpns.revision;
  }

  override read({ vpn, networkConnected, isExternal }: Engine): CachedFacts {
    if (isExternal) return { vpnHealthy: null, networkConnected };
    if (vpn === null) return { vpnHealthy: false, networkConnected };
    const health = this.vpns.get(vpn)?.health;
    const isKnown = health !== undefined && health.state !== 'unknown';
    return { vpnHealthy: isKnown ? isServing(health.state) : null, networkConnected };
  }
}
