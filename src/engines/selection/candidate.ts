import type { EngineState } from '../registry/engine.types';

/** What selection looks at, of one engine, frozen for one decision. */
export interface Candidate {
  readonly id: string;
  readonly state: EngineState;
  /** Slots held and slots there are. */
  readonly activeStreams: number;
  readonly maxStreams: number;
  /** Of the slots held: those that are about to be given back. */
  readonly vacatedStreams: number;
  /** And those in which nothing plays yet. */
  readonly unprovedStreams: number;
  readonly forwarded: boolean;
  /** Null: not behind a VPN, or nobody watches it. */
  readonly vpnHealthy: boolean | null;
  /** Null: not known yet. */
  readonly networkConnected: boolean | null;
  /** The caller does not want it: it just failed on this content. */
  readonly excluded: boolean;
  /** Order of last use in the fleet; 0 when it was never chosen. */
  readonly lastReservation: number;
}
