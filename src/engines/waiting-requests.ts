import { Injectable } from '@nestjs/common';
import type { CapacityWaiter } from './capacity-waiter';

/**
 * The requests that wait for a slot, in the order in which they came. Who brings engines looks at
 * how many there are, and is told when that may have changed.
 */
@Injectable()
export class WaitingRequests implements Iterable<CapacityWaiter> {
  private readonly waiters = new Set<CapacityWaiter>();
  private readonly listeners = new Set<() => void>();

  get size(): number {
    return this.waiters.size;
  }

  /** How many would be served by one engine more: the others may still get a slot of those that there are. */
  get wantingEngine(): number {
    return [...this.waiters].filter(
      ({ mayWait, reclaim, expectsSlot }) => mayWait && reclaim !== 'asking' && !expectsSlot,
    ).length;
  }

  /** How many came before this one. */
  countBefore(waiter: CapacityWaiter): number {
    let count = 0;
    for (const other of this.waiters) {
      if (other === waiter) break;
      count += 1;
    }
    return count;
  }

  [Symbol.iterator](): Iterator<CapacityWaiter> {
    return [...this.waiters][Symbol.iterator]();
  }

  add(waiter: CapacityWaiter): void {
    this.waiters.add(waiter);
    this.changed();
  }

  remove(waiter: CapacityWaiter): void {
    this.waiters.delete(waiter);
    this.changed();
  }

  /** The search for a slot has come further for one of them. */
  changed(): void {
    for (const listener of [...this.listeners]) listener();
  }

  /** Calls back with every change; the listener must not settle waiters. Returns what ends that. */
  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }
}
