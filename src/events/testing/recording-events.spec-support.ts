import type { DomainEventPayloads, DomainEventType } from '../domain-events';
import { EventBus } from '../event-bus';

/** Keeps every event in the order of publishing, and delivers none. */
export class RecordingEvents extends EventBus {
  readonly published: [DomainEventType, unknown][] = [];

  override publish<T extends DomainEventType>(type: T, payload: DomainEventPayloads[T]): void {
    this.published.push([type, payload]);
  }

  /** The payloads of the events of one type. */
  payloads<T extends DomainEventType>(type: T): DomainEventPayloads[T][] {
    return this.published
      .filter(([published]) => published === type)
      .map(([, payload]) => payload as DomainEventPayloads[T]);
  }
}
