import type {
  EnginePlacement,
  PlacedEngine,
  Placement,
  PlacementObjection,
} from './engine-placement.port';
import type { Relocation } from './engine-relocation';
import { assessPlacement, nextPlacement } from './placement-decision';
import type { Vpn } from './vpn';
import type { VpnRegistry } from './vpn-registry';

/** Places every engine behind one of the VPNs. While no VPN works, no engine is created. */
export class VpnPlacement implements EnginePlacement {
  private relocation: Relocation | null = null;

  /**
   * @param listensOnPorts false if the settings do not let an engine listen at a given port, so that a forwarded port
   *   is of no use
   */
  constructor(
    private readonly vpns: VpnRegistry,
    private readonly listensOnPorts: boolean,
  ) {}

  next(present: readonly PlacedEngine[]): Placement {
    return nextPlacement(this.known(), present, this.relocation);
  }

  objections(present: readonly PlacedEngine[]): ReadonlyMap<string, PlacementObjection> {
    const { objections, relocation } = assessPlacement(this.known(), present, this.relocation);
    this.relocation = relocation;
    return objections;
  }

  subscribe(listener: () => void): () => void {
    return this.vpns.subscribe(listener);
  }

  private known(): Vpn[] {
    const vpns = this.vpns.list();
    return this.listensOnPorts ? vpns : vpns.map((vpn) => ({ ...vpn, forwardedPort: null }));
  }
}
