import { sql, type Kysely, type RawBuilder, type Transaction } from 'kysely';
import { AppError } from '../kernel/errors';
import type { DataFolder } from './data-folder';
import { DatabaseError } from './database/database';
import { jsonEach, toJson } from './database/json-each';
import type { Schema } from './database/schema';

/** How a stream went. `interrupted`: the process ended without notice, at most a minute after `seenAtMs`. */
export const HISTORY_OUTCOMES = ['running', 'ended', 'failed', 'interrupted'] as const;

export type HistoryOutcome = (typeof HISTORY_OUTCOMES)[number];

/** What is kept of one stream. No address of a viewer is kept. All times are milliseconds. */
export interface StoredStream {
  readonly id: string;
  readonly startedAtMs: number;
  /** When this was last known to be true; the end of a stream that is over. */
  readonly seenAtMs: number;
  /** Public id of the stream. */
  readonly streamId: string;
  readonly kind: 'live' | 'file';
  readonly infohash: string | null;
  readonly channelId: string | null;
  /** The name that the channel had. */
  readonly channelName: string | null;
  readonly outcome: HistoryOutcome;
  /** Why it has ended; the code of the error if it failed. */
  readonly reason: string | null;
  readonly viewers: number;
  readonly peakViewers: number;
  readonly viewerMs: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly firstByteMs: number | null;
  /** Time until viewers could join; null if they never could. */
  readonly startMs: number | null;
  readonly failovers: number;
  readonly moves: number;
  readonly stallMs: number;
  /** Ids, in the order of their use. */
  readonly engines: readonly string[];
}

/** The samples of one metric within one step. */
export interface StoredBucket {
  readonly stepS: number;
  /** Start of the step, in seconds since 1970; a multiple of the step. */
  readonly atS: number;
  readonly metric: number;
  readonly samples: number;
  readonly min: number;
  readonly mean: number;
  readonly max: number;
}

/** Changes that are written together, or not at all. */
export interface HistoryBatch {
  /** Different for every batch. A batch that is written a second time changes nothing. */
  readonly id: string;
  /** Replace what is stored about the same streams. */
  readonly streams: readonly StoredStream[];
  /** Streams that turned out not to be worth keeping. */
  readonly dropped: readonly Pick<StoredStream, 'id' | 'startedAtMs'>[];
  /** Are added to what is stored for the same step. */
  readonly buckets: readonly StoredBucket[];
}

/** Streams must match all given conditions. Times are milliseconds since 1970. */
export interface StreamFilter {
  /** Only streams that ran at this time or later. */
  readonly fromMs: number;
  /** Only streams that started before. */
  readonly toMs: number;
  readonly channel?: string;
  /** Public id or infohash. */
  readonly stream?: string;
  readonly outcome?: HistoryOutcome;
}

/** The place of a stream in the list: the next page begins after it. */
export type StreamCursor = Pick<StoredStream, 'startedAtMs' | 'id'>;

/** Everything in a period about one channel, or about one content that was requested without a channel. */
export interface SubjectTotals {
  readonly channelId: string | null;
  readonly channelName: string | null;
  /** Null for a channel. */
  readonly streamId: string | null;
  /** Streams that ran in the period. */
  readonly streams: number;
  readonly failed: number;
  readonly failures: Readonly<Record<string, number>>;
  readonly viewers: number;
  readonly viewerMs: number;
  readonly peakViewers: number;
  readonly meanStartMs: number | null;
  readonly failovers: number;
  readonly moves: number;
  readonly stallMs: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly lastStartedAtMs: number;
}

/** The columns by which subjects may be sorted, the largest first. */
const SUBJECT_ORDERS = {
  viewer_minutes: 'viewer_ms',
  streams: 'streams',
  failures: 'failed',
  peak_viewers: 'peak_viewers',
  failovers: 'failovers',
  last_started: 'last_started_at_ms',
} as const;

export type SubjectOrder = keyof typeof SUBJECT_ORDERS;

export const SUBJECT_ORDER_NAMES = Object.keys(SUBJECT_ORDERS) as readonly SubjectOrder[];

