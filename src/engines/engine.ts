import type { EngineEndpoint } from '../ace';
import type { EngineDescription, EngineLease, EngineState, EngineView } from './engine.types';

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

  state: EngineState = 'starting';
  version: string | null = null;
  /** Null until a probe told. */
  networkConnected: boolean | null = null;
  /** True after an answered probe, false after a missed one, null before the first. */
  answered: boolean | null = null;
  lastSeen: Date | null = null;
  lastHealthCheck: Date | null = null;
  /** When the last slot was given back; while a slot is held the engine is in use now. */
  lastReleased: Date | null = null;
  drainReason: string | null = null;
  /** Grows with each reservation in the fleet: the smaller, the longer it was not chosen. */
  lastReservation = 0;

  constructor(private description: EngineDescription) {}

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

  get lastStreamUsage(): Date | null {
    return this.leases.size > 0 ? new Date() : this.lastReleased;
  }

  /** A new process under the same id: what was learned about the old one says nothing about it. */
  reborn(description: EngineDescription): void {
    this.description = description;
    this.forget();
  }

  forget(): void {
    this.version = null;
    this.networkConnected = null;
    this.answered = null;
  }

  recordAnswer(facts: ProbeFacts): void {
    const now = new Date();
    this.version = facts.version;
    this.networkConnected = facts.networkConnected;
    this.answered = true;
    this.lastSeen = now;
    this.lastHealthCheck = now;
  }

  recordMiss(): void {
    this.answered = false;
    this.lastHealthCheck = new Date();
  }
}
