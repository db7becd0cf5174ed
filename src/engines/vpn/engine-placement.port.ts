import type { VpnSlot } from '../drivers/engine-runtime.port';

/** What placement needs to know about a present engine. */
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
 * What placement holds against a present engine:
 * - `lost`: its network is gone, it will never work again; it is removed at once
 * - `misplaced`: it works, but must be replaced: another forwarded port, or another place
 * - `cut_off`: its VPN is down; its streams leave it and it gets no new ones; it may recover
 */
export interface PlacementObjection {
  readonly kind: 'lost' | 'misplaced' | 'cut_off';
  readonly reason: string;
}

/** Decides where engines run. Synchronous: it answers from memory. */
export abstract class EnginePlacement {
  /** @param present every present engine, and those that are being created and not listed yet */
  abstract next(present: readonly PlacedEngine[]): Placement;
  /** By engine id; an engine that is missing in the map is well placed. */
  abstract objections(present: readonly PlacedEngine[]): ReadonlyMap<string, PlacementObjection>;
  /** Calls back when an answer may have changed; returns the function that unsubscribes. */
  abstract subscribe(listener: () => void): () => void;
}

/** Engines run where the runtime puts them. */
export const ANYWHERE = {
  next: () => ({ kind: 'place', vpnSlot: null }),
  objections: () => new Map(),
  subscribe: () => () => undefined,
} satisfies EnginePlacement;