/** The starts in a period. */
export interface StartTotals {
  readonly started: number;
  readonly failed: number;
  readonly meanFirstByteMs: number | null;
  /** 95 % of the starts had their first byte within this time. */
  readonly p95FirstByteMs: number | null;
}

/** One metric in one step; steps without samples are left out. */
export interface SeriesPoint {
  readonly atS: number;
  readonly samples: number;
  readonly min: number;
  readonly mean: number;
  readonly max: number;
}

/** Name of the small value with the id of the last batch. */
const LAST_BATCH = 'history.last_batch';

/** Rows that one statement deletes, so that it does not keep other queries waiting. */
const DELETED_AT_ONCE = 500;

/** The same for steps, each of which has a row for every metric. */
const STEPS_DELETED_AT_ONCE = 50;

/** What streams and the whole installation did, in tables that are read in parts. */
export class HistoryStore {
  private hasClosedInterrupted = false;

  constructor(private readonly folder: DataFolder) {}

  /** Resolves when the batch is on the disk. @throws as `Database.append`, in which case nothing has changed */
  async write(batch: HistoryBatch): Promise<void> {
    await this.folder.database.append(async (transaction) => {
      if (!this.hasClosedInterrupted) await closeInterrupted(transaction);
      if (!(await begin(transaction, batch.id))) return;
      await putStreams(transaction, batch.streams);
      for (const { startedAtMs, id } of batch.dropped) {
        await transaction
          .deleteFrom('history_streams')
          .where('started_at_ms', '=', startedAtMs)
          .where('id', '=', id)
          .execute();
      }
      await addBuckets(transaction, batch.buckets);
    });
    this.hasClosedInterrupted = true;
  }

  /** The newest streams first. @throws AppError `storage_failed` */
  listStreams(
    filter: StreamFilter,
    after: StreamCursor | null,
    limit: number,
  ): Promise<StoredStream[]> {
    return this.read([], async (database) => {
      let query = database.selectFrom('history_streams').selectAll().where(matching(filter));
      if (after !== null) {
        query = query.where(
          sql<boolean>`(started_at_ms, id) < (${after.startedAtMs}, ${after.id})`,
        );
      }
      const rows = await query
        .orderBy('started_at_ms', 'desc')
        .orderBy('id', 'desc')
        .limit(limit)
        .execute();
      return rows.map((row): StoredStream => ({
        id: row.id,
        startedAtMs: row.started_at_ms,
        seenAtMs: row.seen_at_ms,
        streamId: row.stream_id,
        kind: row.kind === 'file' ? 'file' : 'live',
        infohash: row.infohash,
        channelId: row.channel_id,
        channelName: row.channel_name,
        outcome: row.outcome as HistoryOutcome,
        reason: row.reason,
        viewers: row.viewers,
        peakViewers: row.peak_viewers,
        viewerMs: row.viewer_ms,
        bytesIn: row.bytes_in,
        bytesOut: row.bytes_out,
        firstByteMs: row.first_byte_ms,
        startMs: row.start_ms,
        failovers: row.failovers,
        moves: row.moves,
        stallMs: row.stall_ms,
        engines: JSON.parse(row.engines) as string[],
      }));
    });
  }

