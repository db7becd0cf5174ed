import type { EngineState } from '../registry/engine.types';

/** The facts about one engine by which it is selected, frozen for one decision. */
export interface Candidate {
  readonly id: string;
  readonly state: EngineState;
  /** Number of held slots and number of all slots. */
  readonly activeStreams: number;
  readonly maxStreams: number;
  /** True if the engine, or all engines together, have as many starts in progress as allowed. */
  readonly isBusy: boolean;
  readonly forwarded: boolean;
  /** Null: the engine is not behind a VPN, or its VPN is not watched. */
  readonly vpnHealthy: boolean | null;
  /** Null: unknown. */
  readonly networkConnected: boolean | null;
  /** True if the request excludes the engine, for example because it just failed on this content. */
  readonly excluded: boolean;
  /** Number of its last reservation in the fleet; 0 if it was never chosen. */
  readonly lastReservation: number;
}
