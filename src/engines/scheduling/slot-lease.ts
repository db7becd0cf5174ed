import type { AbandonedStart } from '../../ace';
import { monotonicMs } from '../../kernel/clock';
import type { DrainSignal } from '../registry/drain-signal';
import type { Engine } from '../registry/engine';
import type { EngineView } from '../registry/engine.types';
import { SlotRevocation, type HeldSlot } from '../registry/held-slot';
import type { SlotFacts } from './preemption';
import type { SlotHolder } from './slot-holder';
import type { SlotClass } from './slot-request';
import { canBecome, type SlotState } from './slot-state';

/** The part of the scheduler that leases call. */
export interface LeaseScheduler {
  /** Call when the state of a lease, or the number of starts on its engine, has changed. */
  changed(lease: SlotLease): void;
  /** Resolves when the engine of the lease may be asked again; the lease is `asking` then. */
  askAgain(lease: SlotLease, signal: AbortSignal): Promise<void>;
}

/**
 * One slot of one engine, held by one stream from the grant until `release`. Two signals tell the stream to leave:
 * `revoked`, at once; `drainRequested`, as soon as another engine has room.
 */
export class SlotLease implements HeldSlot, SlotFacts {
  /** Aborts with a `SlotRevocation`. The stream still holds the slot until it calls `release`. */
  readonly revoked: AbortSignal;
  private readonly revocation = new AbortController();
  private currentState: SlotState = 'reserved';
  private readonly grantedMs = monotonicMs();
  private lastAskedMs = this.grantedMs;
  private currentClass: SlotClass;
  private readonly abandoned = new Set<AbandonedStart>();

  constructor(
    private readonly heldEngine: Engine,
    private currentHolder: SlotHolder,
    slotClass: SlotClass,
    private readonly scheduler: LeaseScheduler,
  ) {
    this.currentClass = slotClass;
    this.revoked = this.revocation.signal;
  }

  get holder(): SlotHolder {
    return this.currentHolder;
  }

  /** The engine of the slot. It is live: after a restart of the engine it has the new address. */
  get engine(): EngineView {
    return this.heldEngine;
  }

  get engineId(): string {
    return this.heldEngine.id;
  }

  get streamId(): string {
    return this.holder.streamId;
  }

  get class(): SlotClass {
    return this.currentClass;
  }

  get state(): SlotState {
    return this.currentState;
  }

  get sinceMs(): number {
    return this.grantedMs;
  }

  /** Monotonic ms at which the engine was last asked for the stream. */
  get askedMs(): number {
    return this.lastAskedMs;
  }

  get isWatched(): boolean {
    return this.holder.isWatched;
  }

  get isCheckOnly(): boolean {
    return this.currentClass === 'probe' && this.holder.watchSinceMs <= this.grantedMs;
  }

  get isRevoked(): boolean {
    return this.revoked.aborted;
  }

  /** True if the lease was revoked because another request needs the slot. */
  get isPreempted(): boolean {
    return this.revocationReason?.code === 'preempted';
  }

  /** Null while the stream may keep the slot. */
  get revocationReason(): SlotRevocation | null {
    const reason: unknown = this.revoked.reason;
    return reason instanceof SlotRevocation ? reason : null;
  }

  get drainRequested(): DrainSignal {
    return this.heldEngine.drainRequested;
  }

  /** True while the engine is being asked for this stream, or is still busy with an abandoned start. */
  get isAsking(): boolean {
    return this.currentState === 'asking' || this.abandoned.size > 0;
  }

  /** Passes the slot to another stream. */
  handOver(holder: SlotHolder): void {
    this.currentHolder = holder;
    this.scheduler.changed(this);
  }

  /** Call when the engine is about to be asked. The scheduler counts how many leases are `asking`. */
  ask(): void {
    this.lastAskedMs = monotonicMs();
    this.become('asking');
  }

  /**
   * Call before the stream asks the same engine again. Resolves when the engine may be asked.
   *
   * @param isRunning true if viewers are watching: the slot then has the class `failover`
   * @throws AppError `no_capacity` when the engine is busy for too long; the reason of `signal` or of `revoked`
   */
  async askAgain(isRunning: boolean, signal: AbortSignal): Promise<void> {
    if (isRunning) this.currentClass = 'failover';
    this.revoked.throwIfAborted();
    this.become('reserved');
    this.scheduler.changed(this);
    await this.scheduler.askAgain(this, AbortSignal.any([signal, this.revoked]));
  }

  /**
   * Call when the engine has answered. From now on the stream waits for media, which burdens the engine far less than
   * a start.
   */
  answered(): void {
    if (this.currentState !== 'asking') return;
    this.become('answered');
    this.scheduler.changed(this);
  }

  /** Call when media flow. Idempotent. */
  confirm(): void {
    if (this.currentState === 'confirmed' || !canBecome(this.currentState, 'confirmed')) return;
    this.become('confirmed');
    this.scheduler.changed(this);
  }

  /** Call when the stream has left and its engine session is being stopped; call `release` afterwards. Idempotent. */
  beginRelease(): void {
    if (!canBecome(this.currentState, 'releasing')) return;
    this.become('releasing');
    this.scheduler.changed(this);
  }

  /** Releases the slot. Idempotent. */
  release(): void {
    if (this.currentState === 'released') return;
    this.become('released');
    this.scheduler.changed(this);
  }

  /** Lets an abandoned start count as a start in progress until the engine is done with it, even after the release. */
  occupyUntil(start: AbandonedStart): void {
    this.abandoned.add(start);
    void start.done.then(() => {
      this.abandoned.delete(start);
      this.scheduler.changed(this);
    });
  }

  /** Closes the connections of abandoned starts, because another start needs the engine. Idempotent. */
  cutAbandoned(): void {
    for (const start of this.abandoned) start.cut();
  }

  revoke(reason: SlotRevocation): void {
    this.revocation.abort(reason);
  }

  private become(state: SlotState): void {
    if (!canBecome(this.currentState, state)) {
      throw new Error(`a slot cannot go from ${this.currentState} to ${state}`);
    }
    this.currentState = state;
  }
}
