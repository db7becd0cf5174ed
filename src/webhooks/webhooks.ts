import { randomBytes } from 'node:crypto';
import { Injectable, Logger, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { EventBus, type EventLevel } from '../events';
import { AppError } from '../kernel/errors';
import { SerialQueue } from '../kernel/serial-queue';
import { DataFolder, type SecretSeal, type StoredWebhook, WebhookStore } from '../storage';
import { checkPreset } from './presets';
import { newWebhookSecret } from './signature';
import {
  type DeliveryFault,
  type DisabledReason,
  MAX_WEBHOOKS,
  NEW_HEALTH,
  type Preset,
  stateOf,
  type Webhook,
  type WebhookHealth,
  type WebhookSecrets,
  type WebhookState,
  type WebhookTerms,
} from './webhook';

const ID_BYTES = 8;
/** How long the old secret still signs after a rotation. */
const OLD_SECRET_MS = 24 * 60 * 60_000;

interface Entry {
  readonly webhook: Webhook;
  readonly health: WebhookHealth;
}

/** The webhooks, with how their deliveries go. They are in memory; a change takes effect when it is on the disk. */
@Injectable()
export class Webhooks implements OnModuleInit, OnModuleDestroy {
  private readonly logger = new Logger('Webhooks');
  private readonly store: WebhookStore;
  private readonly secrets: SecretSeal;
  private readonly entries = new Map<string, Entry>();
  private readonly changes = new SerialQueue();
  private readonly listeners: ((id: string) => void)[] = [];

  constructor(
    folder: DataFolder,
    private readonly events: EventBus,
  ) {
    this.secrets = folder.secrets;
    this.store = new WebhookStore(folder);
  }

  async onModuleInit(): Promise<void> {
    for (const { health, ...stored } of await this.store.list()) {
      this.entries.set(stored.id, {
        webhook: await this.opened(stored),
        health: { ...NEW_HEALTH, ...(health as WebhookHealth | null) },
      });
    }
  }

  onModuleDestroy(): Promise<void> {
    return this.store.close();
  }

  /** In the order in which they were created. */
  list(): Webhook[] {
    return Array.from(this.entries.values(), ({ webhook }) => webhook);
  }

  /** @throws AppError `not_found` */
  get(id: string): Webhook {
    return this.entryOf(id).webhook;
  }

  /** Null if it was removed. */
  find(id: string): Webhook | null {
    return this.entries.get(id)?.webhook ?? null;
  }

  /** @throws AppError `not_found` */
  healthOf(id: string): WebhookHealth {
    return this.entryOf(id).health;
  }

  /** Calls `listener` with the id of each webhook that was created, changed or removed. */
  onChange(listener: (id: string) => void): void {
    this.listeners.push(listener);
  }

  /**
   * Resolves when the webhook is on the disk.
   *
   * @throws AppError `conflict` if there are too many; `invalid_request` if the preset does not allow the terms;
   *   `storage_full` or `storage_failed`
   */
  create(terms: WebhookTerms): Promise<Webhook> {
    return this.changes.run(async () => {
      if (this.entries.size >= MAX_WEBHOOKS) {
        const detail = `There are already ${MAX_WEBHOOKS} webhooks, which is the limit.`;
        throw new AppError('conflict', detail);
      }
      checkPreset(terms);
      const webhook: Webhook = {
        ...terms,
        id: randomBytes(ID_BYTES).toString('hex'),
        secret: newWebhookSecret(),
        oldSecret: null,
        disabledReason: null,
        createdAtMs: Date.now(),
      };
      await this.write(webhook, NEW_HEALTH);
      return webhook;
    });
  }

  /**
   * Changes the terms that `change` returns. Enabling a webhook forgets why it was disabled.
   *
   * @throws AppError `not_found`; as `create`
   */
  update(id: string, change: (before: Webhook) => Partial<WebhookTerms>): Promise<Webhook> {
    return this.changes.run(async () => {
      const { webhook: before, health } = this.entryOf(id);
      const changed = { ...before, ...change(before) };
      if (changed.isEnabled && changed.url === '') {
        throw new AppError('conflict', 'The address of the webhook is lost; set url again.');
      }
      if (changed.url !== '') checkPreset(changed);
      const webhook = {
        ...changed,
        disabledReason: changed.isEnabled ? null : before.disabledReason,
      };
      const isOther = webhook.url !== before.url || (webhook.isEnabled && !before.isEnabled);
      await this.write(
        webhook,
        isOther ? { ...health, failures: 0, failingSinceMs: null } : health,
      );
      // What was told of its failures is over. Nobody needs to hear that an administrator has disabled it.
      if (webhook.isEnabled) this.publish(webhook, stateOf(before, health), 'it was changed');
      return webhook;
    });
  }

  /** Gives the webhook a new secret; the old one signs too for a day. @throws AppError `not_found`; as `create` */
  rotateSecret(id: string): Promise<Webhook> {
    return this.changes.run(async () => {
      const { webhook: before, health } = this.entryOf(id);
      const oldSecret = { secret: before.secret, untilMs: Date.now() + OLD_SECRET_MS };
      const webhook = { ...before, secret: newWebhookSecret(), oldSecret };
      await this.write(webhook, health);
      return webhook;
    });
  }

  /** Removes the webhook with its deliveries. @throws AppError `not_found`, `storage_full`, `storage_failed` */
  remove(id: string): Promise<void> {
    return this.changes.run(async () => {
      this.entryOf(id);
      await this.store.remove(id);
      this.entries.delete(id);
      this.changed(id);
    });
  }

  /** Disables a webhook whose receiver does not want it any more, also if the disk refuses the change. */
  disable(id: string, disabledReason: DisabledReason): Promise<void> {
    return this.changes.run(async () => {
      const entry = this.entries.get(id);
      if (entry === undefined) return;
      const { webhook: before, health } = entry;
      const webhook = { ...before, isEnabled: false, disabledReason };
      try {
        await this.write(webhook, health);
      } catch (error) {
        this.logger.warn(
          { err: error },
          `webhook "${webhook.name}" is disabled, but this cannot be saved: a restart enables it again`,
        );
        this.entries.set(id, { webhook, health });
        this.changed(id);
      }
      this.publish(webhook, stateOf(before, health), disabledReason);
    });
  }

  /** Notes how an attempt went; null: the notice was delivered. */
  noteAttempt(id: string, fault: DeliveryFault | null): void {
    const entry = this.entries.get(id);
    if (entry === undefined) return;
    const { webhook, health } = entry;
    const nowMs = Date.now();
    const next: WebhookHealth =
      fault === null
        ? { ...health, failures: 0, failingSinceMs: null, deliveredAtMs: nowMs, lastError: null }
        : {
            ...health,
            failures: health.failures + 1,
            failingSinceMs: health.failingSinceMs ?? nowMs,
            lastError: fault,
          };
    this.setHealth(id, next);
    this.publish(webhook, stateOf(webhook, health), fault?.detail ?? 'a notice was delivered');
  }

  /** Counts a notice that was not queued. */
  noteDropped(id: string): void {
    const health = this.entries.get(id)?.health;
    if (health !== undefined) this.setHealth(id, { ...health, dropped: health.dropped + 1 });
  }

  private publish({ id, name }: Webhook, from: WebhookState, reason: string): void {
    const entry = this.entries.get(id);
    if (entry === undefined) return;
    const to = stateOf(entry.webhook, entry.health);
    if (from === to) return;
    const line = `webhook "${name}": ${from} -> ${to} (${reason})`;
    if (to === 'ok') this.logger.log(line);
    else this.logger.warn(line);
    this.events.publish('webhook_state_changed', { webhook_id: id, name, from, to, reason });
  }

  private setHealth(id: string, health: WebhookHealth): void {
    this.entries.set(id, { webhook: this.entryOf(id).webhook, health });
    this.store.setHealth(id, health);
  }

  private async write(webhook: Webhook, health: WebhookHealth): Promise<void> {
    const { id, url, headers, secret, oldSecret, ...rest } = webhook;
    const secrets: WebhookSecrets = { url, headers, secret, oldSecret };
    const sealed = await this.secrets.seal(JSON.stringify(secrets), id);
    await this.store.put({ ...rest, id, sealed, health: null });
    this.entries.set(id, { webhook, health });
    if (health !== NEW_HEALTH) this.store.setHealth(id, health);
    this.changed(id);
  }

  /** A webhook whose secrets cannot be read is disabled, until its address is set again. */
  private async opened({ sealed, ...stored }: Omit<StoredWebhook, 'health'>): Promise<Webhook> {
    const terms = {
      ...stored,
      minLevel: stored.minLevel as EventLevel,
      preset: stored.preset as Preset,
      disabledReason: stored.disabledReason as DisabledReason | null,
    };
    const text = await this.secrets.open(sealed, stored.id).catch(() => null);
    if (text !== null) return { ...terms, ...(JSON.parse(text) as WebhookSecrets) };
    this.logger.error(
      { webhook_id: stored.id },
      `the address of webhook "${stored.name}" was encrypted with another user-key in DATA_DIR; set url and headers again`,
    );
    const lost = { url: '', headers: {}, secret: newWebhookSecret(), oldSecret: null };
    return { ...terms, ...lost, isEnabled: false, disabledReason: 'secrets_lost' };
  }

  /** @throws AppError `not_found` */
  private entryOf(id: string): Entry {
    const entry = this.entries.get(id);
    if (entry === undefined) throw new AppError('not_found', 'There is no such webhook.');
    return entry;
  }

  private changed(id: string): void {
    for (const listener of this.listeners) listener(id);
  }
}
