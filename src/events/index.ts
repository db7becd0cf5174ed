export { HasOwnEvent } from './admin-actions';
export {
  type DomainEventPayloads,
  type DomainEventType,
  type RecordedEvent,
  type StreamTotals,
} from './domain-events';
export { EventBus, type EventListener } from './event-bus';
export { EventLog, type EventPage, type EventTotals } from './event-log';
export {
  categoryOf,
  describeEvent,
  EVENT_LEVELS,
  type EventDescription,
  type EventLevel,
} from './event-description';
export { EventDto } from './dto/event.dto';
export { EVENT_TYPES } from './event-type';
export { type LoggedEvent, toLoggedEvent } from './logged-event';
export { EventsModule } from './events.module';
