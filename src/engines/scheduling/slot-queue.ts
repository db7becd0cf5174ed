import { Injectable } from '@nestjs/common';
import { monotonicMs } from '../../kernel/clock';
import { Deferred } from '../../kernel/deferred';
import type { SlotLease } from './slot-lease';
import type { Queued } from './slot-order';
import type { SlotClass, SlotRequest } from './slot-request';

/**
 * What a queued request waits for.
 * - `slot`: a slot that may become free, or a further engine;
 * - `victim`: a slot that is being released, or preempted for it;
 * - `answer`: the answers to earlier starts on an engine with a free slot.
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
    /** The slot that the stream holds already, if it only waits to ask its engine again. */
    readonly held: SlotLease | null,
    private readonly onSettled: (queued: QueuedRequest) => void,
  ) {
    request.signal.addEventListener('abort', this.onAbort, { once: true });
  }

  /**
   * A start that only a content check waits for has the class `probe`. It becomes a `start` again when a viewer
   * joins.
   */
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

  /** Moves and probes take free slots only. */
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
 * The queued requests, in order of arrival. The fleet reads how many of them may need a further engine
 * (`wantingEngine`), and is notified when that number changes.
 */
@Injectable()
export class SlotQueue {
  private readonly requests = new Set<QueuedRequest>();
  private readonly listeners = new Set<() => void>();
  private published = 0;

  get size(): number {
    return this.requests.size;
  }

  /**
   * Number of requests that wait for a slot although none is being released or preempted for them, so that a further
   * engine may be needed. One further engine may serve several of them.
   */
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

  /** Notifies the subscribers if `wantingEngine` has changed; they must not settle requests. */
  publish(): void {
    const { wantingEngine } = this;
    if (wantingEngine === this.published) return;
    this.published = wantingEngine;
    for (const listener of [...this.listeners]) listener();
  }

  /** Calls `listener` when `wantingEngine` has changed. Returns a function that ends the subscription. */
  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }
}
