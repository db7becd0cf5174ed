import type { EngineEndpoint } from '../../ace';
import { monotonicMs } from '../../kernel/clock';
import { EngineLeaveWish } from '../leave-wish';
import type { EngineLease } from '../engine.types';
import type { DrainedBy, EngineDescription, EngineState, EngineView } from './engine.types';

/** Reasons of probes that reached no engine, so that its address may be wrong. */
const UNREACHED = new Set([
  'connect_refused',
  'connect_timeout',
  'host_unknown',
  'host_unreachable',
]);

/** What one answered probe told. */
export interface ProbeFacts {
  readonly version: string | null;
  readonly networkConnected: boolean | null;
}

/**
 * One engine as the fleet knows it. Other rooms see it as an `EngineView`, and it is live: state and
 * endpoint are those of now, so a stream that opens a new session on the engine it holds follows it
 * to the new port after a restart. Only the registry changes the state, only health the probe facts.
 */
export class Engine implements EngineView {
  readonly firstSeen = new Date();
  /** Live slots; an engine's streams are theirs. */
  readonly leases = new Set<EngineLease>();
  /** Set while it is drained. */
  readonly unwanted = new EngineLeaveWish();

  state: EngineState = 'starting';
  version: string | null = null;
  /** Null until a probe told. */
  networkConnected: boolean | null = null;
  /** True after an answered probe, false after a missed one, null before the first. */
  answered: boolean | null = null;
  /** Why the last probe was missed; null when it was answered, or there was none. */
  lastMiss: string | null = null;
  /** Monotonic time of the last answered probe; null before there was one. */
  answeredMs: number | null = null;
  lastSeen: Date | null = null;
  lastHealthCheck: Date | null = null;
  /** When the last slot was given back; while a slot is held the engine is in use now. */
  lastReleased: Date | null = null;
  drainReason: string | null = null;
  drainedBy: DrainedBy | null = null;
  /** The process that was announced; null while it has no address, or if the driver does not tell processes apart. */
  incarnation: string | null = null;
  /** Slots given out by this process of the engine. */
  starts = 0;
  /** Monotonic ms since when it is unhealthy, or says that it reaches no network; null when it is not so. */
  unhealthySince: number | null = null;
  disconnectedSince: number | null = null;
  /** Grows with each reservation in the fleet: the smaller, the longer it was not chosen. */
  lastReservation = 0;

  /** Monotonic ms until which missed probes are those of a start; null when it has answered once. */
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

  /** Public ids of the streams that hold a slot. */
  get streamIds(): string[] {
    return [...new Set([...this.leases].map((lease) => lease.streamId))];
  }

  /** Slots of streams that somebody watches or waits for. */
  get wantedSlots(): number {
    return [...this.leases].filter((lease) => lease.isWanted).length;
  }

  /** Slots that are on their way to be free. */
  get vacatedSlots(): number {
    return [...this.leases].filter((lease) => lease.isVacated).length;
  }

  /** Slots of starts that nobody has seen yet. */
  get unprovedSlots(): number {
    return [...this.leases].filter((lease) => lease.isUnproved).length;
  }

  get lastStreamUsage(): Date | null {
    return this.leases.size > 0 ? new Date() : this.lastReleased;
  }

  /** It has answered once since its process began, or was said to have. */
  get hasStarted(): boolean {
    return this.startUntil === null;
  }

  /** Why nothing was ever reached at its address; null when it answered once, or something else is wrong. */
  get unreached(): string | null {
    if (this.lastSeen !== null || this.mayStillStart || this.lastMiss === null) return null;
    return UNREACHED.has(this.lastMiss) ? this.lastMiss : null;
  }

  /** True while a missed probe is nothing to wonder about. */
  get mayStillStart(): boolean {
    return this.startUntil !== null && monotonicMs() < this.startUntil;
  }

  /** How long nobody has held a slot, since the end of its start when nobody ever did; 0 while somebody does. */
  get idleMs(): number {
    return this.leases.size > 0 ? 0 : monotonicMs() - this.idleSince;
  }

  /** Again announced: what was learned at the old address, or about the old process, says nothing now. */
  reborn(description: EngineDescription, startBudgetMs: number): void {
    this.description = description;
    this.forget();
    this.beginStart(startBudgetMs);
  }

  forget(): void {
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

  recordRelease(): void {
    this.lastReleased = new Date();
    this.idleSince = monotonicMs();
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
