import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { wallClockIso } from '../kernel/clock';
import {
  type DomainEventPayloads,
  type DomainEventType,
  type RecordedEvent,
} from './domain-events';

export type EventListener = (event: RecordedEvent) => void;

/** Maximum number of queued events. Further events are dropped and counted as lost, to bound the memory. */
const MAX_PENDING = 10_000;

/** Events delivered per turn of the event loop, so that viewers do not notice a burst of events. */
const DELIVERED_PER_TURN = 200;

/**
 * Delivers events from the modules that publish them to all listeners, in the order of publishing. Publishing costs
 * one array push: the data path never waits for a listener. A listener that throws affects neither the publisher nor
 * the other listeners.
 */
@Injectable()
export class EventBus implements OnApplicationShutdown {
  private readonly logger = new Logger(EventBus.name);
  private readonly listeners = new Set<EventListener>();
  /** Listeners whose first error was logged, so that a listener that always throws does not flood the log. */
  private readonly reportedListeners = new WeakSet<EventListener>();
  private pending: RecordedEvent[] = [];
  private turn: NodeJS.Immediate | null = null;
  private lostEvents = 0;

  /** @param previousId the id before that of the first event */
  constructor(private previousId = 0) {}

  /** The id of the last event; events of earlier processes have lower ids. */
  get lastId(): number {
    return this.previousId;
  }

  /** Events that were dropped because listeners could not keep up. */
  get lost(): number {
    return this.lostEvents;
  }

  /** Returns at once; listeners run in a later turn of the event loop. Never throws. */
  publish<T extends DomainEventType>(type: T, payload: DomainEventPayloads[T]): void {
    // Lost events take an id too, so that a reader notices the gap.
    this.previousId += 1;
    if (this.pending.length >= MAX_PENDING) {
      this.lostEvents += 1;
      return;
    }
    this.pending.push({ id: this.previousId, type, time: wallClockIso(), payload });
    this.turn ??= setImmediate(() => this.deliverTurn());
  }

  /** Calls `listener` with every event published from now on. Returns a function that ends the subscription. */
  subscribe(listener: EventListener): () => void {
    this.listeners.add(listener);
    return () => {
      this.listeners.delete(listener);
    };
  }

  /**
   * Delivers the remaining events before the process ends, because operators need the last events of a process most.
   */
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
