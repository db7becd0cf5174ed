import type {
  EnginePlacement,
  PlacedEngine,
  Placement,
  PlacementObjection,
} from './engine-placement.port';
import type { Move } from './engine-moves';
import { judgePlacement, nextPlacement } from './placement-decision';
import type { Vpn } from './vpn';
import type { VpnRegistry } from './vpn-registry';

/** Every engine behind one of the VPNs; none anywhere else, also when no VPN works. */
export class VpnPlacement implements EnginePlacement {
  private move: Move | null = null;

  /** @param listensOnPorts false: engines of these settings cannot be told a port, so none is worth having */
  constructor(
    private readonly vpns: VpnRegistry,
    private readonly listensOnPorts: boolean,
  ) {}

  next(present: readonly PlacedEngine[]): Placement {
    return nextPlacement(this.known(), present, this.move);
  }

  objections(present: readonly PlacedEngine[]): ReadonlyMap<string, PlacementObjection> {
    const { objections, move } = judgePlacement(this.known(), present, this.move);
    this.move = move;
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
