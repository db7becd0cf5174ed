import type { ProvisioningBlock } from '../drivers/engine-driver.port';
import type {
  EnginePhase,
  RuntimeImage,
  RuntimeKind,
  RuntimeLink,
} from '../drivers/engine-runtime.port';
import type { DrainReason, EngineState } from '../registry/engine.types';
import type { PlacementObjection } from '../vpn/engine-placement.port';

/** One engine as decisions see it: what the runtime listed and what the registry knows, frozen. */
export interface FleetEngine {
  readonly id: string;
  readonly phase: EnginePhase;
  /** Null: the registry does not have it, or it runs without an address. */
  readonly state: EngineState | null;
  /** Slots that are leased. */
  readonly streams: number;
  /**
   * Of these: slots of watched streams, which have viewers or are about to be opened. The slots of other streams can
   * be preempted.
   */
  readonly watchedStreams: number;
  /** Of these: slots whose lease is revoked. */
  readonly leavingStreams: number;
  /** Time since the last slot was released, or since the start when none was leased. 0 while a slot is leased. */
  readonly idleMs: number;
  readonly ageMs: number;
  /** Slots granted since its process started. */
  readonly starts: number;
  /** True if its process has answered, or if its start was not observed: the start is over. */
  readonly hasStarted: boolean;
  /** How long this incarnation has run. */
  readonly upMs: number;
  /** How long its state has been `unhealthy`; 0 when it is not. */
  readonly unhealthyMs: number;
  /** How long it has reported no network; 0 when it reports one, or nothing is known. */
  readonly disconnectedMs: number;
  /** An operator requested it through the API. */
  readonly isRequested: boolean;
  /** It was created with other settings than the present ones. */
  readonly isOutdated: boolean;
  /** Why it is to be replaced together with other engines; null if it is not. */
  readonly rollout: RolloutCause | null;
  readonly vpn: string | null;
  readonly forwarded: boolean;
  /** Who drains it. Only an operator lifts an operator's drain. */
  readonly drainedBy: 'operator' | 'fleet' | null;
  readonly objection: PlacementObjection | null;
  /** Listings in a row that did not contain it; 0 when the last one did. */
  readonly missedListings: number;
  /** The runtime reported that it is gone. */
  readonly hasVanished: boolean;
  /**
   * It is being created, or an operation on it is running or waits for its retry. Meanwhile, no other operation on it
   * begins.
   */
  readonly isBusy: boolean;
  /** It is being removed, or its removal has failed and waits for its retry. */
  readonly isBeingRemoved: boolean;
  /** How long its phase has been `paused`; 0 when it is not. */
  readonly pausedMs: number;
}

export interface FleetLimits {
  readonly minReplicas: number;
  readonly minFreeReplicas: number;
  readonly maxReplicas: number;
  readonly maxStreamsPerEngine: number;
  readonly parallelStarts: number;
  /** An engine that has been idle for this long may be removed. */
  readonly gracePeriodMs: number;
  readonly startTimeoutMs: number;
  readonly replacementCooldownMs: number;
  /** 0: no limit. */
  readonly maxAgeMs: number;
  /** 0: no limit. */
  readonly maxStarts: number;
}

/** An engine that somebody else runs and that works: the fleet neither creates nor removes it, but counts its slots. */
export interface ExternalCapacity {
  readonly slots: number;
  /** As `FleetEngine.watchedStreams`. */
  readonly watchedStreams: number;
}

/** Everything that a decision about the fleet depends on. */
export interface FleetSnapshot {
  readonly engines: readonly FleetEngine[];
  readonly external: readonly ExternalCapacity[];
  /** Engines that are being created and that no listing has contained yet. */
  readonly pendingRequests: number;
  /** Engines whose successors are being created, or have not answered yet. */
  readonly beingReplaced: ReadonlySet<string>;
  /** Slot requests that no existing slot will serve. One further engine may serve several of them. */
  readonly waiting: number;
  /** The minimum that an operator set with POST /scale/{n}; null if none was set. */
  readonly scaledTo: number | null;
  /** Engines that operators requested through the API and that no listing has contained yet. */
  readonly operatorRequests: number;
  /** Time since the last replacement of an engine began; null if there was none. */
  readonly sinceReplacementMs: number | null;
  /** False while the runtime does not answer, the circuit breaker is open, a backoff runs, or placement is blocked. */
  readonly mayProvision: boolean;
  readonly limits: FleetLimits;
}

