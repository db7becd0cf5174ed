import type { EngineState } from '../registry/engine.types';

/** The facts about one engine that decide whether it is chosen. They do not change during one decision. */
export interface Candidate {
  readonly id: string;
  readonly state: EngineState;
  /** Number of held slots and number of all slots. */
  readonly activeStreams: number;
  readonly maxStreams: number;
  /** True if the engine, or all engines together, have as many starts in progress as allowed. */
  readonly isBusy: boolean;
  readonly forwarded: boolean;
  /** Null: VPN_CONTAINERS is not set, or nothing is known about the engine's VPN yet. */
  readonly vpnHealthy: boolean | null;
  /** Null: unknown. */
  readonly networkConnected: boolean | null;
  /** True if the request excludes the engine, for example because it just failed on this content. */
  readonly excluded: boolean;
  /** Sequence number, among all engines, of the last slot granted here; 0 if it was never chosen. */
  readonly lastReservation: number;
}
