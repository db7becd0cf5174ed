import type { EngineState } from '../registry/engine.types';

/** What selection looks at, of one engine, frozen for one decision. */
export interface Candidate {
  readonly id: string;
  readonly state: EngineState;
  /** Slots held and slots there are. */
  readonly activeStreams: number;
  readonly maxStreams: number;
  /** As many starts as it may be asked for at once wait for its answer, or as many as all engines together may. */
  readonly isBusy: boolean;
  readonly forwarded: boolean;
  /** Null: not behind a VPN, or nobody watches it. */
  readonly vpnHealthy: boolean | null;
  /** Null: not known yet. */
  readonly networkConnected: boolean | null;
  /** The request does not want it, for example because it just failed on this content. */
  readonly excluded: boolean;
  /** Order of last use in the fleet; 0 when it was never chosen. */
  readonly lastReservation: number;
}