  /**
   * The totals of each subject, the largest in `order` first. A stream that ran in the period counts as a whole.
   *
   * @throws AppError `storage_failed`
   */
  listSubjects(
    filter: StreamFilter,
    order: SubjectOrder,
    limit: number,
    offset: number,
  ): Promise<SubjectTotals[]> {
    return this.read([], async (database) => {
      const { rows } = await sql<SubjectRow>`
        SELECT channel_id, ${LAST_NAME} AS channel_name, ${OWN_STREAM} AS own_stream_id,
          count(*) AS streams, sum(outcome = 'failed') AS failed, sum(viewers) AS viewers,
          sum(viewer_ms) AS viewer_ms, max(peak_viewers) AS peak_viewers,
          avg(start_ms) AS mean_start_ms, sum(failovers) AS failovers, sum(moves) AS moves,
          sum(stall_ms) AS stall_ms, sum(bytes_in) AS bytes_in, sum(bytes_out) AS bytes_out,
          max(started_at_ms) AS last_started_at_ms
        FROM history_streams WHERE ${matching(filter)}
        GROUP BY channel_id, own_stream_id
        ORDER BY ${sql.ref(SUBJECT_ORDERS[order])} DESC, channel_id, own_stream_id
        LIMIT ${limit} OFFSET ${offset}`.execute(database);
      const subjects = rows.map(subjectOf);
      const failures = await sql<{ subject: string; reason: string; count: number }>`
        SELECT ${SUBJECT} AS subject, coalesce(reason, '') AS reason, count(*) AS count
        FROM history_streams WHERE ${matching(filter)} AND outcome = 'failed'
          AND ${SUBJECT} IN (SELECT each.value FROM ${jsonEach(subjects)})
        GROUP BY 1, 2 ORDER BY 3 DESC`.execute(database);
      return rows.map((row) => {
        const own = failures.rows.filter(({ subject }) => subject === subjectOf(row));
        return toTotals(row, Object.fromEntries(own.map((one) => [one.reason, one.count])));
      });
    });
  }

  /** The starts for viewers between two times. @throws AppError `storage_failed` */
  totalStarts(fromMs: number, toMs: number): Promise<StartTotals> {
    const none = { started: 0, failed: 0, meanFirstByteMs: null, p95FirstByteMs: null };
    return this.read(none, async (database) => {
      const started = sql<boolean>`started_at_ms >= ${fromMs} AND started_at_ms < ${toMs}`;
      const { rows } = await sql<{
        started: number;
        failed: number | null;
        answered: number;
        mean: number | null;
      }>`
        SELECT count(*) AS started, sum(outcome = 'failed' AND start_ms IS NULL) AS failed,
          count(first_byte_ms) AS answered, avg(first_byte_ms) AS mean
        FROM history_streams WHERE ${started}`.execute(database);
      const [totals] = rows;
      if (totals === undefined || totals.answered === 0) {
        return { ...none, started: totals?.started ?? 0, failed: totals?.failed ?? 0 };
      }
      const rank = Math.ceil(totals.answered * 0.95) - 1;
      const late = await database
        .selectFrom('history_streams')
        .select('first_byte_ms')
        .where(started)
        .where('first_byte_ms', 'is not', null)
        .orderBy('first_byte_ms')
        .limit(1)
        .offset(rank)
        .execute();
      return {
        started: totals.started,
        failed: totals.failed ?? 0,
        meanFirstByteMs: totals.mean,
        p95FirstByteMs: late[0]?.first_byte_ms ?? null,
      };
    });
  }

  /**
   * A metric between two times in steps of `stepS`, which is a multiple of the stored step `baseS`.
   *
   * @throws AppError `storage_failed`
   */
  listSeries(
    metric: number,
    baseS: number,
    stepS: number,
    fromS: number,
    toS: number,
  ): Promise<SeriesPoint[]> {
    // Numbers are bound as floating-point numbers.
    const step = sql`CAST(${stepS} AS INTEGER)`;
    return this.read([], async (database) => {
      const { rows } = await sql<SeriesPoint>`
        SELECT at_s / ${step} * ${step} AS "atS", sum(samples) AS samples, min(min) AS min,
          sum(mean * samples) / sum(samples) AS mean, max(max) AS max
        FROM history_series
        WHERE step_s = ${baseS} AND at_s >= ${fromS} AND at_s < ${toS} AND metric = ${metric}
        GROUP BY 1 ORDER BY 1`.execute(database);
      return rows;
    });
  }

