import {
  type Expression,
  type ExpressionBuilder,
  type SqlBool,
  sql,
  type Transaction,
} from 'kysely';
import type { DataFolder } from './data-folder';
import { jsonEach, toJson } from './database/json-each';
import type { Schema } from './database/schema';

/** Ids that a process reserves at once, so that a crash costs ids but no id is given twice. */
const RESERVED_IDS = 1_000_000;

const RESERVATION = 'event_ids_reserved';

export interface StoredEvent {
  readonly id: number;
  /** Wall-clock time, in ms since 1970. */
  readonly timeMs: number;
  readonly type: string;
  readonly level: string;
  readonly category: string;
  /** The event as a sentence. */
  readonly message: string;
  readonly streamId: string | null;
  readonly engineId: string | null;
  /** The engine that a stream left for `engineId`. */
  readonly fromEngineId: string | null;
  readonly channel: string | null;
  readonly payload: object;
}

/** An event must match all given conditions; a missing condition matches every event. */
export interface EventFilter {
  readonly types?: readonly string[];
  readonly levels?: readonly string[];
  readonly category?: string;
  readonly streamId?: string;
  /** Also finds events in which a stream left the engine. */
  readonly engineId?: string;
  readonly channel?: string;
  /** A part of the message; upper and lower case of Latin letters are the same. */
  readonly text?: string;
  /** Only events after this id. */
  readonly afterId?: number;
  /** Only events before this id. */
  readonly beforeId?: number;
  /** Only events at this time or later, in ms since 1970. */
  readonly fromMs?: number;
  /** Only events before this time, in ms since 1970. */
  readonly toMs?: number;
}

export interface EventCounts {
  readonly byType: ReadonlyMap<string, number>;
  readonly oldestMs: number | null;
  readonly newestMs: number | null;
}

/** The rows of the event log. They are not held in memory. */
export class EventStore {
  /** Highest id that no later process gives to another event; 0 if the disk has refused to note it. */
  private reservedUntil = 0;

  constructor(private readonly folder: DataFolder) {}

  /**
   * Returns the highest id that an earlier process may have used. If the disk cannot be read or written, returns the
   * time in ms instead: it is above all ids of earlier processes as well.
   */
  async reserveIds(): Promise<number> {
    try {
      const rows = await this.folder.database.readOr([], (database) =>
        database
          .selectFrom('small_values')
          .select('value')
          .where('name', '=', RESERVATION)
          .execute(),
      );
      const last = Number(rows[0]?.value ?? 0);
      await this.folder.database.change((transaction) => this.reserve(transaction, last));
      return last;
    } catch {
      return Date.now();
    }
  }

  /**
   * Appends events. Resolves when they are on the disk.
   *
   * @throws as `Database.change`
   */
  async append(events: readonly StoredEvent[]): Promise<void> {
    const lastId = events.at(-1)?.id ?? 0;
    await this.folder.database.append(async (transaction) => {
      await sql`
        INSERT OR IGNORE INTO events (id, time_ms, type, level, category, message, stream_id,
          engine_id, from_engine_id, channel, payload)
        SELECT each.value ->> 'id', each.value ->> 'timeMs', each.value ->> 'type',
          each.value ->> 'level', each.value ->> 'category', each.value ->> 'message',
          each.value ->> 'streamId', each.value ->> 'engineId', each.value ->> 'fromEngineId',
          each.value ->> 'channel', each.value -> 'payload'
        FROM ${jsonEach(events.map(toJson))}
      `.execute(transaction);
      if (lastId > this.reservedUntil - RESERVED_IDS / 2) await this.reserve(transaction, lastId);
    });
  }

  /**
   * Notes the last id that was used, so that the next process continues with the id after it.
   *
   * @throws as `Database.change`
   */
  async releaseIds(lastId: number): Promise<void> {
    await this.folder.database.change((transaction) => noteReservation(transaction, lastId));
  }

  /**
   * Returns the oldest or the newest matching events, in ascending order of their ids.
   *
   * @throws DatabaseError
   */
  async find(filter: EventFilter, limit: number, end: 'oldest' | 'newest'): Promise<StoredEvent[]> {
    const rows = await this.folder.database.readOr([], (database) =>
      database
        .selectFrom('events')
        .selectAll()
        .where((is) => is.and(conditions(is, filter)))
        .orderBy('id', end === 'oldest' ? 'asc' : 'desc')
        .limit(limit)
        .execute(),
    );
    if (end === 'newest') rows.reverse();
    return rows.map((row) => ({
      id: row.id,
      timeMs: row.time_ms,
      type: row.type,
      level: row.level,
      category: row.category,
      message: row.message,
      streamId: row.stream_id,
      engineId: row.engine_id,
      fromEngineId: row.from_engine_id,
      channel: row.channel,
      payload: JSON.parse(row.payload) as object,
    }));
  }

