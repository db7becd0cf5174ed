import type { DataFolder } from './data-folder';
import { toJson } from './database/json-each';
import type { WebhookRow } from './database/schema';
import { WriteBehind } from './write-behind';

export interface StoredWebhook {
  readonly id: string;
  readonly name: string;
  readonly isEnabled: boolean;
  readonly disabledReason: string | null;
  readonly events: readonly string[];
  readonly minLevel: string;
  readonly preset: string;
  readonly template: string | null;
  readonly maxAttempts: number;
  /** Encrypted. */
  readonly sealed: string;
  readonly createdAtMs: number;
  /** How the last deliveries went, as values that JSON can represent; null before the first one. */
  readonly health: unknown;
}

/** The webhooks. */
export class WebhookStore {
  private readonly writes: WriteBehind;

  constructor(private readonly folder: DataFolder) {
    this.writes = new WriteBehind(folder.database, undefined, 'append');
  }

  /** In the order in which they were created. @throws DatabaseError */
  async list(): Promise<StoredWebhook[]> {
    const rows = await this.folder.database.readOr([], (database) =>
      database.selectFrom('webhooks').selectAll().orderBy('created_at_ms').orderBy('id').execute(),
    );
    return rows.map((row) => ({
      id: row.id,
      name: row.name,
      isEnabled: row.is_enabled !== 0,
      disabledReason: row.disabled_reason,
      events: JSON.parse(row.events) as string[],
      minLevel: row.min_level,
      preset: row.preset,
      template: row.template,
      maxAttempts: row.max_attempts,
      sealed: row.sealed,
      createdAtMs: row.created_at_ms,
      health: row.health === null ? null : (JSON.parse(row.health) as unknown),
    }));
  }

  /** Creates a webhook, or replaces the one with this id except for its health. @throws as `Database.change` */
  async put({ id, health, ...webhook }: StoredWebhook): Promise<void> {
    const row: Omit<WebhookRow, 'id' | 'health'> = {
      name: webhook.name,
      is_enabled: Number(webhook.isEnabled),
      disabled_reason: webhook.disabledReason,
      events: JSON.stringify(webhook.events),
      min_level: webhook.minLevel,
      preset: webhook.preset,
      template: webhook.template,
      max_attempts: webhook.maxAttempts,
      sealed: webhook.sealed,
      created_at_ms: webhook.createdAtMs,
    };
    await this.folder.database.change((transaction) =>
      transaction
        .insertInto('webhooks')
        .values({ id, ...row, health: health === null ? null : toJson(health) })
        .onConflict((conflict) => conflict.column('id').doUpdateSet(row))
        .execute(),
    );
  }

  /** Removes a webhook with its deliveries. @throws as `Database.change` */
  async remove(id: string): Promise<void> {
    await this.folder.database.change(async (transaction) => {
      await transaction.deleteFrom('webhook_deliveries').where('webhook_id', '=', id).execute();
      await transaction.deleteFrom('webhooks').where('id', '=', id).execute();
    });
  }

  /** Writes the health soon. */
  setHealth(id: string, health: unknown): void {
    const text = toJson(health);
    this.writes.put(id, (transaction) =>
      transaction.updateTable('webhooks').set({ health: text }).where('id', '=', id).execute(),
    );
  }

  /** Resolves when everything is written, or was refused. */
  close(): Promise<void> {
    return this.writes.close();
  }
}
