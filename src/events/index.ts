export {
  type DomainEventPayloads,
  type DomainEventType,
  type RecordedEvent,
} from './domain-events';
export { EventBus, type EventListener } from './event-bus';
export { EventLog, type EventQuery, type EventTotals } from './event-log';
export { EventDto } from './dto/event.dto';
export { EVENT_TYPES } from './event-type';
export { EventsModule } from './events.module';
