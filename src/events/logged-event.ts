import type { EventFilter, StoredEvent } from '../storage';
import type { RecordedEvent } from './domain-events';
import { categoryOf, describeEvent } from './event-description';

/** An event as the log keeps it, with the fields by which it can be found. */
export type LoggedEvent = StoredEvent;

export function toLoggedEvent(event: RecordedEvent): LoggedEvent {
  const description = describeEvent(event);
  const { id, type, payload } = event;
  return {
    id,
    timeMs: Date.parse(event.time),
    type,
    level: description.level,
    category: categoryOf(description),
    message: description.text,
    streamId: textOf(payload, 'stream_id'),
    engineId: textOf(payload, 'engine_id') ?? textOf(payload, 'to_engine_id'),
    fromEngineId: textOf(payload, 'from_engine_id'),
    channel: textOf(payload, 'channel'),
    payload,
  };
}

export function textOf(payload: object, name: string): string | null {
  const value = (payload as Readonly<Record<string, unknown>>)[name];
  return typeof value === 'string' ? value : null;
}

/** The same decision as `EventStore.find` makes. */
export function matches(event: LoggedEvent, filter: EventFilter): boolean {
  const { types, levels, category, streamId, engineId, channel, text } = filter;
  const { afterId, beforeId, fromMs, toMs } = filter;
  if (types !== undefined && !types.includes(event.type)) return false;
  if (levels !== undefined && !levels.includes(event.level)) return false;
  if (category !== undefined && event.category !== category) return false;
  if (streamId !== undefined && event.streamId !== streamId) return false;
  if (engineId !== undefined && ![event.engineId, event.fromEngineId].includes(engineId)) {
    return false;
  }
  if (channel !== undefined && event.channel !== channel) return false;
  if (text !== undefined && !event.message.toLowerCase().includes(text.toLowerCase())) return false;
  if (afterId !== undefined && event.id <= afterId) return false;
  if (beforeId !== undefined && event.id >= beforeId) return false;
  if (fromMs !== undefined && event.timeMs < fromMs) return false;
  return toMs === undefined || event.timeMs < toMs;
}
