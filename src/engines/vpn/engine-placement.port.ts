import type { VpnSlot } from '../drivers/engine-runtime.port';

/** What placement needs to know about a present engine. */
export interface PlacedEngine {
  readonly id: string;
  readonly vpn: Pick<VpnSlot, 'vpn' | 'containerId' | 'containerStartedAt'> | null;
  readonly forwardedPort: number | null;
  readonly streams: number;
}

/**
 * Where the next engine may be created; `vpnSlot: null` is the runtime's own network. `blocked`: nowhere at present.
 */
export type Placement =
  | { readonly kind: 'allowed'; readonly vpnSlot: VpnSlot | null }
  | { readonly kind: 'blocked'; readonly reason: string };

/**
 * Why an engine should not stay where it runs:
 * - `lost`: its network is gone and will not return, so the fleet removes the engine
 * - `misplaced`: it works, but the fleet should replace it, because its forwarded port is no longer valid or another
 *   VPN or port is better
 * - `drained`: an operator drains its VPN, so the fleet drains the engine and removes it when its streams have left
 * - `cut_off`: its VPN is down and may recover; the fleet drains the engine and evicts its streams
 */
export interface PlacementObjection {
  readonly kind: 'lost' | 'misplaced' | 'drained' | 'cut_off';
  readonly reason: string;
}

/** Decides where engines run. Synchronous: it answers from memory. */
export abstract class EnginePlacement {
  /** @param present every present engine, and those that are being created and not listed yet */
  abstract next(present: readonly PlacedEngine[]): Placement;
  /** By engine id. There is no objection to an engine that is missing in the map. */
  abstract objections(present: readonly PlacedEngine[]): ReadonlyMap<string, PlacementObjection>;
  /** Calls back when an answer may have changed; returns the function that unsubscribes. */
  abstract subscribe(listener: () => void): () => void;
}

/** Placement without VPNs: engines join the runtime's own network. */
export const ANYWHERE = {
  next: () => ({ kind: 'allowed', vpnSlot: null }),
  objections: () => new Map(),
  subscribe: () => () => undefined,
} satisfies EnginePlacement;
