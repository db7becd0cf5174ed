import { csvRow } from '../kernel/csv';
import type { EventFilter } from '../storage';
import { EventDto } from './dto/event.dto';
import type { EventLog } from './event-log';

/** Events per query, because the thread of the database serves others between two queries. */
const PAGE = 500;

const COLUMNS = [
  'id',
  'time',
  'type',
  'level',
  'category',
  'message',
  'stream_id',
  'engine_id',
  'client_id',
  'reason',
] as const satisfies readonly (keyof EventDto)[];

/** Yields the matching events as the text of a CSV file, oldest first. */
export async function* eventsAsCsv(log: EventLog, filter: EventFilter): AsyncGenerator<string> {
  yield csvRow([...COLUMNS, 'details']);
  for await (const page of pages(log, filter)) {
    yield page
      .map((event) =>
        csvRow([...COLUMNS.map((column) => event[column]), JSON.stringify(event.details)]),
      )
      .join('');
  }
}

/** Yields the matching events as the text of a JSON array, oldest first. */
export async function* eventsAsJson(log: EventLog, filter: EventFilter): AsyncGenerator<string> {
  let separator = '[\n';
  for await (const page of pages(log, filter)) {
    yield separator + page.map((event) => JSON.stringify(event)).join(',\n');
    separator = ',\n';
  }
  yield separator === '[\n' ? '[]\n' : '\n]\n';
}

/** Ends with the event that was the newest at the beginning, so that a slow reader gets to the end. */
async function* pages(log: EventLog, filter: EventFilter): AsyncGenerator<EventDto[]> {
  const beforeId = Math.min(filter.beforeId ?? Infinity, log.lastId + 1);
  for (let { afterId } = filter; ;) {
    const events = await log.findOnDisk({ ...filter, beforeId, afterId }, PAGE, 'oldest');
    if (events.length > 0) yield events.map((event) => new EventDto(event));
    if (events.length < PAGE) return;
    afterId = events.at(-1)?.id;
  }
}
