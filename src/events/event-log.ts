import { Inject, Injectable } from '@nestjs/common';
import { type AppConfig, CONFIG } from '../config';
import { type DomainEventType, type RecordedEvent } from './domain-events';
import { EventBus } from './event-bus';

/** An event must match all given conditions; a missing condition matches every event. */
export interface EventQuery {
  readonly type?: DomainEventType;
  readonly streamId?: string;
  readonly engineId?: string;
  /** Only events after this id. */
  readonly since?: number;
  readonly limit: number;
}

export interface EventTotals {
  readonly total: number;
  /** Types without events are left out. */
  readonly byType: Readonly<Partial<Record<DomainEventType, number>>>;
  readonly oldest: RecordedEvent | null;
  readonly newest: RecordedEvent | null;
  readonly lost: number;
}

/** The last EVENT_LOG_SIZE events, oldest first. */
@Injectable()
export class EventLog {
  private slots: RecordedEvent[] = [];
  /** Index of the next event. Once the log is full, also the index of the oldest event. */
  private next = 0;
  /** EVENT_LOG_SIZE as of the last event. */
  private capacity = 0;

  constructor(
    @Inject(CONFIG) private readonly config: Pick<AppConfig, 'eventLogSize'>,
    private readonly bus: EventBus,
  ) {
    // Never unsubscribed, because log and bus have the same lifetime.
    bus.subscribe((event) => this.append(event));
  }

  /**
   * Returns the matching events in the order in which they occurred. Without `since`, these are the newest `limit`
   * events. With `since`, they are the first `limit` after it, so that a reader who repeats the request with the last
   * received id misses none.
   */
  find(query: EventQuery): RecordedEvent[] {
    const matching = this.inOrder().filter((event) => matches(event, query));
    return query.since === undefined
      ? matching.slice(-query.limit)
      : matching.slice(0, query.limit);
  }

  totals(): EventTotals {
    const events = this.inOrder();
    const byType: Partial<Record<DomainEventType, number>> = {};
    for (const { type } of events) byType[type] = (byType[type] ?? 0) + 1;
    return {
      total: events.length,
      byType,
      oldest: events[0] ?? null,
      newest: events.at(-1) ?? null,
      lost: this.bus.lost,
    };
  }

  private append(event: RecordedEvent): void {
    this.resize(this.config.eventLogSize);
    this.slots[this.next] = event;
    this.next = (this.next + 1) % this.capacity;
  }

  private resize(capacity: number): void {
    if (capacity === this.capacity) return;
    this.slots = this.inOrder().slice(-capacity);
    this.next = this.slots.length % capacity;
    this.capacity = capacity;
  }

  private inOrder(): RecordedEvent[] {
    if (this.slots.length < this.capacity) return [...this.slots];
    return [...this.slots.slice(this.next), ...this.slots.slice(0, this.next)];
  }
}

function matches(event: RecordedEvent, query: EventQuery): boolean {
  if (query.since !== undefined && event.id <= query.since) return false;
  if (query.type !== undefined && event.type !== query.type) return false;
  const { payload } = event;
  if (query.streamId !== undefined) {
    if (!('stream_id' in payload) || payload.stream_id !== query.streamId) return false;
  }
  return query.engineId === undefined || isAbout(payload, query.engineId);
}

/** A change of source concerns both engines, the old and the new one. */
function isAbout(payload: RecordedEvent['payload'], engineId: string): boolean {
  if ('engine_id' in payload) return payload.engine_id === engineId;
  if (!('to_engine_id' in payload)) return false;
  return payload.from_engine_id === engineId || payload.to_engine_id === engineId;
}