  /** @throws DatabaseError */
  async count(): Promise<EventCounts> {
    const rows = await this.folder.database.readOr([], (database) =>
      database
        .selectFrom('events')
        .select((is) => [
          'type',
          is.fn.countAll<number>().as('count'),
          is.fn.min<number>('time_ms').as('oldest_ms'),
          is.fn.max<number>('time_ms').as('newest_ms'),
        ])
        .groupBy('type')
        .orderBy('type')
        .execute(),
    );
    const isEmpty = rows.length === 0;
    return {
      byType: new Map(rows.map(({ type, count }) => [type, count])),
      oldestMs: isEmpty ? null : Math.min(...rows.map((row) => row.oldest_ms)),
      newestMs: isEmpty ? null : Math.max(...rows.map((row) => row.newest_ms)),
    };
  }

  /**
   * Removes the oldest events, at most `limit`; with `beforeMs`, only those before this time. Returns how many.
   *
   * @throws as `Database.change`
   */
  async removeOldest(limit: number, beforeMs?: number): Promise<number> {
    if (beforeMs !== undefined && !(await this.isAnyBefore(beforeMs))) return 0;
    return this.folder.database.append(async (transaction) => {
      const oldest = transaction
        .selectFrom('events')
        .select(['id', 'time_ms'])
        .orderBy('id')
        .limit(limit)
        .as('oldest');
      const removed = await transaction
        .deleteFrom('events')
        .where('id', 'in', (is) => {
          const ids = is.selectFrom(oldest).select('oldest.id');
          return beforeMs === undefined ? ids : ids.where('oldest.time_ms', '<', beforeMs);
        })
        .executeTakeFirst();
      return Number(removed.numDeletedRows);
    });
  }

  /** Looks at the oldest event only, so that a log without old events is not written. */
  private async isAnyBefore(ms: number): Promise<boolean> {
    const rows = await this.folder.database.readOr([], (database) =>
      database.selectFrom('events').select('time_ms').orderBy('id').limit(1).execute(),
    );
    return (rows[0]?.time_ms ?? Infinity) < ms;
  }

  private async reserve(transaction: Transaction<Schema>, lastId: number): Promise<void> {
    const until = lastId + RESERVED_IDS;
    await noteReservation(transaction, until);
    this.reservedUntil = until;
  }
}

async function noteReservation(transaction: Transaction<Schema>, id: number): Promise<void> {
  const value = String(id);
  await transaction
    .insertInto('small_values')
    .values({ name: RESERVATION, value })
    .onConflict((conflict) => conflict.column('name').doUpdateSet({ value }))
    .execute();
}

function conditions(
  is: ExpressionBuilder<Schema, 'events'>,
  filter: EventFilter,
): Expression<SqlBool>[] {
  const { types, levels, category, streamId, engineId, channel, text } = filter;
  const { afterId, beforeId, fromMs, toMs } = filter;
  const all: Expression<SqlBool>[] = [];
  if (types !== undefined) all.push(is('type', 'in', types));
  if (levels !== undefined) all.push(is('level', 'in', levels));
  if (category !== undefined) all.push(is('category', '=', category));
  if (streamId !== undefined) all.push(is('stream_id', '=', streamId));
  if (engineId !== undefined) {
    all.push(is.or([is('engine_id', '=', engineId), is('from_engine_id', '=', engineId)]));
  }
  if (channel !== undefined) all.push(is('channel', '=', channel));
  // Not LIKE, in which % and _ have a meaning.
  if (text !== undefined) all.push(sql<SqlBool>`instr(lower(message), lower(${text})) > 0`);
  if (afterId !== undefined) all.push(is('id', '>', afterId));
  if (beforeId !== undefined) all.push(is('id', '<', beforeId));
  if (fromMs !== undefined) all.push(is('time_ms', '>=', fromMs));
  if (toMs !== undefined) all.push(is('time_ms', '<', toMs));
  return all;
}
