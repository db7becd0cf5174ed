import { Injectable } from '@nestjs/common';
import { monotonicMs } from '../../kernel/clock';
import { Deferred } from '../../kernel/deferred';
import type { SlotLease } from './slot-lease';
import type { Queued } from './slot-order';
import type { SlotClass, SlotRequest } from './slot-request';

/**
 * What a queued request waits for: `slot`, one that may come free, or a further engine; `victim`, a slot that is being
 * released for it; `answer`, earlier starts on an engine that has a slot for it.
 */
export type Awaited = 'slot' | 'victim' | 'answer';

/** One request in the queue. Settles once: with a lease, an error, or its caller's abort. */
export class QueuedRequest implements Queued {
  readonly sinceMs = monotonicMs();
  awaits: Awaited = 'slot';
  private readonly outcome = new Deferred<SlotLease>();
  private isOver = false;
  private readonly onAbort = (): void => this.fail(this.request.signal.reason);

  constructor(
    readonly request: SlotRequest,
    readonly excluded: ReadonlySet<string>,
    /** The slot that the stream holds already, when it only wants to ask the engine once more. */
    readonly held: SlotLease | null,
    private readonly onSettled: (queued: QueuedRequest) => void,
  ) {
    request.signal.addEventListener('abort', this.onAbort, { once: true });
  }

  /** A start for which only a check waits is a probe; when a viewer joins it is a start again. */
  get class(): SlotClass {
    const { class: requested, holder } = this.request;
    return requested === 'start' && holder.watch === 'checked' ? 'probe' : requested;
  }

  get isWatched(): boolean {
    return this.request.holder.isWatched;
  }

  get waitsForSlot(): boolean {
    return (this.request.waitFor ?? 'slot') === 'slot' && this.mayPreempt;
  }

  get waitsForAnswer(): boolean {
    return this.request.waitFor !== 'nothing';
  }

  /** Moves and checks take free slots only. */
  get mayPreempt(): boolean {
    return this.class === 'failover' || this.class === 'start';
  }

  get lease(): Promise<SlotLease> {
    return this.outcome.promise;
  }

  get isSettled(): boolean {
    return this.isOver;
  }

  grant(lease: SlotLease): void {
    if (this.settle()) this.outcome.resolve(lease);
  }

  fail(reason: unknown): void {
    if (this.settle()) this.outcome.reject(reason);
  }

  private settle(): boolean {
    if (this.isOver) return false;
    this.isOver = true;
    this.request.signal.removeEventListener('abort', this.onAbort);
    this.onSettled(this);
    return true;
  }
}

/**
 * The requests that wait, in order of arrival. The fleet reads how many of them a further engine would serve, and is told
 * when that may have changed.
 */
@Injectable()
export class SlotQueue {
  private readonly requests = new Set<QueuedRequest>();
  private readonly listeners = new Set<() => void>();
  private published = 0;

  get size(): number {
    return this.requests.size;
  }

  /** How many requests one further engine each would serve; the others get a slot that there is already. */
  get wantingEngine(): number {
    return this.list().filter(({ waitsForSlot, awaits }) => waitsForSlot && awaits === 'slot')
      .length;
  }

  list(): QueuedRequest[] {
    return [...this.requests];
  }

  add(queued: QueuedRequest): void {
    this.requests.add(queued);
  }

  remove(queued: QueuedRequest): void {
    this.requests.delete(queued);
  }

  /** Tells the subscribers if `wantingEngine` has changed; they must not settle requests. */
  publish(): void {
    const { wantingEngine } = this;
    if (wantingEngine === this.published) return;
    this.published = wantingEngine;
    for (const listener of [...this.listeners]) listener();
  }

  /** Calls back when `wantingEngine` has changed; returns a function that ends the subscription. */
  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }
}