  /**
   * Deletes the oldest streams: those that ended before `beforeMs`, and those beyond the newest `maxStreams`. Deletes
   * only some of them, and returns whether there may be more. @throws as `Database.append`
   */
  async pruneStreams(beforeMs: number, maxStreams: number): Promise<boolean> {
    const deleted = await this.folder.database.append(async (transaction) => {
      const deleteOldest = async (where: RawBuilder<boolean>, limit: number): Promise<number> => {
        const { numAffectedRows = 0 } = await sql`
          DELETE FROM history_streams WHERE (started_at_ms, id) IN (
            SELECT started_at_ms, id FROM history_streams WHERE ${where}
            ORDER BY started_at_ms, id LIMIT ${limit})`.execute(transaction);
        return Number(numAffectedRows);
      };
      const old = await deleteOldest(sql`seen_at_ms < ${beforeMs}`, DELETED_AT_ONCE);
      const total = await transaction
        .selectFrom('history_streams')
        .select((is) => is.fn.countAll<number>().as('count'))
        .execute();
      const beyond = Math.max(0, (total[0]?.count ?? 0) - maxStreams);
      const more = await deleteOldest(
        sql`outcome <> 'running'`,
        Math.min(beyond, DELETED_AT_ONCE - old),
      );
      return old + more;
    });
    return deleted === DELETED_AT_ONCE;
  }

  /** Deletes the oldest steps of this length that began before `beforeS`. As `pruneStreams`. */
  async pruneSeries(stepS: number, beforeS: number): Promise<boolean> {
    return this.folder.database.append(async (transaction) => {
      const [found] = await transaction
        .selectFrom('history_series')
        .select((is) => is.fn.min('at_s').as('oldest'))
        .where('step_s', '=', stepS)
        .execute();
      const oldest = found?.oldest ?? null;
      if (oldest === null || oldest >= beforeS) return false;
      const untilS = Math.min(beforeS, oldest + STEPS_DELETED_AT_ONCE * stepS);
      await transaction
        .deleteFrom('history_series')
        .where('step_s', '=', stepS)
        .where('at_s', '<', untilS)
        .execute();
      return untilS < beforeS;
    });
  }

  /** Deletes everything, and overwrites it in the file. @throws as `Database.append` */
  async clear(): Promise<void> {
    await this.folder.database.append(async (transaction) => {
      await sql`PRAGMA secure_delete = ON`.execute(transaction);
      try {
        await transaction.deleteFrom('history_streams').execute();
        await transaction.deleteFrom('history_series').execute();
      } finally {
        await sql`PRAGMA secure_delete = OFF`.execute(transaction);
      }
    });
  }

  private async read<T>(instead: T, query: (database: Kysely<Schema>) => Promise<T>): Promise<T> {
    try {
      return await this.folder.database.readOr(instead, query);
    } catch (error) {
      if (!(error instanceof DatabaseError)) throw error;
      throw new AppError('storage_failed', 'The history cannot be read.', { cause: error });
    }
  }
}

interface SubjectRow {
  readonly channel_id: string | null;
  readonly channel_name: string;
  /** Null for a channel. */
  readonly own_stream_id: string | null;
  readonly streams: number;
  readonly failed: number;
  readonly viewers: number;
  readonly viewer_ms: number;
  readonly peak_viewers: number;
  readonly mean_start_ms: number | null;
  readonly failovers: number;
  readonly moves: number;
  readonly stall_ms: number;
  readonly bytes_in: number;
  readonly bytes_out: number;
  readonly last_started_at_ms: number;
}

/** Streams of a channel belong together, whatever their ids are. */
const OWN_STREAM = sql<string | null>`iif(channel_id IS NULL, stream_id, NULL)`;

/** The subject as one text. */
const SUBJECT = sql<string>`iif(channel_id IS NULL, 's' || stream_id, 'c' || channel_id)`;

/** The name in the row that started last: all times have 13 digits. */
const LAST_NAME = sql<string>`substr(max(started_at_ms || coalesce(channel_name, '')), 14)`;

function subjectOf({ channel_id, own_stream_id }: SubjectRow): string {
  return channel_id === null ? `s${own_stream_id}` : `c${channel_id}`;
}

function toTotals(row: SubjectRow, failures: Readonly<Record<string, number>>): SubjectTotals {
  return {
    channelId: row.channel_id,
    channelName: row.channel_name === '' ? null : row.channel_name,
    streamId: row.own_stream_id,
    streams: row.streams,
    failed: row.failed,
    failures,
    viewers: row.viewers,
    viewerMs: row.viewer_ms,
    peakViewers: row.peak_viewers,
    meanStartMs: row.mean_start_ms,
    failovers: row.failovers,
    moves: row.moves,
    stallMs: row.stall_ms,
    bytesIn: row.bytes_in,
    bytesOut: row.bytes_out,
    lastStartedAtMs: row.last_started_at_ms,
  };
}

