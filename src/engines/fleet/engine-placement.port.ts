import type { VpnSlot } from '../drivers/engine-runtime.port';

/** What placement wants to know of an engine that is there. */
export interface PlacedEngine {
  readonly id: string;
  readonly vpn: Pick<VpnSlot, 'vpn' | 'containerId' | 'containerStartedAt'> | null;
  readonly forwardedPort: number | null;
  readonly streams: number;
}

/** Where the next engine goes. `vpnSlot: null` is the runtime's own network. */
export type Placement =
  | { readonly kind: 'place'; readonly vpnSlot: VpnSlot | null }
  | { readonly kind: 'blocked'; readonly reason: string };

/**
 * What placement holds against an engine that is there:
 * - `lost`: its network is gone, it will never work again; away with it at once
 * - `misplaced`: it works, but must be made anew: another forwarded port, or another place
 * - `cut_off`: its VPN is down; its streams leave it, nothing new comes, it may recover
 */
export interface PlacementObjection {
  readonly kind: 'lost' | 'misplaced' | 'cut_off';
  readonly reason: string;
}

/** Decides where engines run. Synchronous: answers from what it knows. */
export interface EnginePlacement {
  /** @param present every engine that is there, ordered ones that are not seen yet included */
  next(present: readonly PlacedEngine[]): Placement;
  /** By engine id; who is not in it is fine. */
  objections(present: readonly PlacedEngine[]): ReadonlyMap<string, PlacementObjection>;
  /** Calls back when an answer may have become another; returns what ends that. */
  subscribe(listener: () => void): () => void;
}

/** Engines run where the runtime puts them. */
export const ANYWHERE: EnginePlacement = {
  next: () => ({ kind: 'place', vpnSlot: null }),
  objections: () => new Map(),
  subscribe: () => () => undefined,
};