/** How many engines there should be, and why. */
export interface ScaleDecision {
  readonly wanted: number;
  /** Reasons, the most important first; never empty. */
  readonly why: readonly string[];
  /** Engines above `wanted` that may be removed now, in the order of their removal. */
  readonly surplus: readonly string[];
}

export type FleetAction =
  | { readonly kind: 'provision'; readonly why: string; readonly replaces: string | null }
  /** Its leases are revoked, and it is removed without waiting for its streams. */
  | {
      readonly kind: 'remove';
      readonly engineId: string;
      readonly reason: DrainReason;
      readonly why: string;
      readonly failure: 'start_timeout' | 'engine_exited' | null;
      /** True if it is removed before its successor is created, because MAX_REPLICAS leaves no room for both. */
      readonly makesRoom: boolean;
    }
  /**
   * It gets no new streams, and its streams are asked to move when other engines have room. With `evict`, its leases
   * are revoked at once, whether other engines have room or not.
   */
  | {
      readonly kind: 'drain';
      readonly engineId: string;
      readonly reason: DrainReason;
      readonly why: string;
      readonly evict: boolean;
      /** As in `remove`. */
      readonly makesRoom: boolean;
    }
  | { readonly kind: 'undrain'; readonly engineId: string; readonly why: string }
  | { readonly kind: 'unpause'; readonly engineId: string; readonly why: string };

/**
 * Why engines are replaced one after the other:
 * - `image_changed`: they were created from an earlier content of their image
 * - `replace_requested`: an operator has requested it
 */
export type RolloutCause = 'image_changed' | 'replace_requested';

export interface RolloutStatus {
  /** `stopped`: a new engine has failed to start, so the other engines stay. */
  readonly state: 'idle' | 'running' | 'stopped';
  readonly cause: RolloutCause | null;
  /** Engines to replace, and how many of them have left. */
  readonly total: number;
  readonly replaced: number;
  readonly startedAt: Date | null;
  /** Why it was stopped; null otherwise. */
  readonly reason: string | null;
}

export interface ImageRefreshStatus {
  readonly isRunning: boolean;
  /** Null: ENGINE_IMAGE_REFRESH is `off`, or engines have no image. */
  readonly next: Date | null;
  /** The last refresh of this process; null before it. */
  readonly last: {
    readonly at: Date;
    readonly error: { readonly code: string; readonly message: string } | null;
  } | null;
}

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
  /** Of a removal or a drain; null otherwise. */
  readonly reason: DrainReason | null;
  readonly why: string;
}

/** A summary of the fleet, answered from memory. */
export interface FleetStatus {
  /** Null: ENGINE_ADDRESSES lists the engines, and acefleet does not run them. */
  readonly runtime: RuntimeKind | null;
  readonly link: RuntimeLink | null;
  readonly image: RuntimeImage | null;
  readonly imageRefresh: ImageRefreshStatus | null;
  readonly rollout: RolloutStatus | null;
  /** ENGINE_PROFILE in use; null: engines do not run in containers. */
  readonly profile: string | null;
  readonly wanted: number;
  readonly why: readonly string[];
  /** Listed engines, engines that are being created, and operators' requests that have not begun. */
  readonly present: number;
  readonly starting: number;
  readonly waiting: number;
  readonly limits: FleetLimits;
  readonly breaker: BreakerView;
  readonly blocked: ProvisioningBlock | null;
  /** Newest last, at most 100. */
  readonly decisions: readonly FleetDecisionRecord[];
}
