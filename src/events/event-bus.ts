import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { wallClockIso } from '../kernel/clock';
import {
  type DomainEventPayloads,
  type DomainEventType,
  type RecordedEvent,
} from './domain-events';

export type EventListener = (event: RecordedEvent) => void;

/** Events that wait for delivery. Beyond it new ones are counted as lost: memory has a bound, facts do not. */
const MAX_PENDING = 10_000;

/** Events delivered per turn of the event loop, so that a burst is felt by no viewer. */
const DELIVERED_PER_TURN = 200;

/**
 * Carries facts from the rooms where they happen to whoever listens. Publishing costs an array push: nobody in
 * the data path waits for a listener, and a listener that throws harms neither the publisher nor the other
 * listeners. Order of delivery is the order of publishing.
 */
@Injectable()
export class EventBus implements OnApplicationShutdown {
  private readonly logger = new Logger(EventBus.name);
  private readonly listeners = new Set<EventListener>();
  /** Listeners whose first fault was logged: a listener that always throws must not flood the log. */
  private readonly reportedListeners = new WeakSet<EventListener>();
  private pending: RecordedEvent[] = [];
  private turn: NodeJS.Immediate | null = null;
  private lastId = 0;
  private lostEvents = 0;

  /** Events that no listener ever saw, because listeners could not keep up. */
  get lost(): number {
    return this.lostEvents;
  }

  /** Returns at once; listeners run in a later turn of the event loop. Never throws. */
  publish<T extends DomainEventType>(type: T, payload: DomainEventPayloads[T]): void {
    // Lost events take an id too: a reader sees the gap.
    this.lastId += 1;
    if (this.pending.length >= MAX_PENDING) {
      this.lostEvents += 1;
      return;
    }
    this.pending.push({ id: this.lastId, type, time: wallClockIso(), payload });
    this.turn ??= setImmediate(() => this.deliverTurn());
  }

  /** Calls `listener` with every event published from now on; returns what ends that. */
  subscribe(listener: EventListener): () => void {
    this.listeners.add(listener);
    return () => {
      this.listeners.delete(listener);
    };
  }

  /** The last facts of a process are the ones an operator asks for: they are delivered before the end. */
  onApplicationShutdown(): void {
    if (this.turn !== null) clearImmediate(this.turn);
    this.turn = null;
    const last = this.pending;
    this.pending = [];
    this.deliver(last);
  }

  private deliverTurn(): void {
    const batch = this.pending.slice(0, DELIVERED_PER_TURN);
    this.pending = this.pending.slice(DELIVERED_PER_TURN);
    this.turn = this.pending.length === 0 ? null : setImmediate(() => this.deliverTurn());
    this.deliver(batch);
  }

  private deliver(batch: readonly RecordedEvent[]): void {
    for (const event of batch) {
      for (const listener of [...this.listeners]) this.call(listener, event);
    }
  }

  private call(listener: EventListener, event: RecordedEvent): void {
    try {
      listener(event);
    } catch (error) {
      if (this.reportedListeners.has(listener)) return;
      this.reportedListeners.add(listener);
      this.logger.error({ err: error, event_type: event.type }, 'an event listener throws');
    }
  }
}
