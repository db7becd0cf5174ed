import type { Engine } from '../registry/engine';
import { type SlowFacts, SlowFactSource } from '../selection/slow-facts';
import { isServing } from './vpn-health';
import type { VpnRegistry } from './vpn-registry';

/**
 * What the last probe told, and how the engine's VPN is. An engine outside of every VPN, from a time without them, is
 * given nothing: who puts engines behind VPNs wants no viewer's traffic beside them.
 */
export class VpnFacts extends SlowFactSource {
  constructor(private readonly vpns: VpnRegistry) {
    super();
  }

  override get revision(): number {
    return this.vpns.revision;
  }

  override read({ vpn, networkConnected }: Engine): SlowFacts {
    if (vpn === null) return { vpnHealthy: false, networkConnected };
    const health = this.vpns.get(vpn)?.health;
    const isKnown = health !== undefined && health.state !== 'unknown';
    return { vpnHealthy: isKnown ? isServing(health.state) : null, networkConnected };
  }
}
