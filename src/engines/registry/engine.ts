import type { EngineEndpoint } from '../../ace';
import { monotonicMs } from '../../kernel/clock';
import { EngineDrainSignal } from './drain-signal';
import type {
  DrainedBy,
  DrainReason,
  EngineDescription,
  EngineState,
  EngineView,
} from './engine.types';
import type { HeldSlot } from './held-slot';

/** Reasons of probes that were missed because nothing was reached at the address, so that the address may be wrong. */
const UNREACHED = new Set([
  'connect_refused',
  'connect_timeout',
  'host_unknown',
  'host_unreachable',
]);

/** Facts from one answered probe. */
export interface ProbeFacts {
  readonly version: string | null;
  readonly networkConnected: boolean | null;
}

/**
 * One engine as the registry knows it. Other modules see it as an `EngineView`. It is live: state and endpoint are
 * current, so a stream that opens a new session after a restart uses the new port. Only the registry changes the
 * state. Health records the results of probes, and the registry clears them when the process or the address changes.
 */
export class Engine implements EngineView {
  readonly firstSeen = new Date();
  /** The slots that streams hold; `streamIds` is derived from them. */
  readonly leases = new Set<HeldSlot>();
  /** Set while streams are asked to leave the engine. */
  readonly drainRequested = new EngineDrainSignal();

  state: EngineState = 'starting';
  version: string | null = null;
  /** Null before the first answered probe. */
  networkConnected: boolean | null = null;
  /** True after an answered probe, false after a missed one, null before the first. */
  answered: boolean | null = null;
  /** Why the last probe was missed; null when it was answered, or there was none. */
  lastMiss: string | null = null;
  /** Monotonic ms of the last answered probe; null before the first. */
  answeredMs: number | null = null;
  lastSeen: Date | null = null;
  lastHealthCheck: Date | null = null;
  /** Time at which a slot was last released. */
  lastReleased: Date | null = null;
  drainReason: DrainReason | null = null;
  /** Free text for operators; null while the engine is not drained. */
  drainDetail: string | null = null;
  drainedBy: DrainedBy | null = null;
  /**
   * Identifies the announced process; null while it has no address, or if the driver does not distinguish processes.
   */
  incarnation: string | null = null;
  /** Number of slots granted on the engine since its process started. */
  starts = 0;
  /** Monotonic ms at which it became unhealthy; null in any other state. */
  unhealthySince: number | null = null;
  /** Monotonic ms of the first of its latest answers that reported no network; null if the last one did not. */
  disconnectedSince: number | null = null;
  /**
   * Sequence number, among all engines, of the last slot granted here; 0 if there was none. The smaller it is, the
   * longer the engine has not been chosen.
   */
  lastReservation = 0;

  /** Monotonic ms until which missed probes are expected; null once it has answered, or without a start budget. */
  private startUntil: number | null = null;
  private idleSince = monotonicMs();

  constructor(
    private description: EngineDescription,
    startBudgetMs = 0,
  ) {
    this.beginStart(startBudgetMs);
  }

  get id(): string {
    return this.description.id;
  }

  get name(): string {
    return this.description.name;
  }

  get endpoint(): EngineEndpoint {
    return this.description.endpoint;
  }

  get apiPort(): number | null {
    return this.description.apiPort;
  }

  get labels(): Readonly<Record<string, string>> {
    return this.description.labels;
  }

  get forwarded(): boolean {
    return this.description.forwarded;
  }

  get vpn(): string | null {
    return this.description.vpn;
  }

  get isExternal(): boolean {
    return this.description.isExternal === true;
  }

  /** Number of its slots. @param usual MAX_STREAMS_PER_ENGINE */
  slotCount(usual: number): number {
    return this.description.maxStreams ?? usual;
  }

  /** Public ids of the streams that hold a slot. */
  get streamIds(): string[] {
    return [...new Set([...this.leases].map((lease) => lease.streamId))];
  }

  /** Number of slots of watched streams (see `HeldSlot.isWatched`). */
  get watchedSlots(): number {
    return [...this.leases].filter((slot) => slot.isWatched).length;
  }

  get lastStreamUsage(): Date | null {
    return this.leases.size > 0 ? new Date() : this.lastReleased;
  }

  /** True if its process has answered, or was announced without a start budget. */
  get hasStarted(): boolean {
    return this.startUntil === null;
  }

  /**
   * Why the last probe reached nothing at the engine's address. Null if the engine has ever answered, may still be
   * starting, or missed the probe for another reason.
   */
  get unreached(): string | null {
    if (this.lastSeen !== null || this.mayStillStart || this.lastMiss === null) return null;
    return UNREACHED.has(this.lastMiss) ? this.lastMiss : null;
  }

  /** True while a missed probe is expected. */
  get mayStillStart(): boolean {
    return this.startUntil !== null && monotonicMs() < this.startUntil;
  }

  /**
   * Time since the last slot was released, or since the start ended if none was held yet; 0 while a slot is held. Slots
   * that only checks have used do not count.
   */
  get idleMs(): number {
    return this.leases.size > 0 ? 0 : monotonicMs() - this.idleSince;
  }

  /** Takes over a new announcement, and clears what was known about the old address or process. */
  reannounce(description: EngineDescription, startBudgetMs: number): void {
    this.description = description;
    this.clearProbeFacts();
    this.beginStart(startBudgetMs);
  }

  clearProbeFacts(): void {
    this.version = null;
    this.networkConnected = null;
    this.answered = null;
    this.lastMiss = null;
    this.answeredMs = null;
    this.disconnectedSince = null;
  }

  recordAnswer(facts: ProbeFacts): void {
    const now = new Date();
    if (!this.hasStarted) this.idleSince = monotonicMs();
    this.startUntil = null;
    this.disconnectedSince =
      facts.networkConnected === false ? (this.disconnectedSince ?? monotonicMs()) : null;
    this.version = facts.version;
    this.networkConnected = facts.networkConnected;
    this.answered = true;
    this.lastMiss = null;
    this.answeredMs = monotonicMs();
    this.lastSeen = now;
    this.lastHealthCheck = now;
  }

  /** Checks do not keep an engine that is not needed, so a slot that only a check has used does not end the idle time. */
  recordRelease(isCheckOnly: boolean): void {
    this.lastReleased = new Date();
    if (!isCheckOnly) this.idleSince = monotonicMs();
  }

  recordMiss(reason: string): void {
    this.answered = false;
    this.lastMiss = reason;
    this.lastHealthCheck = new Date();
  }

  private beginStart(budgetMs: number): void {
    if (budgetMs <= 0) {
      this.startUntil = null;
      return;
    }
    this.startUntil = monotonicMs() + budgetMs;
    this.starts = 0;
  }
}