function matching({ fromMs, toMs, channel, stream, outcome }: StreamFilter): RawBuilder<boolean> {
  const conditions = [sql`started_at_ms < ${toMs} AND seen_at_ms >= ${fromMs}`];
  if (channel !== undefined) conditions.push(sql`channel_id = ${channel}`);
  if (stream !== undefined) conditions.push(sql`(stream_id = ${stream} OR infohash = ${stream})`);
  if (outcome !== undefined) conditions.push(sql`outcome = ${outcome}`);
  return sql.join<boolean>(conditions, sql` AND `);
}

/** Streams of a process that ended without notice are still marked as running. */
async function closeInterrupted(transaction: Transaction<Schema>): Promise<void> {
  await transaction
    .updateTable('history_streams')
    .set({ outcome: 'interrupted' })
    .where('outcome', '=', 'running')
    .execute();
}

/** Returns false if this batch was written before, but its answer was lost. */
async function begin(transaction: Transaction<Schema>, batch: string): Promise<boolean> {
  const last = await transaction
    .selectFrom('small_values')
    .select('value')
    .where('name', '=', LAST_BATCH)
    .execute();
  if (last[0]?.value === batch) return false;
  await transaction
    .insertInto('small_values')
    .values({ name: LAST_BATCH, value: batch })
    .onConflict((conflict) => conflict.column('name').doUpdateSet({ value: batch }))
    .execute();
  return true;
}

async function putStreams(
  transaction: Transaction<Schema>,
  streams: readonly StoredStream[],
): Promise<void> {
  const columns = [
    'started_at_ms',
    'id',
    'seen_at_ms',
    'stream_id',
    'kind',
    'infohash',
    'channel_id',
    'channel_name',
    'outcome',
    'reason',
    'viewers',
    'peak_viewers',
    'viewer_ms',
    'bytes_in',
    'bytes_out',
    'first_byte_ms',
    'start_ms',
    'failovers',
    'moves',
    'stall_ms',
    'engines',
  ];
  const texts = streams.map((one) =>
    toJson([
      one.startedAtMs,
      one.id,
      one.seenAtMs,
      one.streamId,
      one.kind,
      one.infohash,
      one.channelId,
      one.channelName,
      one.outcome,
      one.reason,
      one.viewers,
      one.peakViewers,
      one.viewerMs,
      one.bytesIn,
      one.bytesOut,
      one.firstByteMs,
      one.startMs,
      one.failovers,
      one.moves,
      one.stallMs,
      toJson(one.engines),
    ]),
  );
  await sql`
    INSERT OR REPLACE INTO history_streams (${sql.raw(columns.join(', '))})
    SELECT ${sql.raw(columns.map((_, i) => `each.value ->> ${i}`).join(', '))}
    FROM ${jsonEach(texts)}`.execute(transaction);
}

/** Each bucket adds to the one that is stored for the same step, as if its samples had been there from the beginning. */
async function addBuckets(
  transaction: Transaction<Schema>,
  buckets: readonly StoredBucket[],
): Promise<void> {
  const texts = buckets.map(({ stepS, atS, metric, samples, min, mean, max }) =>
    toJson([stepS, atS, metric, samples, min, mean, max]),
  );
  await sql`
    INSERT INTO history_series (step_s, at_s, metric, samples, min, mean, max)
    SELECT each.value ->> 0, each.value ->> 1, each.value ->> 2, each.value ->> 3,
      each.value ->> 4, each.value ->> 5, each.value ->> 6
    FROM ${jsonEach(texts)} WHERE true
    ON CONFLICT DO UPDATE SET
      mean = (mean * samples + excluded.mean * excluded.samples) / (samples + excluded.samples),
      samples = samples + excluded.samples,
      min = min(min, excluded.min),
      max = max(max, excluded.max)`.execute(transaction);
}
