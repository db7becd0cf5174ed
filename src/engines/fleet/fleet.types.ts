import type {
  RuntimeImage,
  RuntimeKind,
  RuntimeLink,
  EnginePhase,
} from '../drivers/engine-runtime.port';
import type { EngineState } from '../registry/engine.types';
import type { PlacementObjection } from './engine-placement.port';

/** One engine as decisions see it: what the runtime shows and what the registry knows, frozen. */
export interface FleetEngine {
  readonly id: string;
  readonly phase: EnginePhase;
  /** Null: the registry does not have it (it has no address, or was taken out already). */
  readonly state: EngineState | null;
  /** Slots held: streams and reservations. */
  readonly streams: number;
  /** Those of them that somebody watches or waits for: the others give way to whoever wants a slot. */
  readonly wantedStreams: number;
  /** Of those, the ones that were told to leave. */
  readonly leavingStreams: number;
  /** How long nobody has held a slot, since its start when nobody ever did. 0 while somebody does. */
  readonly idleMs: number;
  readonly ageMs: number;
  /** Slots ever given out. */
  readonly starts: number;
  /** It was healthy once in this incarnation: its start is over. */
  readonly hasStarted: boolean;
  /** How long this incarnation runs. */
  readonly upMs: number;
  /** How long its state is `unhealthy`; 0 when it is not. */
  readonly unhealthyMs: number;
  /** How long it has said that it reaches no network; 0 when it does, or it is not known. */
  readonly disconnectedMs: number;
  /** An operator asked for it one by one. */
  readonly isAskedFor: boolean;
  /** It was made with other settings than those of now. */
  readonly isOutdated: boolean;
  readonly vpn: string | null;
  readonly forwarded: boolean;
  /** Who drains it: what an operator decided is the operator's to lift. */
  readonly drainedBy: 'operator' | 'fleet' | null;
  readonly objection: PlacementObjection | null;
  /** Looks in a row that did not show it; 0 when the last one did. */
  readonly missedLooks: number;
  /** The runtime said that it is gone. */
  readonly hasVanished: boolean;
  /** Something is being done to it; nothing else is decided about it meanwhile. */
  readonly isBusy: boolean;
  /** What is being done is its removal; true as well while a removal that failed waits for its next try. */
  readonly isBeingRemoved: boolean;
  /** How long its phase has been seen `paused`; 0 when it is not. */
  readonly pausedMs: number;
}

export interface FleetLimits {
  readonly minReplicas: number;
  readonly minFreeReplicas: number;
  readonly maxReplicas: number;
  readonly maxStreamsPerEngine: number;
  readonly parallelStarts: number;
  /** Idle this long, an engine may be let go. */
  readonly gracePeriodMs: number;
  readonly startTimeoutMs: number;
  readonly replacementCooldownMs: number;
  /** 0: engines get as old as they like. */
  readonly maxAgeMs: number;
  /** 0: engines start as many streams as they like. */
  readonly maxStarts: number;
}

/** Everything that a decision about the fleet depends on. */
export interface FleetSnapshot {
  readonly engines: readonly FleetEngine[];
  /** Engines ordered that no look has shown yet. */
  readonly pendingOrders: number;
  /** Engines whose successors are ordered, or made and not started yet. */
  readonly beingReplaced: ReadonlySet<string>;
  /** Requests that wait for a slot. */
  readonly waiting: number;
  /** What an operator asked for by /scale; null: nothing. */
  readonly scaledTo: number | null;
  /** Engines that an operator asked for one by one and that no look has shown yet. */
  readonly extraOrders: number;
  /** Since the last replacement of an engine was decided; null: never. */
  readonly sinceReplacementMs: number | null;
  /** False while the breaker is open, a back-off runs, or there is no place. */
  readonly mayProvision: boolean;
  readonly limits: FleetLimits;
}

/** How many engines there should be, and why. */
export interface ScaleDecision {
  readonly wanted: number;
  /** In words, most important first; never empty. */
  readonly why: readonly string[];
  /** Engines that are too many and may go now, in the order in which they go. */
  readonly surplus: readonly string[];
}

export type FleetAction =
  | { readonly kind: 'provision'; readonly why: string; readonly replaces: string | null }
  /** Streams leave it at once, then it is made absent. */
  | {
      readonly kind: 'remove';
      readonly engineId: string;
      readonly why: string;
      readonly failure: 'start_timeout' | 'engine_exited' | null;
      /** It goes before its successor comes, because there is no room for both: a replacement. */
      readonly makesRoom: boolean;
    }
  /**
   * Nothing new comes, and its streams move to others as these have room. With `evict` they leave it at once, whether
   * there is a place for them or not.
   */
  | {
      readonly kind: 'drain';
      readonly engineId: string;
      readonly why: string;
      readonly evict: boolean;
      /** As of `remove`. */
      readonly makesRoom: boolean;
    }
  | { readonly kind: 'undrain'; readonly engineId: string; readonly why: string }
  | { readonly kind: 'unpause'; readonly engineId: string; readonly why: string };

export type BreakerState = 'closed' | 'open' | 'half_open';

export interface BreakerView {
  readonly state: BreakerState;
  /** Failures in a row. */
  readonly failures: number;
  readonly threshold: number;
  /** Time until the next attempt is allowed; 0 when attempts are allowed. */
  readonly retryInMs: number;
  readonly lastFailure: {
    readonly code: string;
    readonly message: string;
    readonly at: Date;
  } | null;
}

export interface FleetDecisionRecord {
  readonly at: Date;
  readonly kind: FleetAction['kind'] | 'scale';
  readonly engineId: string | null;
  readonly why: string;
}

/** Why no engine can be made now. */
export interface ProvisioningBlock {
  readonly code: string;
  readonly message: string;
  readonly retryInMs: number | null;
}

/** The fleet at a glance; from memory. */
export interface FleetStatus {
  /** Null: engines are listed by the operator, nothing is run by us. */
  readonly runtime: RuntimeKind | null;
  readonly link: RuntimeLink | null;
  readonly image: RuntimeImage | null;
  /** How engines in containers are told their options; null: there are none. */
  readonly profile: string | null;
  readonly wanted: number;
  readonly why: readonly string[];
  /** Existing engines, including requested ones. */
  readonly present: number;
  readonly starting: number;
  readonly waiting: number;
  readonly limits: FleetLimits;
  readonly breaker: BreakerView;
  readonly blocked: ProvisioningBlock | null;
  /** Newest last, at most 100. */
  readonly decisions: readonly FleetDecisionRecord[];
}
