import { sql } from 'kysely';
import type { DataFolder } from './data-folder';
import { toJson } from './database/json-each';
import type { WebhookDeliveryRow } from './database/schema';
import { WriteBehind } from './write-behind';

export type DeliveryState = 'pending' | 'delivered' | 'dead';

/** A notice for one webhook. Times are milliseconds since 1970. */
export interface StoredDelivery {
  readonly id: string;
  readonly webhookId: string;
  readonly state: DeliveryState;
  /** As values that JSON can represent. */
  readonly notice: unknown;
  readonly createdAtMs: number;
  readonly attempts: number;
  /** Null unless it is pending. */
  readonly nextAttemptAtMs: number | null;
  readonly finishedAtMs: number | null;
  /** HTTP status of the last attempt; null if there was no answer. */
  readonly status: number | null;
  /** Why the last attempt failed: a code and a text; null if it did not. */
  readonly fault: { readonly code: string; readonly detail: string } | null;
  /** Of the last attempt. */
  readonly durationMs: number | null;
}

export interface DeliveryQuery {
  readonly webhookId: string;
  readonly state: DeliveryState | null;
  /** Only older deliveries than the one with this position. */
  readonly before: number | null;
  readonly limit: number;
}

export interface DeliveryLimits {
  /** Finished deliveries that are kept for each webhook. */
  readonly count: number;
  /** Older ones are removed. */
  readonly deliveredSinceMs: number;
  readonly deadSinceMs: number;
}

/** Changes that may wait for a disk that refuses them. Beyond that, deliveries that are finished are not recorded. */
const MAX_UNWRITTEN = 10_000;

/** The deliveries of all webhooks: those that wait, and the log of those that are finished. */
export class WebhookDeliveryStore {
  private readonly writes: WriteBehind;

  constructor(
    private readonly folder: DataFolder,
    private readonly maxUnwritten = MAX_UNWRITTEN,
  ) {
    this.writes = new WriteBehind(folder.database, undefined, 'append');
  }

  /** The deliveries that wait, oldest first. @throws DatabaseError */
  async listPending(): Promise<StoredDelivery[]> {
    const rows = await this.folder.database.readOr([], (database) =>
      database
        .selectFrom('webhook_deliveries')
        .selectAll()
        .where('state', '=', 'pending')
        .orderBy('position')
        .execute(),
    );
    return rows.map(toDelivery);
  }

  /** Writes a delivery soon. */
  put({ id, ...delivery }: StoredDelivery): void {
    if (delivery.state !== 'pending' && this.writes.size >= this.maxUnwritten) {
      // If the disk has it as pending, it is sent again after a restart; the receiver knows its id.
      this.writes.forget(id);
      return;
    }
    const row = {
      webhook_id: delivery.webhookId,
      state: delivery.state,
      notice: toJson(delivery.notice),
      created_at_ms: delivery.createdAtMs,
      attempts: delivery.attempts,
      next_attempt_at_ms: delivery.nextAttemptAtMs,
      finished_at_ms: delivery.finishedAtMs,
      status: delivery.status,
      fault: delivery.fault === null ? null : toJson(delivery.fault),
      duration_ms: delivery.durationMs,
    };
    this.writes.put(id, (transaction) =>
      transaction
        .insertInto('webhook_deliveries')
        .values({ id, ...row })
        .onConflict((conflict) => conflict.column('id').doUpdateSet(row))
        .execute(),
    );
  }

  /** Null if there is none. @throws DatabaseError */
  async get(webhookId: string, id: string): Promise<StoredDelivery | null> {
    await this.writes.settled();
    const row = await this.folder.database.readOr(undefined, (database) =>
      database
        .selectFrom('webhook_deliveries')
        .selectAll()
        .where('id', '=', id)
        .where('webhook_id', '=', webhookId)
        .executeTakeFirst(),
    );
    return row === undefined ? null : toDelivery(row);
  }

  /**
   * The newest deliveries first, with the position of each for `before`.
   *
   * @throws DatabaseError
   */
  async list({
    webhookId,
    state,
    before,
    limit,
  }: DeliveryQuery): Promise<{ readonly position: number; readonly delivery: StoredDelivery }[]> {
    await this.writes.settled();
    const rows = await this.folder.database.readOr([], (database) => {
      let query = database
        .selectFrom('webhook_deliveries')
        .selectAll()
        .where('webhook_id', '=', webhookId);
      if (state !== null) query = query.where('state', '=', state);
      if (before !== null) query = query.where('position', '<', before);
      return query.orderBy('position', 'desc').limit(limit).execute();
    });
    return rows.map((row) => ({ position: row.position, delivery: toDelivery(row) }));
  }

  /** The number of dead letters of each webhook that has some. @throws DatabaseError */
  async countDead(): Promise<ReadonlyMap<string, number>> {
    await this.writes.settled();
    const rows = await this.folder.database.readOr([], (database) =>
      database
        .selectFrom('webhook_deliveries')
        .select(['webhook_id', sql<number>`count(*)`.as('count')])
        .where('state', '=', 'dead')
        .groupBy('webhook_id')
        .execute(),
    );
    return new Map(rows.map(({ webhook_id, count }) => [webhook_id, count]));
  }

  /** Removes finished deliveries beyond the limits soon, and those of webhooks that no longer exist. */
  prune({ count, deliveredSinceMs, deadSinceMs }: DeliveryLimits): void {
    this.writes.put('prune', async (transaction) => {
      await sql`DELETE FROM webhook_deliveries
        WHERE webhook_id NOT IN (SELECT id FROM webhooks)
          OR (state = 'delivered' AND finished_at_ms < ${deliveredSinceMs})
          OR (state = 'dead' AND finished_at_ms < ${deadSinceMs})`.execute(transaction);
      await sql`DELETE FROM webhook_deliveries WHERE position IN (
        SELECT position FROM (
          SELECT position,
            row_number() OVER (PARTITION BY webhook_id, state ORDER BY position DESC) AS rank
          FROM webhook_deliveries WHERE state <> 'pending')
        WHERE rank > ${count})`.execute(transaction);
    });
  }

  /** Resolves when everything is written, or was refused. */
  close(): Promise<void> {
    return this.writes.close();
  }
}

function toDelivery(row: Omit<WebhookDeliveryRow, 'position'>): StoredDelivery {
  return {
    id: row.id,
    webhookId: row.webhook_id,
    state: row.state,
    notice: JSON.parse(row.notice) as unknown,
    createdAtMs: row.created_at_ms,
    attempts: row.attempts,
    nextAttemptAtMs: row.next_attempt_at_ms,
    finishedAtMs: row.finished_at_ms,
    status: row.status,
    fault: row.fault === null ? null : (JSON.parse(row.fault) as StoredDelivery['fault']),
    durationMs: row.duration_ms,
  };
}
